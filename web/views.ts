/** Saved views: a page with its filters under a name, for oneself or shared with the project. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, count, desc, eq, lt, or, type SQL, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Access } from '../sql/permission.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  pageQuery,
  projectParams,
  takes,
} from '../sql/route.ts';
import { savedViews } from '../sql/schema/index.ts';
import { textSchema } from './names.ts';
import { cursorId, pageOf } from './page.ts';
import type { WebDeps } from './routes.ts';
import { by, only, taken } from './rows.ts';

/** Views that one person keeps in one project. */
const VIEWS_MAX = 100;
const NAME_MAX = 80;
const PATH_MAX = 2000;

/** Pages of the app below a project that a view may lead to; what is not named here is no page. */
const PAGES = [
  'meters(/\\d{1,19})?',
  'gateways',
  'alarms',
  'exceptions',
  'accounts(/\\d{1,19})?',
  'explain/\\d{1,19}',
  'credit',
  'sales',
  'recharges',
  'notices',
  'notice-templates',
  'shifts',
  'bank',
  'residuals',
  'energy',
  'reports',
  'records',
  'bills',
  'finance',
  'integrated',
  'losses',
  'quality',
  'load',
  'demand',
  'power-quality',
  'ranking',
  'buildings/\\d{1,19}',
  'exports',
  'tariffs(/published)?',
  'corrections',
  'months',
  'ledger',
  'reconciliation',
  'configuration',
  'control',
  'people',
  'system-log',
];
/** One slash, a page, and a search of printable ASCII: no scheme, no host, no way up or out. */
const PAGE_PATH = new RegExp(`^/(${PAGES.join('|')})?(\\?[!"$-\\[\\]-~]*)?$`);

const pathSchema = z
  .string()
  .max(PATH_MAX)
  .regex(PAGE_PATH, 'not a page of the app')
  .openapi({ example: '/energy?by=floor' });
const nameSchema = textSchema.max(NAME_MAX);

const viewSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    path: z.string(),
    isShared: z.boolean(),
    isMine: z.boolean(),
    createdAt: z.string(),
  })
  .openapi('SavedView');
const body = z.object({
  name: nameSchema,
  path: pathSchema,
  isShared: z.boolean().default(false),
});
const change = z
  .object({ name: nameSchema, path: pathSchema, isShared: z.boolean() })
  .partial()
  .refine((fields) => Object.keys(fields).length > 0, 'nothing to change');
const viewParams = projectParams.extend({ viewId: idSchema });

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/views',
  summary: 'Saved views: one’s own and those shared in the project, newest first',
  ...needs('project.read'),
  request: { params: projectParams, query: pageQuery },
  responses: answers(listOf(viewSchema)),
});
const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/views',
  summary: 'Save a page with its filters under a name; sharing it needs report.read',
  ...needs('project.read'),
  request: { params: projectParams, body: takes(body) },
  responses: makes(viewSchema),
});
const alter = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/views/{viewId}',
  summary: 'Rename a view of one’s own, save it anew, share it or take it back',
  ...needs('project.read'),
  request: { params: viewParams, body: takes(change) },
  responses: answers(viewSchema),
});
const remove = createRoute({
  method: 'delete',
  path: '/projects/{projectId}/views/{viewId}',
  summary: 'Remove a view of one’s own',
  ...needs('project.read'),
  request: { params: viewParams },
  responses: { 204: { description: 'Removed' } },
});

export function viewRoutes({ db, clock }: WebDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const access = c.get('access');
      const before = cursorId(cursor);
      const rows = await db
        .select(shown)
        .from(savedViews)
        .where(
          and(
            visible(access, projectId),
            before === undefined ? undefined : lt(savedViews.id, before),
          ),
        )
        .orderBy(desc(savedViews.id))
        .limit(limit + 1);
      const data = rows.map((row) => render(row, access));
      return c.json({ ...pageOf(data, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const wanted = c.req.valid('json');
      const access = c.get('access');
      const userId = personOf(access);
      if (wanted.isShared) allowSharing(access, projectId);
      const made = await db.transaction(async (tx) => {
        await boundedBy(tx, projectId, userId);
        const row = only(
          await tx
            .insert(savedViews)
            .values({ projectId, userId, ...wanted, createdAt: clock() })
            .returning(shown)
            .catch(taken('You have a view of this name.')),
        );
        if (row.isShared) await record(tx, line(c, projectId, 'view.shared', row));
        return row;
      });
      return c.json(render(made, access), 201);
    })
    .openapi(alter, async (c) => {
      const { projectId, viewId } = c.req.valid('param');
      const wanted = c.req.valid('json');
      const access = c.get('access');
      if (wanted.isShared) allowSharing(access, projectId);
      const changed = await db.transaction(async (tx) => {
        const old = await ownView(tx, access, projectId, viewId);
        const row = only(
          await tx
            .update(savedViews)
            .set(wanted)
            .where(and(eq(savedViews.projectId, projectId), eq(savedViews.id, viewId)))
            .returning(shown)
            .catch(taken('You have a view of this name.')),
        );
        // What others saw or see now is an act in the project; one's own drawer is not.
        if (row.isShared) {
          const action = old.isShared ? 'view.changed' : 'view.shared';
          await record(tx, line(c, projectId, action, row));
        } else if (old.isShared) await record(tx, line(c, projectId, 'view.unshared', row));
        return row;
      });
      return c.json(render(changed, access), 200);
    })
    .openapi(remove, async (c) => {
      const { projectId, viewId } = c.req.valid('param');
      const access = c.get('access');
      await db.transaction(async (tx) => {
        const old = await ownView(tx, access, projectId, viewId);
        await tx
          .delete(savedViews)
          .where(and(eq(savedViews.projectId, projectId), eq(savedViews.id, viewId)));
        if (old.isShared) await record(tx, line(c, projectId, 'view.removed', old));
      });
      return c.body(null, 204);
    });
}

const shown = {
  id: savedViews.id,
  userId: savedViews.userId,
  name: savedViews.name,
  path: savedViews.path,
  isShared: savedViews.isShared,
  createdAt: savedViews.createdAt,
};
type Row = typeof savedViews.$inferSelect;

const render = (
  { id, name, path, isShared, createdAt, userId }: Omit<Row, 'projectId'>,
  { actor }: Access,
) => ({
  id,
  name,
  path,
  isShared,
  isMine: actor.kind === 'user' && userId === actor.id,
  createdAt: createdAt.toISOString(),
});

/** One's own views and the shared ones; a key has none of its own. */
const visible = ({ actor }: Access, projectId: string): SQL | undefined =>
  and(
    eq(savedViews.projectId, projectId),
    or(
      eq(savedViews.isShared, true),
      actor.kind === 'user' ? eq(savedViews.userId, actor.id) : undefined,
    ),
  );

function personOf({ actor }: Access): string {
  if (actor.kind !== 'user') throw new Problem('forbidden', 'Views are kept by people.');
  return actor.id;
}

function allowSharing(access: Access, projectId: string): void {
  if (access.may(projectId, 'report.read') !== 'allowed')
    throw new Problem('forbidden', 'Sharing a view needs the permission report.read.');
}

/** The view, locked. A private one of somebody else is as if it did not exist. */
async function ownView(tx: Queryable, access: Access, projectId: string, viewId: string) {
  const [row] = await tx
    .select(shown)
    .from(savedViews)
    .where(and(visible(access, projectId), eq(savedViews.id, viewId)))
    .for('update');
  if (!row) throw notFound('view');
  if (row.userId !== personOf(access))
    throw new Problem('forbidden', 'Only whoever saved a view changes it.');
  return row;
}

/** Two saves at once are counted one after the other. */
async function boundedBy(tx: Queryable, projectId: string, userId: string): Promise<void> {
  const name = `wattledger.views/${projectId}/${userId}`;
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
  const kept = only(
    await tx
      .select({ views: count() })
      .from(savedViews)
      .where(and(eq(savedViews.projectId, projectId), eq(savedViews.userId, userId))),
  );
  if (kept.views >= VIEWS_MAX) {
    throw new Problem('conflict', `You keep ${VIEWS_MAX} views here already; remove one first.`);
  }
}

const line = (
  c: Parameters<typeof by>[0],
  projectId: string,
  action: string,
  { id, name, path }: Pick<Row, 'id' | 'name' | 'path'>,
) => ({
  projectId,
  ...by(c),
  action,
  subjectKind: 'view',
  subjectId: id,
  detail: { name, path },
});

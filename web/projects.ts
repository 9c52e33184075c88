/** Projects: a zone, a currency, a language, a legal entity; everything else lies under one. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, asc, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { isZone } from '../sql/local-day.ts';
import { money, parseMinor } from '../sql/money.ts';
import type { Actor, Permission } from '../sql/permission.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  qualityChangesSchema,
  qualitySettingsOf,
  qualitySettingsSchema,
} from '../sql/quality-settings.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  projectParams,
  signedIn,
  takes,
} from '../sql/route.ts';
import { groups, legalEntities, projects } from '../sql/schema/index.ts';
import {
  NEW_PROJECT,
  vendingChangesSchema,
  vendingSettingsOf,
  vendingSettingsSchema,
} from '../sql/vending-settings.ts';
import { actorAccess } from './access.ts';
import { nameFields, textSchema } from './names.ts';
import type { WebDeps } from './routes.ts';
import { by, only } from './rows.ts';

export const projectSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    nameZh: z.string().nullable(),
    zone: z.string().openapi({ example: 'Asia/Shanghai' }),
    currency: z.string().openapi({ example: 'CNY' }),
    language: z.enum(['en', 'zh']),
    groupId: idSchema,
    groupName: z.string(),
    groupNameZh: z.string().nullable(),
    permissions: z.array(z.string()),
  })
  .openapi('Project');

const settingsSchema = projectSchema.omit({ permissions: true }).extend({
  legalEntityId: idSchema,
  alarm1: moneySchema,
  alarm2: moneySchema,
  pollSeconds: z.number().int(),
  quality: qualitySettingsSchema,
  vending: vendingSettingsSchema,
});

const POLL_SECONDS_MAX = 86_400;
const changeable = {
  language: z.enum(['en', 'zh']),
  alarm1: moneySchema,
  alarm2: moneySchema,
  pollSeconds: z.number().int().min(1).max(POLL_SECONDS_MAX),
};
const zoneSchema = z
  .string()
  .max(64)
  .refine(isZone, 'not a time zone (IANA name, e.g. Asia/Shanghai)');
const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'not a currency (ISO 4217, e.g. CNY)');

const list = createRoute({
  method: 'get',
  path: '/projects',
  summary: 'Projects that you may see, and what you may do in each',
  ...signedIn,
  responses: answers(listOf(projectSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects',
  summary: 'Make a project',
  ...needs('project.write'),
  request: {
    body: takes(
      z.object({
        ...nameFields,
        groupId: idSchema,
        legalEntityId: idSchema
          .optional()
          .openapi({ description: 'The group’s first if left out' }),
        zone: zoneSchema,
        currency: currencySchema,
        language: changeable.language.default('en'),
        alarm1: moneySchema.optional(),
        alarm2: moneySchema.optional(),
        pollSeconds: changeable.pollSeconds.optional(),
        vending: vendingChangesSchema
          .optional()
          .openapi({ description: 'A new project asks for shifts unless it says otherwise' }),
      }),
    ),
  },
  responses: makes(settingsSchema),
});

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}',
  summary: 'One project with its defaults',
  ...needs('project.read'),
  request: { params: projectParams },
  responses: answers(settingsSchema),
});

const change = createRoute({
  method: 'patch',
  path: '/projects/{projectId}',
  summary: 'Change names and defaults; zone and currency are for good',
  ...needs('project.write'),
  request: {
    params: projectParams,
    body: takes(
      z
        .object({
          name: textSchema,
          nameZh: textSchema.nullable(),
          ...changeable,
          quality: qualityChangesSchema,
          vending: vendingChangesSchema,
        })
        .partial()
        .strict(),
    ),
  },
  responses: answers(settingsSchema),
});

export function projectRoutes({ db }: WebDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const data = await visibleProjects(db, actorAccess(c.get('access')).actor);
      return c.json({ data, nextCursor: null, totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { alarm1, alarm2, vending, ...body } = c.req.valid('json');
      const alarms = alarmsOf({ alarm1, alarm2 }, body.currency);
      assertOrder(alarms);
      const made = await db.transaction(async (tx) => {
        const legalEntityId = await legalEntityFor(tx, body);
        const settings = { vending: { ...NEW_PROJECT, ...vending } };
        const values = { ...body, legalEntityId, ...alarms, settings };
        const project = only(
          await tx.insert(projects).values(values).returning({ id: projects.id }),
        );
        await record(tx, {
          projectId: project.id,
          ...by(c),
          action: 'project.created',
          subjectKind: 'project',
          subjectId: project.id,
          detail: { name: body.name, zone: body.zone, currency: body.currency },
        });
        return await settingsOf(tx, project.id);
      });
      return c.json(made, 201);
    })
    .openapi(show, async (c) => c.json(await settingsOf(db, c.req.valid('param').projectId), 200))
    .openapi(change, async (c) => {
      const { projectId } = c.req.valid('param');
      const { alarm1, alarm2, quality, vending, ...body } = c.req.valid('json');
      const changed = await db.transaction(async (tx) => {
        const before = await settingsOf(tx, projectId);
        const values = {
          ...body,
          ...alarmsOf({ alarm1, alarm2 }, before.currency),
          ...((quality || vending) && {
            settings: withParts({
              ...(quality && { quality: { ...before.quality, ...quality } }),
              ...(vending && { vending: { ...before.vending, ...vending } }),
            }),
          }),
        };
        if (Object.keys(values).length === 0) return before;
        if (alarm1 || alarm2) {
          const held = alarmsOf({ alarm1: before.alarm1, alarm2: before.alarm2 }, before.currency);
          const alarms = { ...held, ...values };
          assertOrder(alarms);
          await assertOwnOrder(tx, { projectId, currency: before.currency, alarms });
        }
        await tx.update(projects).set(values).where(eq(projects.id, projectId));
        const after = await settingsOf(tx, projectId);
        await record(tx, {
          projectId,
          ...by(c),
          action: 'project.changed',
          subjectKind: 'project',
          subjectId: projectId,
          detail: { from: before, to: after },
        });
        return after;
      });
      return c.json(changed, 200);
    });
}

/** The entity that is named, if it is the group's, else the group's first. */
async function legalEntityFor(
  tx: Tx,
  { groupId, legalEntityId }: { groupId: string; legalEntityId?: string | undefined },
): Promise<string> {
  const group = and(
    eq(legalEntities.groupId, groupId),
    legalEntityId === undefined ? undefined : eq(legalEntities.id, legalEntityId),
  );
  const found = await tx
    .select({ id: legalEntities.id })
    .from(legalEntities)
    .where(group)
    .orderBy(asc(legalEntities.id))
    .limit(1);
  if (!found[0]) throw notFound(legalEntityId === undefined ? 'group' : 'legal entity');
  return found[0].id;
}

type MoneyBody = { amount: string; currency: string } | undefined;

function alarmsOf(body: { alarm1: MoneyBody; alarm2: MoneyBody }, currency: string) {
  const minor = (at: string, given: MoneyBody) => {
    if (given === undefined) return undefined;
    const value = given.currency === currency ? parseMinor(given.amount, currency) : undefined;
    if (value === undefined || value < -LARGEST_ALARM || value > LARGEST_ALARM) {
      throw new Problem('invalid-amount', `${at} is not an amount in ${currency}.`);
    }
    return Number(value);
  };
  const alarm1Minor = minor('alarm1', body.alarm1);
  const alarm2Minor = minor('alarm2', body.alarm2);
  return {
    ...(alarm1Minor !== undefined && { alarm1Minor }),
    ...(alarm2Minor !== undefined && { alarm2Minor }),
  };
}

/** The first alarm comes before the second: at the larger amount. */
function assertOrder(alarms: { alarm1Minor?: number; alarm2Minor?: number }): void {
  const { alarm1Minor, alarm2Minor } = alarms;
  if (alarm1Minor === undefined || alarm2Minor === undefined || alarm1Minor >= alarm2Minor) return;
  throw new Problem('invalid-amount', 'alarm1 comes first: it cannot be below alarm2.');
}

/** Accounts that are named in a refusal. */
const NAMED_MAX = 5;

/** Nor may it turn upside down for an account that has one alarm of its own and takes the other from the project. */
async function assertOwnOrder(
  tx: Tx,
  {
    projectId,
    currency,
    alarms: { alarm1Minor = 0, alarm2Minor = 0 },
  }: {
    projectId: string;
    currency: string;
    alarms: { alarm1Minor?: number; alarm2Minor?: number };
  },
): Promise<void> {
  const found = await tx.execute<{
    number: string;
    own: string;
    is_first: boolean;
    all: number;
  }>(sql`
    SELECT number, coalesce(alarm1_minor, alarm2_minor)::text AS own,
      alarm1_minor IS NOT NULL AS is_first, count(*) OVER ()::int AS all
    FROM accounts
    WHERE project_id = ${projectId}::bigint AND closed_on IS NULL
      AND (alarm1_minor IS NULL) <> (alarm2_minor IS NULL)
      AND coalesce(alarm1_minor, ${alarm1Minor}::bigint) < coalesce(alarm2_minor, ${alarm2Minor}::bigint)
    ORDER BY number LIMIT ${NAMED_MAX}`);
  const [one] = found.rows;
  if (!one) return;
  const named = found.rows.map(({ number, own, is_first: isFirst }) => {
    const amount = money(BigInt(own), currency).amount;
    return `${number} (its own alarm ${isFirst ? 1 : 2}: ${amount})`;
  });
  const more = one.all > named.length ? ` and ${one.all - named.length} more` : '';
  throw new Problem(
    'invalid-amount',
    `Alarm 1 would lie below alarm 2 for accounts with one of their own: ${named.join(', ')}${more}.`,
  );
}

/** Settings with other parts; what else is there stays. */
const withParts = (parts: Record<string, object>) =>
  sql`${projects.settings} || ${JSON.stringify(parts)}::jsonb`;

const LARGEST_ALARM = 2_000_000_000n;

async function settingsOf(db: Queryable, projectId: string) {
  const found = await db
    .select({ project: projects, groupName: groups.name, groupNameZh: groups.nameZh })
    .from(projects)
    .innerJoin(groups, eq(groups.id, projects.groupId))
    .where(eq(projects.id, projectId));
  if (!found[0]) throw notFound('project');
  const { project, groupName, groupNameZh } = found[0];
  const { id, name, nameZh, zone, currency, groupId, legalEntityId, pollSeconds } = project;
  return {
    id,
    name,
    nameZh,
    zone,
    currency,
    language: languageOf(project.language),
    groupId,
    groupName,
    groupNameZh,
    legalEntityId,
    alarm1: money(BigInt(project.alarm1Minor), currency),
    alarm2: money(BigInt(project.alarm2Minor), currency),
    pollSeconds,
    quality: qualitySettingsOf(project.settings),
    vending: vendingSettingsOf(project.settings),
  };
}

const languageOf = (text: string): 'en' | 'zh' => (text === 'zh' ? 'zh' : 'en');

/** The projects that an actor's grants cover, with the permissions that they add up to. */
export async function visibleProjects(db: Queryable, actor: Actor) {
  const grants =
    actor.kind === 'user'
      ? sql`SELECT r.permissions, g.group_id, g.project_id FROM grants g
            JOIN roles r ON r.id = g.role_id WHERE g.user_id = ${actor.id}`
      : sql`SELECT r.permissions, k.group_id, k.project_id FROM api_keys k
            JOIN roles r ON r.id = k.role_id
            WHERE k.id = ${actor.id}::bigint AND coalesce(k.group_id, k.project_id) IS NOT NULL`;
  const found = await db.execute<{
    id: string;
    name: string;
    name_zh: string | null;
    zone: string;
    currency: string;
    language: string;
    group_id: string;
    group_name: string;
    group_name_zh: string | null;
    permissions: Permission[];
  }>(sql`
    WITH held AS (${grants})
    SELECT p.id::text, p.name, p.name_zh, p.zone, p.currency, p.language, p.group_id::text,
      g.name AS group_name, g.name_zh AS group_name_zh,
      array_agg(DISTINCT permission ORDER BY permission) AS permissions
    FROM projects p JOIN groups g ON g.id = p.group_id
    JOIN held h ON (h.group_id IS NULL AND h.project_id IS NULL)
      OR h.project_id = p.id OR h.group_id = p.group_id
    CROSS JOIN unnest(h.permissions) AS permission
    GROUP BY p.id, g.id ORDER BY p.name, p.id`);
  return found.rows.map((r) => ({
    id: r.id,
    name: r.name,
    nameZh: r.name_zh,
    zone: r.zone,
    currency: r.currency,
    language: languageOf(r.language),
    groupId: r.group_id,
    groupName: r.group_name,
    groupNameZh: r.group_name_zh,
    permissions: r.permissions,
  }));
}

/** What files say of a project; undefined when there is none. */
export async function projectNamed(
  db: Queryable,
  id: string,
): Promise<{ name: string; zone: string; currency: string } | undefined> {
  const [project] = await db
    .select({ name: projects.name, zone: projects.zone, currency: projects.currency })
    .from(projects)
    .where(eq(projects.id, id));
  return project;
}

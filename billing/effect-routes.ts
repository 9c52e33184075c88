/** What an edit or a correction of readings would do to the bills, to the cent: settlement tries it and takes it back. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { type LocalDay, localDayOf } from '../sql/local-day.ts';
import { money } from '../sql/money.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  moneySchema,
  needs,
  projectParams,
} from '../sql/route.ts';
import type { PointDay } from './due.ts';
import type { Overlay } from './overlay.ts';
import { type Preview, previewDays } from './preview.ts';
import { type ProjectTerms, readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';

const lineSchema = z.object({
  component: z.string(),
  name: z.string(),
  period: z.number().int(),
  step: z.number().int(),
  quantity: z.number().int(),
  price: z.string(),
  exact: z.string(),
});

export const effectSchema = z
  .object({
    accounts: z.array(
      z.object({
        accountId: idSchema,
        accountNumber: z.string(),
        accountName: z.string(),
        difference: moneySchema.openapi({ description: 'What it is charged more, with tax' }),
        tax: moneySchema,
      }),
    ),
    total: moneySchema,
    days: z
      .array(
        z.object({
          accountId: idSchema,
          scopeId: idSchema,
          localDay: daySchema,
          isNew: z.boolean().openapi({ description: 'Not settled before' }),
          before: z.array(lineSchema),
          after: z.array(lineSchema),
        }),
      )
      .openapi({ description: 'The first hundred' }),
    dayCount: z.number().int(),
    waiting: z.number().int().openapi({ description: 'Days that could not be settled even so' }),
  })
  .openapi('BillEffect');

const ofEdit = createRoute({
  method: 'get',
  path: '/projects/{projectId}/interval-edits/{editId}/effect',
  summary: 'What an edit does to the bills if it is approved now',
  ...needs('account.read'),
  request: { params: projectParams.extend({ editId: idSchema }) },
  responses: answers(effectSchema),
});

const ofPreview = createRoute({
  method: 'get',
  path: '/projects/{projectId}/interval-previews/{previewId}/effect',
  summary: 'What a correction that was tried does to the bills',
  ...needs('account.read'),
  request: { params: projectParams.extend({ previewId: idSchema }) },
  responses: answers(effectSchema),
});

/** Days whose lines are told one by one. */
const DAYS_SHOWN = 100;

export function effectRoutes({ db, pool, questdb, clock }: BillingDeps) {
  const effectOf = async (projectId: string, changes: readonly Change[]) => {
    const project = await readProject(db, projectId);
    const overlay: Overlay = new Map(
      changes.flatMap(({ pointId, slots }) =>
        slots.map(([ms, quantity]) => [`${pointId}/${ms}`, quantity] as const),
      ),
    );
    const pointDays = pointDaysOf(project.zone, changes);
    const deps = { pool, source: { questdb }, clock };
    const preview = await previewDays(deps, project, { pointDays, overlay });
    return await shownEffect(db, project, preview);
  };
  return createRoutes()
    .openapi(ofEdit, async (c) => {
      const { projectId, editId } = c.req.valid('param');
      const { rows } = await db.execute<{ point_id: string; slots: Change['slots'] }>(sql`
        SELECT point_id::text, slots FROM interval_edits
        WHERE project_id = ${projectId}::bigint AND id = ${editId}::bigint`);
      const [edit] = rows;
      if (!edit) throw notFound('edit');
      return c.json(
        await effectOf(projectId, [{ pointId: edit.point_id, slots: edit.slots }]),
        200,
      );
    })
    .openapi(ofPreview, async (c) => {
      const { projectId, previewId } = c.req.valid('param');
      const { rows } = await db.execute<{ changes: Change[] }>(sql`
        SELECT changes FROM interval_previews
        WHERE project_id = ${projectId}::bigint AND id = ${previewId}::bigint`);
      const [preview] = rows;
      if (!preview) throw notFound('preview');
      return c.json(await effectOf(projectId, preview.changes), 200);
    });
}

/** A point's quarter-hours: [start, epoch ms; base units, null: missing; …]. */
interface Change {
  pointId: string;
  slots: (readonly [number, number | null, ...unknown[]])[];
}

function pointDaysOf(zone: string, changes: readonly Change[]): PointDay[] {
  const days = new Map<string, PointDay>();
  // Points share their quarter-hours, and to find a zone's day costs more than to look it up.
  const dayAt = new Map<number, LocalDay>();
  for (const { pointId, slots } of changes) {
    for (const [ms] of slots) {
      const localDay = dayAt.get(ms) ?? localDayOf(zone, ms);
      dayAt.set(ms, localDay);
      days.set(`${pointId}/${localDay}`, { pointId, localDay });
    }
  }
  return [...days.values()].sort((a, b) => a.localDay.localeCompare(b.localDay));
}

/** A preview as it is told: names of accounts, money, and the lines of its first days. */
export async function shownEffect(
  db: Db,
  { id: projectId, currency }: ProjectTerms,
  preview: Preview,
) {
  const { rows } = await db.execute<{ id: string; number: string; name: string }>(sql`
    SELECT id::text, number, name FROM accounts WHERE project_id = ${projectId}::bigint
      AND id = ANY(${`{${preview.accounts.map((a) => a.accountId).join()}}`}::bigint[])`);
  const names = new Map(rows.map((row) => [row.id, row]));
  const accounts = preview.accounts.map(({ accountId, differenceMinor, taxMinor }) => ({
    accountId,
    accountNumber: names.get(accountId)?.number ?? '',
    accountName: names.get(accountId)?.name ?? '',
    difference: money(differenceMinor, currency),
    tax: money(taxMinor, currency),
  }));
  const total = preview.accounts.reduce((sum, a) => sum + a.differenceMinor, 0n);
  const linesOf = (lines: Preview['days'][number]['after']) =>
    lines.map(({ tariffVersionId: _, quantity, ...line }) => ({
      ...line,
      quantity: Number(quantity),
    }));
  return {
    accounts,
    total: money(total, currency),
    days: preview.days.slice(0, DAYS_SHOWN).map(({ before, after, ...day }) => ({
      ...day,
      before: linesOf(before),
      after: linesOf(after),
    })),
    dayCount: preview.days.length,
    waiting: preview.waiting,
  };
}

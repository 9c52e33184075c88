/** The daily three-way reconciliation: what differs in a range of days, and what the newest of each day found. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { addDays, localDayOf } from '../sql/local-day.ts';
import { money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  listOf,
  moneySchema,
  needs,
  PAGE_MAX,
  projectParams,
} from '../sql/route.ts';
import { arrayText } from './copy.ts';
import { readProject } from './project.ts';
import { reconciledDays } from './reconciled.ts';
import {
  type Difference,
  dayAfter,
  differenceKinds,
  differenceReasons,
  RECONCILED_DAYS_MAX,
  RECONCILED_POINT_DAYS_MAX,
  reconcile,
} from './reconciliation.ts';
import type { BillingDeps } from './routes.ts';

const range = {
  day: daySchema.optional().openapi({ description: 'One day; unset: from and to, else yesterday' }),
  from: daySchema.optional(),
  to: daySchema.optional().openapi({ description: 'The day after the last one' }),
};
const kindSchema = z.enum(differenceKinds);
const integer = z.number().int();

const rowSchema = z
  .object({
    day: daySchema,
    kind: kindSchema,
    subjectId: idSchema.openapi({ description: 'A point; of charges-ledger the account' }),
    subject: z.string().openapi({ description: 'Its code or number' }),
    left: integer.nullable().openapi({
      description: 'Main, intervals, charges; null where nothing is known',
    }),
    right: integer.nullable().openapi({
      description: 'Parts, quantity charged for, ledger; null where there is nothing',
    }),
    difference: integer.nullable().openapi({ description: 'Left less right' }),
    unit: z.enum(['Wh', 'L', 'minor']).openapi({
      description: 'Of the three; minor: minor units of the currency',
    }),
    money: moneySchema.nullable().openapi({
      description:
        'Size of the difference at what the day cost there (else the last settled day, of mains the project); null where nobody can say',
    }),
    owner: z.enum(['ingest', 'billing', 'person']),
    reason: z.enum(differenceReasons).nullable().openapi({
      description: 'Null: none, somebody has to look. An alarm stands while there is one',
    }),
    detail: z.string().nullable(),
    settlementId: idSchema.nullable().openapi({
      description:
        'Of intervals-charges: the settlement in force, to be explained; null where there is none, or several',
    }),
  })
  .openapi('ReconciliationDifference');

const totalsSchema = z.object({
  from: daySchema,
  to: daySchema,
  shown: integer,
  kinds: z.array(
    z.object({
      kind: kindSchema,
      compared: integer.openapi({ description: 'Mains, point-days, transactions' }),
      differences: integer,
      unexplained: integer,
      money: moneySchema.openapi({ description: 'Sizes of those without a reason, where known' }),
    }),
  ),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/reconciliation',
  summary: `What differs in local days: without a reason first, then the largest; at most ${PAGE_MAX} rows`,
  description: `Three ways: a main against the sum of its parts; a point's intervals against what its account was charged for; what the charges come to by the rounding rule against the ledger, transaction by transaction on its accounting date. Computed when asked for; at most ${RECONCILED_DAYS_MAX} days and ${RECONCILED_POINT_DAYS_MAX} point-days.`,
  ...needs('ledger.read'),
  request: {
    params: projectParams,
    query: z.object({
      ...range,
      kind: kindSchema.optional(),
      unexplained: z
        .enum(['true', 'false'])
        .default('false')
        .openapi({ description: 'true: only what has no reason' }),
    }),
  },
  responses: answers(listOf(rowSchema, totalsSchema)),
});

const days = createRoute({
  method: 'get',
  path: '/projects/{projectId}/reconciliation/days',
  summary: 'What the newest reconciliation of each day found, newest first',
  description: `Made once a day is settled, and again within the hour whenever something of it was. At most ${RECONCILED_DAYS_MAX} days.`,
  ...needs('ledger.read'),
  request: { params: projectParams, query: z.object(range) },
  responses: answers(
    listOf(
      z
        .object({
          day: daySchema,
          kind: kindSchema,
          checkedAt: z.string(),
          compared: integer,
          differences: integer,
          unexplained: integer,
          money: moneySchema.nullable(),
        })
        .openapi('ReconciledDay'),
      z.object({ from: daySchema, to: daySchema }),
    ),
  ),
});

/** The range that is asked for. Throws Problem when it is upside down or too long. */
function rangeOf(
  { day, from, to }: { day?: string; from?: string; to?: string },
  yesterday: string,
): { from: string; to: string } {
  if (day !== undefined && (from !== undefined || to !== undefined)) {
    throw new Problem('invalid-request', 'query/day: either a day, or from and to');
  }
  const first = day ?? from ?? (to === undefined ? yesterday : addDays(to, -1));
  const end = day !== undefined || to === undefined ? dayAfter(day ?? first) : to;
  if (end <= first) throw new Problem('invalid-request', 'query/to: must be later than from');
  if (Date.parse(end) - Date.parse(first) > RECONCILED_DAYS_MAX * 86_400_000) {
    throw new Problem('range-too-long', `At most ${RECONCILED_DAYS_MAX} days at once.`);
  }
  return { from: first, to: end };
}

export function reconcileRoutes({ db, questdb, clock }: BillingDeps) {
  const asked = async (projectId: string, query: { day?: string; from?: string; to?: string }) => {
    const project = await readProject(db, projectId);
    const yesterday = addDays(localDayOf(project.zone, clock().getTime()), -1);
    return { project, ...rangeOf(query, yesterday) };
  };
  return createRoutes()
    .openapi(list, async (c) => {
      const { kind, unexplained, ...query } = c.req.valid('query');
      const { project, from, to } = await asked(c.req.valid('param').projectId, query);
      const found = await reconcile({ db, questdb }, { project, from, to });
      const { currency } = project;
      const kinds = differenceKinds.map((one) => {
        const own = found.differences.filter((d) => d.kind === one);
        const open = own.filter((d) => d.reason === null);
        const minor = open.reduce((sum, d) => sum + (d.moneyMinor ?? 0n), 0n);
        return {
          kind: one,
          compared: found.compared
            .filter((r) => r.kind === one)
            .reduce((sum, { compared }) => sum + compared, 0),
          differences: own.length,
          unexplained: open.length,
          money: money(minor, currency),
        };
      });
      const data = found.differences
        .filter((d) => kind === undefined || d.kind === kind)
        .filter((d) => unexplained === 'false' || d.reason === null)
        .sort(worstFirst)
        .slice(0, PAGE_MAX);
      const settlements = await settlementsOf(db, { projectId: project.id, differences: data });
      const totals = { from, to, shown: data.length, kinds };
      const rows = data.map((d) => render(d, currency, settlements.get(keyOf(d)) ?? null));
      return c.json({ data: rows, nextCursor: null, totals }, 200);
    })
    .openapi(days, async (c) => {
      const { project, from, to } = await asked(
        c.req.valid('param').projectId,
        c.req.valid('query'),
      );
      const data = await reconciledDays(db, { project, from, to });
      return c.json({ data, nextCursor: null, totals: { from, to } }, 200);
    });
}

/** Of point-days that one account was charged for, the settlement in force, by `point/day`. */
async function settlementsOf(
  db: Queryable,
  { projectId, differences }: { projectId: string; differences: readonly Difference[] },
): Promise<Map<string, string>> {
  const wanted = differences.filter(({ kind }) => kind === 'intervals-charges');
  if (wanted.length === 0) return new Map();
  const { rows } = await db.execute<{ key: string; id: string }>(sql`
    SELECT s.scope_id || '/' || s.local_day AS key, min(s.id)::text AS id
    FROM unnest(${arrayText(wanted.map((d) => d.subjectId))}::bigint[],
      ${arrayText(wanted.map((d) => d.day))}::date[]) AS w (scope_id, local_day)
    JOIN settlements s ON s.project_id = ${projectId}::bigint AND s.scope_id = w.scope_id
      AND s.local_day = w.local_day
    WHERE NOT EXISTS (SELECT FROM settlements n
      WHERE n.project_id = s.project_id AND n.supersedes = s.id)
    GROUP BY 1 HAVING count(*) = 1`);
  return new Map(rows.map(({ key, id }) => [key, id]));
}

function worstFirst(a: Difference, b: Difference): number {
  if ((a.reason === null) !== (b.reason === null)) return a.reason === null ? -1 : 1;
  const [left, right] = [a.moneyMinor ?? -1n, b.moneyMinor ?? -1n];
  if (left !== right) return left > right ? -1 : 1;
  return a.day.localeCompare(b.day) || a.subject.localeCompare(b.subject);
}

/** Quantities and minor units of a day are far below 2^53. */
const whole = (value: bigint | null): number | null => (value === null ? null : Number(value));

const keyOf = (d: Difference) => `${d.subjectId}/${d.day}`;

const render = (d: Difference, currency: string, settlementId: string | null) => ({
  settlementId,
  ...{ day: d.day, kind: d.kind, subjectId: d.subjectId, subject: d.subject, unit: d.unit },
  ...{ left: whole(d.left), right: whole(d.right), difference: whole(d.difference) },
  money: d.moneyMinor === null ? null : money(d.moneyMinor, currency),
  ...{ owner: d.owner, reason: d.reason, detail: d.detail },
});

/**
 * The daily three-way reconciliation: mains against their parts, intervals against what was charged for
 * them, charges against the ledger. Each answers what differs, its size, who owns it and why.
 */
import { sql } from 'drizzle-orm';
import { addDays, daySpan, daysBetween, type LocalDay } from '../sql/local-day.ts';
import { exponentOf } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { arrayText } from './copy.ts';
import { readDayQuantities } from './day-quantities.ts';
import type { ProjectTerms } from './project.ts';
import { ledgerDifferences } from './reconcile-ledger.ts';
import { chargedDifferences, mainDifferences } from './reconcile-quantities.ts';

export const differenceKinds = ['main-sub', 'intervals-charges', 'charges-ledger'] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/** Why two sides may differ and nobody is surprised. */
export const differenceReasons = [
  'loss',
  'missing-intervals',
  'no-parts-known',
  'unsettled',
  'no-tariff',
  'no-index',
  'no-reading-after',
  'resettling',
  'partly-held',
  'rounding-after',
] as const;
export type DifferenceReason = (typeof differenceReasons)[number];

export interface Difference {
  day: LocalDay;
  kind: DifferenceKind;
  /** A point (main or charged), or an account. */
  subjectId: string;
  subject: string;
  /** Main, intervals, charges; null where nothing is known. */
  left: bigint | null;
  /** Parts, charged, ledger; null where there is nothing. */
  right: bigint | null;
  /** Left less right; null where a side is. */
  difference: bigint | null;
  unit: 'Wh' | 'L' | 'minor';
  /** Size of the difference in minor units; null where nobody can say. */
  moneyMinor: bigint | null;
  owner: 'ingest' | 'billing' | 'person';
  /** Null: it has no reason, and that is what an alarm is about. */
  reason: DifferenceReason | null;
  /** What else helps to find it: a transaction, a component. */
  detail: string | null;
}

/** What was looked at in a day, by kind. */
export interface Compared {
  day: LocalDay;
  kind: DifferenceKind;
  compared: number;
}

export interface Reconciliation {
  differences: Difference[];
  compared: Compared[];
}

/** Most point-days of one question, and its longest range. */
export const RECONCILED_POINT_DAYS_MAX = 120_000;
export const RECONCILED_DAYS_MAX = 62;
const WAL_DEADLINE_MS = 10_000;

/**
 * Reconciles local days [from, to). Throws Problem `range-too-long` above RECONCILED_POINT_DAYS_MAX, and
 * QuestdbError while what it shows cannot be trusted.
 */
export async function reconcile(
  { db, questdb }: { db: Queryable; questdb: Questdb },
  { project, from, to }: { project: ProjectTerms; from: LocalDay; to: LocalDay },
): Promise<Reconciliation> {
  const days = daysBetween(from, to);
  if (days.length > RECONCILED_DAYS_MAX) {
    throw new Problem('range-too-long', `At most ${RECONCILED_DAYS_MAX} days at once.`);
  }
  const counted = await db.execute<{ points: number }>(sql`
    SELECT count(*)::int AS points FROM points WHERE project_id = ${project.id}::bigint`);
  if ((counted.rows[0]?.points ?? 0) * days.length > RECONCILED_POINT_DAYS_MAX) {
    throw new Problem(
      'range-too-long',
      `Points × days are at most ${RECONCILED_POINT_DAYS_MAX} at once: ask for fewer days.`,
    );
  }
  const differences: Difference[] = [];
  const compared: Compared[] = [];
  await questdb.settled(['intervals'], { timeoutMs: WAL_DEADLINE_MS });
  const { zone, id: projectId, currency } = project;
  const spans = days.map((day) => daySpan(zone, day));
  const quantities = await readDayQuantities(questdb, { projectId, spans });
  const asked = {
    projectId,
    exponent: exponentOf(currency),
    from,
    to,
    /** The days of the question and the quantities, as relations of the same statement. */
    relations: sql`
      asked_days AS (SELECT * FROM unnest(${arrayText(days)}::date[],
        ${arrayText(spans.map(({ startMs }) => new Date(startMs).toISOString()))}::timestamptz[],
        ${arrayText(spans.map(({ endMs }) => new Date(endMs).toISOString()))}::timestamptz[],
        ${arrayText(spans.map(({ slots }) => slots))}::int[]) AS d (day, starts, ends, slots)),
      measured AS (SELECT * FROM unnest(${arrayText(quantities.map((q) => q.pointId))}::bigint[],
        ${arrayText(quantities.map((q) => q.day))}::date[],
        ${arrayText(quantities.map((q) => q.quantity))}::bigint[],
        ${arrayText(quantities.map((q) => q.known))}::int[]) AS q (point_id, day, quantity, known)),
      points_there AS (SELECT p.id, p.code, p.commodity, p.role, p.building_id, p.parent_id, d.day,
          d.starts, d.ends, d.slots
        FROM points p CROSS JOIN asked_days d
        WHERE p.project_id = ${projectId}::bigint AND EXISTS (SELECT FROM installations i
          WHERE i.project_id = p.project_id AND i.point_id = p.id AND i.valid_from < d.ends
            AND (i.valid_to IS NULL OR i.valid_to > d.starts)))`,
  };
  for (const question of [mainDifferences, chargedDifferences, ledgerDifferences]) {
    const answer = await question(db, asked);
    for (const row of answer.differences) differences.push(row);
    for (const row of answer.compared) compared.push(row);
  }
  return { differences, compared };
}

/** The day after, for a question about one day. */
export const dayAfter = (day: LocalDay): LocalDay => addDays(day, 1);

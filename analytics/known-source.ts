/**
 * What was known at a position of the journal, asked of the sources: which transactions came later, what
 * they superseded, which holdings were entered or ended since, and what intervals had been before.
 * Rows of Postgres are placed in time by their ids, which all tables draw from one sequence.
 */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { KnownAt } from '../sql/position.ts';
import type { Db } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { checkedId, within } from './questdb-source.ts';

/** Points named one by one in a statement of QuestDB; of more the whole day is taken. */
const POINTS_NAMED_MAX = 500;

/** A position as the rows of the ledger show it. */
export interface Cut extends KnownAt {
  /** The highest id of a transaction sealed by then: what has a higher one came later. */
  last: string;
  /** Transactions of lower ids that were committed or sealed only later. */
  late: string[];
}

/** Reads the cut of a sealed position. */
export async function readCut(db: Db, projectId: string, known: KnownAt): Promise<Cut> {
  const found = await db.execute<{ last: string; late: string[] }>(sql`
    WITH cut AS (SELECT max(transaction_id) AS last FROM seals
      WHERE project_id = ${projectId}::bigint AND position <= ${known.position}::bigint)
    SELECT last::text, ARRAY(
      SELECT s.transaction_id::text FROM seals s WHERE s.project_id = ${projectId}::bigint
        AND s.position > ${known.position}::bigint AND s.transaction_id < last
      UNION ALL
      SELECT t.id::text FROM transactions t WHERE t.project_id = ${projectId}::bigint AND t.id < last
        AND NOT EXISTS (SELECT FROM seals s WHERE s.project_id = t.project_id
          AND s.transaction_id = t.id)) AS late
    FROM cut`);
  const row = found.rows[0];
  if (!row) throw new Error('a position has no transaction');
  return { ...known, ...row };
}

/**
 * Of the service days [from, to) that were settled or corrected after the cut, the headers that what came
 * later superseded.
 */
export async function readLaterSettlements(
  db: Db,
  { projectId, cut, from, to }: { projectId: string; cut: Cut; from: LocalDay; to: LocalDay },
): Promise<Map<LocalDay, string[]>> {
  const found = await db.execute<{ day: LocalDay; superseded: string[] }>(sql`
    SELECT local_day::text AS day,
      coalesce(array_agg(supersedes::text) FILTER (WHERE supersedes IS NOT NULL), '{}') AS superseded
    FROM settlements
    WHERE project_id = ${projectId}::bigint AND local_day >= ${from}::date AND local_day < ${to}::date
      AND (transaction_id > ${cut.last}::bigint
        OR transaction_id = ANY(${`{${cut.late.join()}}`}::bigint[]))
    GROUP BY 1`);
  return new Map(found.rows.map(({ day, superseded }) => [day, superseded]));
}

/** A holding that was entered or whose end was changed after the cut. */
export interface LaterHolding {
  point: string;
  account: string;
  fromQuarter: string;
  /** Where it ended then, in quarter-hours; null: it had no end. Undefined: it was not there. */
  toQuarter: string | null | undefined;
}

/** Holdings of accounts that are not as they were at the cut; the system log says what they had been. */
export async function readLaterHoldings(
  db: Db,
  { projectId, cut }: { projectId: string; cut: Cut },
): Promise<LaterHolding[]> {
  const found = await db.execute<{
    point: string;
    account: string;
    from_quarter: string;
    was_there: boolean;
    to_quarter: string | null;
  }>(sql`
    WITH ended AS (
      SELECT DISTINCT ON (subject_id) subject_id::bigint AS id,
        (detail ->> 'from')::timestamptz AS valid_to
      FROM audit WHERE project_id = ${projectId}::bigint AND id > ${cut.last}::bigint
        AND action = 'tenancy.ended'
      ORDER BY subject_id, audit.id)
    SELECT t.point_id::text AS point, t.account_id::text AS account,
      ceil(extract(epoch FROM t.valid_from) / 900)::bigint::text AS from_quarter,
      t.id < ${cut.last}::bigint AS was_there,
      ceil(extract(epoch FROM e.valid_to) / 900)::bigint::text AS to_quarter
    FROM tenancies t LEFT JOIN ended e ON e.id = t.id
    WHERE t.project_id = ${projectId}::bigint
      AND (e.id IS NOT NULL OR t.id > ${cut.last}::bigint)`);
  return found.rows.map((row) => ({
    point: row.point,
    account: row.account,
    fromQuarter: row.from_quarter,
    toQuarter: row.was_there ? row.to_quarter : undefined,
  }));
}

/** Exports all versions of the intervals of some points that begin in [fromMs, toMs). */
export async function exportVersions(
  questdb: Questdb,
  {
    projectId,
    points,
    fromMs,
    toMs,
  }: { projectId: string; points: readonly string[]; fromMs: number; toMs: number },
  file: string,
): Promise<void> {
  const named = points.map((id) => `'${checkedId(id)}'`);
  const ofPoints = named.length <= POINTS_NAMED_MAX ? `AND point IN (${named.join()})` : '';
  await questdb.exportParquet(
    `SELECT ts, point, local_day, local_slot, quantity, reverse_quantity, quality, gap_s, version,
       known_at FROM interval_versions
     WHERE project = '${checkedId(projectId)}' ${ofPoints} AND ${within(fromMs, toMs)}`,
    file,
  );
}

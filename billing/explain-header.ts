/** A settlement with its lines, what they were before, their tariff versions and what was posted for each key. */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import type { chargeKinds, chargeUnits } from '../sql/schema/settlements.ts';

export interface Header extends Record<string, unknown> {
  id: string;
  account_id: string;
  account_number: string;
  account_name: string;
  opened_on: LocalDay;
  scope_id: string;
  point_code: string | null;
  point_name: string | null;
  commodity: 'electricity' | 'water' | null;
  local_day: LocalDay;
  revision: number;
  run_id: string;
  run_cause: string;
  trace_id: string | null;
  by: string | null;
  known_ms: number;
  position: string;
  quantity: string;
  slots: number;
  estimated_slots: number;
  missing_slots: number;
  step_before: string;
  month_before: string;
  demand_before: string;
  demand: string;
  supersedes: string | null;
  superseded_by: string | null;
  transaction_id: string;
  transaction_kind: string;
  accounting_date: LocalDay;
  posted_at: string;
  cause: { why?: string[] };
  created_at: string;
  zone: string;
  currency: string;
  dirty: string | null;
}

/** Throws Problem `not-found`. `dirty` says why the day is waiting to be settled anew. */
export async function readHeader(
  db: Queryable,
  { projectId, settlementId }: { projectId: string; settlementId: string },
): Promise<Header> {
  const found = await db.execute<Header>(sql`
    SELECT s.id::text, s.account_id::text, a.number AS account_number, a.name AS account_name,
      a.opened_on::text, s.scope_id::text, p.code AS point_code, p.name AS point_name, p.commodity,
      s.local_day::text, s.revision, s.run_id::text, r.cause AS run_cause, r.trace_id,
      (SELECT u.actor_name FROM audit u WHERE u.project_id = s.project_id
        AND u.trace_id = r.trace_id ORDER BY u.id LIMIT 1) AS by,
      round(extract(epoch FROM s.intervals_known_at) * 1000)::float8 AS known_ms, s.position::text,
      s.quantity::text, s.slots, s.estimated_slots, s.missing_slots,
      s.step_quantity_before::text AS step_before, s.month_quantity_before::text AS month_before,
      s.demand_before::text, s.demand::text, s.supersedes::text,
      (SELECT n.id::text FROM settlements n WHERE n.project_id = s.project_id AND n.supersedes = s.id)
        AS superseded_by,
      s.transaction_id::text, t.kind AS transaction_kind, t.accounting_date::text, t.posted_at, t.cause,
      s.created_at, j.zone, j.currency,
      (SELECT d.why FROM dirty_days d WHERE d.project_id = s.project_id AND d.point_id = s.scope_id
        AND d.local_day = s.local_day AND NOT EXISTS (SELECT FROM dirty_days_done e
          WHERE e.project_id = d.project_id AND e.consumer = 'rating' AND e.dirty_id = d.id)
        ORDER BY d.id DESC LIMIT 1) AS dirty
    FROM settlements s
    JOIN projects j ON j.id = s.project_id
    JOIN accounts a ON a.project_id = s.project_id AND a.id = s.account_id
    JOIN settlement_runs r ON r.project_id = s.project_id AND r.id = s.run_id
    JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
    LEFT JOIN points p ON p.project_id = s.project_id AND p.id = s.scope_id
    WHERE s.project_id = ${projectId}::bigint AND s.id = ${settlementId}::bigint`);
  const header = found.rows[0];
  if (!header) throw notFound('settlement');
  return header;
}

export interface StoredCharge extends Record<string, unknown> {
  component: string;
  version_id: string;
  period: number;
  step: number;
  kind: (typeof chargeKinds)[number];
  unit: (typeof chargeUnits)[number];
  quantity: string;
  price: string;
  exact: string;
  tax_code: string;
  tax_rate: string;
  tax_exact: string;
  treatment: 'revenue' | 'on-behalf';
  /** Of the revision that it supersedes; null where that had no such line. */
  old_quantity: string | null;
  old_price: string | null;
  old_exact: string | null;
  /** Exact of the key in its month just before this settlement was posted. */
  cumulated: string;
}

/** The lines of a settlement, each with what its key had cumulated when it was posted. */
export async function readCharges(
  db: Queryable,
  { projectId, header }: { projectId: string; header: Header },
): Promise<StoredCharge[]> {
  const { id, supersedes, account_id: accountId, scope_id: scopeId, local_day: day } = header;
  const found = await db.execute<StoredCharge>(sql`
    WITH cumulated AS (
      SELECT c.component, c.tariff_version_id, c.period, c.step, sum(c.exact) AS exact
      FROM settlements h
      JOIN charges c ON c.project_id = h.project_id AND c.settlement_id = h.id
      WHERE h.project_id = ${projectId}::bigint AND h.account_id = ${accountId}::bigint
        AND h.scope_id = ${scopeId}::bigint AND h.id < ${id}::bigint
        AND h.local_day >= date_trunc('month', ${day}::date)
        AND h.local_day < date_trunc('month', ${day}::date) + interval '1 month'
        AND NOT EXISTS (SELECT FROM settlements n WHERE n.project_id = h.project_id
          AND n.supersedes = h.id AND n.id < ${id}::bigint)
      GROUP BY 1, 2, 3, 4)
    SELECT c.component, c.tariff_version_id::text AS version_id, c.period, c.step, c.kind, c.unit,
      c.quantity::text, trim_scale(c.price)::text AS price, trim_scale(c.exact)::text AS exact,
      c.tax_code, c.tax_rate::text, trim_scale(c.tax_exact)::text AS tax_exact, c.treatment,
      o.quantity::text AS old_quantity, trim_scale(o.price)::text AS old_price,
      trim_scale(o.exact)::text AS old_exact,
      coalesce(trim_scale(m.exact), 0)::text AS cumulated
    FROM charges c
    LEFT JOIN charges o ON o.project_id = c.project_id AND o.settlement_id = ${supersedes}::bigint
      AND (o.component, o.tariff_version_id, o.period, o.step)
        = (c.component, c.tariff_version_id, c.period, c.step)
    LEFT JOIN cumulated m ON (m.component, m.tariff_version_id, m.period, m.step)
      = (c.component, c.tariff_version_id, c.period, c.step)
    WHERE c.project_id = ${projectId}::bigint AND c.settlement_id = ${id}::bigint
    ORDER BY c.component, c.tariff_version_id, c.period, c.step`);
  return found.rows;
}

interface VersionRow extends Record<string, unknown> {
  id: string;
  version: number;
  effective_from: LocalDay;
  tariff_id: string;
  name: string;
  commodity: 'electricity' | 'water';
  definition: unknown;
}

/** Tariff versions by id. */
export async function readVersions(
  db: Queryable,
  { projectId, ids }: { projectId: string; ids: readonly string[] },
): Promise<Map<string, VersionRow>> {
  const found = await db.execute<VersionRow>(sql`
    SELECT v.id::text, v.version, v.effective_from::text, f.id::text AS tariff_id, f.name, f.commodity,
      v.definition
    FROM tariff_versions v JOIN tariffs f ON f.project_id = v.project_id AND f.id = v.tariff_id
    WHERE v.project_id = ${projectId}::bigint AND v.id = ANY(${`{${ids.join()}}`}::bigint[])`);
  return new Map(found.rows.map((row) => [row.id, row]));
}

/** What a day's lines take from the days before it, base units and W. */
export interface Earlier {
  step: bigint;
  month: bigint;
  demand: bigint;
}

/**
 * What the settlements of earlier days come to: those in force now or, of a superseded settlement, those of its
 * time. `stepFrom` is the first day of the period of steps.
 */
export async function readEarlier(
  db: Queryable,
  {
    projectId,
    header,
    stepFrom,
    ofAccount,
  }: { projectId: string; header: Header; stepFrom: LocalDay; ofAccount: boolean },
): Promise<Earlier> {
  const { run_id: runId, local_day: day, superseded_by: isSuperseded } = header;
  const then = isSuperseded ? sql`AND s.run_id <= ${runId}::bigint` : sql``;
  const thenNext = isSuperseded ? sql`AND n.run_id <= ${runId}::bigint` : sql``;
  const found = await db.execute<Record<'step' | 'month' | 'demand', string>>(sql`
    SELECT coalesce(sum(s.step_quantity) FILTER (WHERE s.local_day >= ${stepFrom}::date), 0)::text AS step,
      coalesce(sum(s.quantity) FILTER (WHERE s.local_day >= date_trunc('month', ${day}::date)
        AND s.scope_id = ${header.scope_id}::bigint), 0)::text AS month,
      coalesce(max(s.demand) FILTER (WHERE s.local_day >= date_trunc('month', ${day}::date)
        AND s.scope_id = ${header.scope_id}::bigint), 0)::text AS demand
    FROM settlements s JOIN points p ON p.project_id = s.project_id AND p.id = s.scope_id
    WHERE s.project_id = ${projectId}::bigint AND s.account_id = ${header.account_id}::bigint
      AND s.local_day >= least(${stepFrom}::date, date_trunc('month', ${day}::date))
      AND s.local_day < ${day}::date ${then}
      AND ${ofAccount ? sql`p.commodity = ${header.commodity}` : sql`s.scope_id = ${header.scope_id}::bigint`}
      AND NOT EXISTS (SELECT FROM settlements n WHERE n.project_id = s.project_id
        AND n.supersedes = s.id ${thenNext})`);
  const row = found.rows[0];
  return {
    step: BigInt(row?.step ?? 0),
    month: BigInt(row?.month ?? 0),
    demand: BigInt(row?.demand ?? 0),
  };
}

/** Points that cumulate steps with this settlement's: their headers of the account's day, as they stood then. */
export async function readMates(
  db: Queryable,
  { projectId, header }: { projectId: string; header: Header },
): Promise<{ scopeId: string; knownMs: number }[]> {
  const found = await db.execute<{ scope_id: string; known_ms: number }>(sql`
    SELECT s.scope_id::text, round(extract(epoch FROM s.intervals_known_at) * 1000)::float8 AS known_ms
    FROM settlements s JOIN points p ON p.project_id = s.project_id AND p.id = s.scope_id
    WHERE s.project_id = ${projectId}::bigint AND s.account_id = ${header.account_id}::bigint
      AND s.local_day = ${header.local_day}::date AND s.scope_id <> ${header.scope_id}::bigint
      AND p.commodity = ${header.commodity} AND s.step_quantity <> 0
      AND s.run_id <= ${header.run_id}::bigint AND NOT EXISTS (SELECT FROM settlements n
        WHERE n.project_id = s.project_id AND n.supersedes = s.id
          AND n.run_id <= ${header.run_id}::bigint)
    ORDER BY s.scope_id LIMIT ${MATES_MAX}`);
  return found.rows.map((row) => ({ scopeId: row.scope_id, knownMs: row.known_ms }));
}

/** Points of one account whose quarter-hours are read to part one day among steps. */
const MATES_MAX = 100;

/** What counted towards a minimum when it was charged, by component and version; and the first day held. */
export async function readCounted(
  db: Queryable,
  { projectId, header }: { projectId: string; header: Header },
): Promise<{
  sums: { component: string; versionId: string; exact: string; taxExact: string }[];
  firstHeld: LocalDay;
}> {
  const ofScope =
    header.scope_id === header.account_id
      ? sql``
      : sql`AND s.scope_id = ${header.scope_id}::bigint`;
  const found = await db.execute<
    Record<'component' | 'version_id' | 'exact' | 'tax_exact', string>
  >(sql`
    SELECT c.component, c.tariff_version_id::text AS version_id, sum(c.exact)::text AS exact,
      sum(c.tax_exact)::text AS tax_exact
    FROM settlements s JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
    WHERE s.project_id = ${projectId}::bigint AND s.account_id = ${header.account_id}::bigint ${ofScope}
      AND s.local_day >= date_trunc('month', ${header.local_day}::date)
      AND s.local_day <= ${header.local_day}::date AND s.run_id <= ${header.run_id}::bigint
      AND NOT EXISTS (SELECT FROM settlements n WHERE n.project_id = s.project_id
        AND n.supersedes = s.id AND n.run_id <= ${header.run_id}::bigint)
    GROUP BY 1, 2`);
  const ofPoint =
    header.scope_id === header.account_id ? sql`` : sql`AND point_id = ${header.scope_id}::bigint`;
  const held = await db.execute<{ first: LocalDay }>(sql`
    SELECT greatest(min((valid_from AT TIME ZONE ${header.zone})::date),
      date_trunc('month', ${header.local_day}::date)::date)::text AS first
    FROM tenancies WHERE project_id = ${projectId}::bigint AND account_id = ${header.account_id}::bigint
      ${ofPoint} AND (valid_to IS NULL
        OR valid_to > date_trunc('month', ${header.local_day}::date) AT TIME ZONE ${header.zone})`);
  return {
    sums: found.rows.map((row) => ({
      ...{ component: row.component, versionId: row.version_id },
      ...{ exact: row.exact, taxExact: row.tax_exact },
    })),
    firstHeld: held.rows[0]?.first ?? header.local_day,
  };
}

/**
 * What the warehouse takes from Postgres, by COPY into CSV. Each table also has a fingerprint per day,
 * so that a day whose source changed is seen without reading it.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { billingRegisters } from '../sql/billing-registers.ts';
import type { LocalDay } from '../sql/local-day.ts';
import type { DimensionTable } from './manifest.ts';
import { checkedId, type Fingerprints } from './questdb-source.ts';

/** An open end of a dated row, in quarter-hours since 1970: tens of thousands of years on. */
const FAR = 4_000_000_000;

export const postingTables = ['charges', 'entries', 'sales'] as const;
export type PostingTable = (typeof postingTables)[number];

/** The rows that say which days have what, only ever added: a day's count and highest id tell. */
const additions: Record<PostingTable, { table: string; day: (zone: string) => string }> = {
  charges: { table: 'settlements', day: () => 'local_day' },
  // A transaction comes with all its legs, once.
  entries: { table: 'transactions', day: () => 'accounting_date' },
  sales: { table: 'sales', day: (zone) => localDay('sold_at', zone) },
};

/** How far the rows of a table have been looked at, by id. */
export interface Cursor {
  /** Everything up to here had been committed: only days of later rows are looked at. */
  id: string;
  /** The highest id at an instant; it takes the place of `id` when nothing older can still come. */
  next: { id: string; at: string };
}

/**
 * A row may be committed after rows of higher ids; one that takes longer than this is found by the check
 * of the day, and when the process begins.
 */
const COMMIT_MAX_MS = 30 * 60_000;

/** The cursor after all that is committed now was taken in; from the beginning when `before` is none. */
export async function nextCursor(
  pool: pg.Pool,
  posting: PostingTable,
  { projectId, before, now }: { projectId: string; before: Cursor | undefined; now: Date },
): Promise<Cursor> {
  const sinceMs = before ? now.getTime() - Date.parse(before.next.at) : 0;
  if (before && sinceMs >= 0 && sinceMs < COMMIT_MAX_MS) return before;
  const { rows } = await pool.query<{ id: string }>(
    `SELECT coalesce(max(id), 0)::text AS id FROM ${additions[posting].table} WHERE project_id = $1`,
    [projectId],
  );
  const next = { id: rows[0]?.id ?? '0', at: now.toISOString() };
  return { id: before && sinceMs >= 0 ? before.next.id : '0', next };
}

/**
 * Fingerprints of charges by service day, entries by accounting date, sales by their local day: of the
 * days that have rows after an id.
 */
export async function postingFingerprints(
  pool: pg.Pool,
  posting: PostingTable,
  { projectId, zone, after }: { projectId: string; zone: string; after: string },
): Promise<Fingerprints> {
  const { table, day } = additions[posting];
  const { rows } = await pool.query<{ day: LocalDay; mark: string }>(
    `SELECT (${day(zone)})::text AS day, count(*) || '/' || max(id) AS mark
     FROM ${table} WHERE project_id = $1 AND ${day(zone)} = ANY(ARRAY(
       SELECT DISTINCT ${day(zone)} FROM ${table} WHERE project_id = $1 AND id > $2))
     GROUP BY 1`,
    [projectId, after],
  );
  return new Map(rows.map((r) => [r.day, r.mark]));
}

/** The local day of an instant, in SQL. The zone stands in a statement that takes no parameters. */
export function localDay(column: string, zone: string): string {
  if (!/^[A-Za-z0-9_+/-]{1,64}$/.test(zone)) throw new Error('not a zone');
  return `(${column} AT TIME ZONE '${zone}')::date`;
}

const dayStatements: Record<
  PostingTable,
  (project: string, day: LocalDay, zone: string) => string
> = {
  charges: (project, day) => `
    SELECT s.id, s.account_id, s.scope_id, s.revision,
      NOT EXISTS (SELECT 1 FROM settlements n WHERE n.project_id = s.project_id AND n.supersedes = s.id),
      s.transaction_id, s.local_day, c.component, c.tariff_version_id, c.period, c.step, c.quantity,
      c.price, c.exact, c.tax_exact, c.tax_code, c.tax_rate, c.treatment, c.kind, c.unit
    FROM settlements s
    JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
    WHERE s.project_id = ${project} AND s.local_day = '${day}'`,
  entries: (project, day) => `
    SELECT t.id, t.kind, coalesce(l.account_id, t.account_id), t.accounting_date, t.posted_at, e.leg, e.ledger_account_id,
      l.code, l.detail, e.amount, e.currency
    FROM transactions t
    JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
    JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
    WHERE t.project_id = ${project} AND t.accounting_date = '${day}'`,
  sales: (project, day, zone) => `
    SELECT s.id, s.account_id, s.transaction_id, s.receipt, s.channel, s.amount_minor, s.currency,
      s.quantity, s.price, s.sold_at, s.sold_by, ${localDay('s.sold_at', zone)}, t.accounting_date
    FROM sales s
    JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
    WHERE s.project_id = ${project} AND ${localDay('s.sold_at', zone)} = '${day}'`,
};

/** Copies what was posted on one day into a CSV file. */
export async function copyDay(
  pool: pg.Pool,
  posting: PostingTable,
  { projectId, zone, day }: { projectId: string; zone: string; day: LocalDay },
  file: string,
): Promise<void> {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new Error('not a local day');
  await copyOut(pool, dayStatements[posting](checkedId(projectId), day, zone), file);
}

const quarter = (column: string) => `(extract(epoch FROM ${column}) / 900)`;
const utc = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')`;
/** A model and its simulated twin are billed by one register. */
const registerOf = (column: string) =>
  `CASE regexp_replace(${column}, '-SIM$', '') ${Object.entries(billingRegisters)
    .map(([model, register]) => `WHEN '${model}' THEN '${register}'`)
    .join(' ')} END`;

const dimensionStatements: Record<DimensionTable, (project: string) => string> = {
  points: (project) => `
    SELECT p.id, p.code, p.name, p.name_zh, p.commodity, p.role, p.class, p.parent_id,
      b.id, b.code, b.name, b.name_zh, f.id, f.level, f.name,
      ceil${quarter('p.retired_at')}::bigint
    FROM points p
    LEFT JOIN buildings b ON b.project_id = p.project_id AND b.id = p.building_id
    LEFT JOIN floors f ON f.project_id = p.project_id AND f.id = p.floor_id
    WHERE p.project_id = ${project} ORDER BY p.id`,
  tenancies: (project) => `
    SELECT t.point_id, a.id, a.number, a.name, a.name_zh,
      ceil${quarter('t.valid_from')}::bigint,
      coalesce(ceil${quarter('t.valid_to')}::bigint, ${FAR})
    FROM tenancies t
    JOIN accounts a ON a.project_id = t.project_id AND a.id = t.account_id
    WHERE t.project_id = ${project} ORDER BY t.id`,
  installations: (project) => `
    SELECT i.point_id, i.meter_id, ceil${quarter('i.valid_from')}::bigint,
      coalesce(floor${quarter('i.valid_to')}::bigint, ${FAR}), ${utc('i.valid_from')},
      ${utc('i.valid_to')}, i.basis, i.ct, i.pt, ${registerOf('m.model')}, i.first_register,
      i.last_register
    FROM installations i
    JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
    WHERE i.project_id = ${project} ORDER BY i.id`,
  accounts: (project) => `
    SELECT a.id, a.number, a.name, a.name_zh, a.opened_on, a.closed_on, a.credit_mode
    FROM accounts a WHERE a.project_id = ${project} ORDER BY a.id`,
};

/** A text that differs when a dimension of the project has changed. */
export async function dimensionFingerprint(
  pool: pg.Pool,
  table: DimensionTable,
  projectId: string,
): Promise<string> {
  const statement = dimensionStatements[table](checkedId(projectId));
  const { rows } = await pool.query<{ mark: string }>(
    `SELECT count(*) || '/' || coalesce(md5(string_agg(rows::text, E'\\n')), '') AS mark
     FROM (${statement}) AS rows`,
  );
  return rows[0]?.mark ?? '';
}

/** Copies a dimension of the project into a CSV file. */
export function copyDimension(
  pool: pg.Pool,
  table: DimensionTable,
  projectId: string,
  file: string,
): Promise<void> {
  return copyOut(pool, dimensionStatements[table](checkedId(projectId)), file);
}

async function copyOut(pool: pg.Pool, statement: string, file: string): Promise<void> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    const rows = client.query(copyTo(`COPY (${statement}) TO STDOUT (FORMAT csv)`));
    await pipeline(rows, createWriteStream(file));
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    // A connection that broke off in the middle of a copy is not used again.
    client.release(failure);
  }
}

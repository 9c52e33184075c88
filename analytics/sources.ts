/**
 * What the warehouse is made from: Postgres by COPY into CSV, QuestDB by its Parquet export. Each
 * table also has a fingerprint per day, so that a day whose source changed is seen without reading it.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { dayFromNumber, daySpan, type LocalDay } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';
import type { DimensionTable } from './manifest.ts';

/** An open end of a dated row, in quarter-hours since 1970: tens of thousands of years on. */
const FAR = 4_000_000_000;

/** Local day → a text that differs when its source has changed. */
export type Fingerprints = Map<LocalDay, string>;

/** Throws unless it is an id: what follows goes into a statement that takes no parameters. */
function checkedId(projectId: string): string {
  if (!/^\d{1,19}$/.test(projectId)) throw new Error('not a project id');
  return projectId;
}

/** Fingerprints of the intervals of a project from an instant on (all of them when it is null). */
export async function intervalFingerprints(
  questdb: Questdb,
  { projectId, sinceMs }: { projectId: string; sinceMs: number | null },
): Promise<Fingerprints> {
  const since = sinceMs === null ? '' : ` AND ts >= '${new Date(sinceMs).toISOString()}'`;
  const { rows } = await questdb.exec(
    `SELECT local_day, count(), max(known_at), sum(version) FROM intervals
     WHERE project = '${checkedId(projectId)}'${since} GROUP BY local_day`,
  );
  return new Map(rows.map(([day, ...rest]) => [dayFromNumber(Number(day)), rest.join('/')]));
}

/** Exports the intervals of a project's local day into a Parquet file of QuestDB's own shape. */
export async function exportIntervals(
  questdb: Questdb,
  { projectId, zone, day }: { projectId: string; zone: string; day: LocalDay },
  file: string,
): Promise<void> {
  const { startMs, endMs } = daySpan(zone, day);
  await questdb.exportParquet(
    `SELECT ts, point, local_day, local_slot, quantity, reverse_quantity, quality, gap_s, version,
       known_at FROM intervals
     WHERE project = '${checkedId(projectId)}' AND ts >= '${new Date(startMs).toISOString()}'
       AND ts < '${new Date(endMs).toISOString()}'`,
    file,
  );
}

/** Fingerprints of charges by service day: settlements are only added, so their count tells. */
export async function chargeFingerprints(pool: pg.Pool, projectId: string): Promise<Fingerprints> {
  const { rows } = await pool.query<{ day: LocalDay; mark: string }>(
    `SELECT local_day::text AS day, count(*) || '/' || max(id) AS mark
     FROM settlements WHERE project_id = $1 GROUP BY local_day`,
    [projectId],
  );
  return new Map(rows.map((r) => [r.day, r.mark]));
}

/** Fingerprints of entries by accounting date: a transaction comes with all its legs, once. */
export async function entryFingerprints(pool: pg.Pool, projectId: string): Promise<Fingerprints> {
  const { rows } = await pool.query<{ day: LocalDay; mark: string }>(
    `SELECT accounting_date::text AS day, count(*) || '/' || max(id) AS mark
     FROM transactions WHERE project_id = $1 GROUP BY accounting_date`,
    [projectId],
  );
  return new Map(rows.map((r) => [r.day, r.mark]));
}

const dayStatements = {
  charges: (project: string, day: LocalDay) => `
    SELECT s.id, s.account_id, s.scope_id, s.revision,
      NOT EXISTS (SELECT 1 FROM settlements n WHERE n.project_id = s.project_id AND n.supersedes = s.id),
      s.transaction_id, s.local_day, c.component, c.tariff_version_id, c.period, c.step, c.quantity,
      c.price, c.exact, c.tax_exact, c.tax_code, c.tax_rate, c.treatment
    FROM settlements s
    JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
    WHERE s.project_id = ${project} AND s.local_day = '${day}'`,
  entries: (project: string, day: LocalDay) => `
    SELECT t.id, t.kind, t.account_id, t.accounting_date, t.posted_at, e.leg, e.ledger_account_id,
      l.code, l.detail, e.amount, e.currency
    FROM transactions t
    JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
    JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
    WHERE t.project_id = ${project} AND t.accounting_date = '${day}'`,
} as const;

/** Copies charges (by service day) or entries (by accounting date) of one day into a CSV file. */
export async function copyDay(
  pool: pg.Pool,
  table: keyof typeof dayStatements,
  { projectId, day }: { projectId: string; day: LocalDay },
  file: string,
): Promise<void> {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new Error('not a local day');
  await copyOut(pool, dayStatements[table](checkedId(projectId), day), file);
}

const quarter = (column: string) => `(extract(epoch FROM ${column}) / 900)`;

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
      coalesce(floor${quarter('i.valid_to')}::bigint, ${FAR})
    FROM installations i WHERE i.project_id = ${project} ORDER BY i.id`,
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

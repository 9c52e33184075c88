/** Who holds points, and when a meter was there: dated rows in epoch milliseconds, read set-based. */
import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';
import { arrayText } from './copy.ts';
import type { Dated, Tenancy } from './parts.ts';
import type { Commodity } from './price-book.ts';

export interface Holdings {
  tenancies: Map<string, Tenancy[]>;
  installations: Map<string, Dated[]>;
  commodities: Map<string, Commodity>;
  codes: Map<string, string>;
}

/** Tenancies, installations, commodity and code of points, each by point. */
export async function holdingsOf(
  db: Queryable,
  { projectId, points }: { projectId: string; points: readonly string[] },
): Promise<Holdings> {
  const of = (table: SQL) => sql`
    FROM ${table} t JOIN unnest(${arrayText(points)}::bigint[]) AS w (point_id) USING (point_id)
    WHERE t.project_id = ${projectId}::bigint`;
  const epochs = sql`(extract(epoch FROM t.valid_from) * 1000)::float8 AS from_ms,
    (extract(epoch FROM t.valid_to) * 1000)::float8 AS to_ms`;
  const held = await db.execute<{
    point: string;
    account: string;
    from_ms: number;
    to_ms: number | null;
  }>(sql`SELECT point_id::text AS point, t.account_id::text AS account, ${epochs}
    ${of(sql`tenancies`)} ORDER BY t.valid_from`);
  const installed = await db.execute<{ point: string; from_ms: number; to_ms: number | null }>(
    sql`SELECT point_id::text AS point, ${epochs} ${of(sql`installations`)}`,
  );
  const known = await db.execute<{ point: string; commodity: Commodity; code: string }>(
    sql`SELECT point_id::text AS point, t.commodity, t.code
      ${of(sql`(SELECT project_id, id AS point_id, commodity, code FROM points)`)}`,
  );
  const holdings: Holdings = {
    tenancies: new Map(),
    installations: new Map(),
    commodities: new Map(known.rows.map((row) => [row.point, row.commodity])),
    codes: new Map(known.rows.map((row) => [row.point, row.code])),
  };
  for (const { point, account: accountId, from_ms: fromMs, to_ms: toMs } of held.rows) {
    append(holdings.tenancies, point, { accountId, fromMs, toMs });
  }
  for (const { point, from_ms: fromMs, to_ms: toMs } of installed.rows) {
    append(holdings.installations, point, { fromMs, toMs });
  }
  return holdings;
}

/** Adds a value to the list of a key. */
export function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

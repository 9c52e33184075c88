/**
 * What a table holds of each local day, told in a few exact numbers by the warehouse and by its source:
 * where the two differ, the warehouse is wrong.
 */
import type { DuckDBValue } from '@duckdb/node-api';
import type pg from 'pg';
import { type DuckDBConnection, rowsOf } from '../sql/duckdb.ts';
import { daySpan, type LocalDay } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';
import { list } from './columns.ts';
import { layouts } from './compact.ts';
import type { DayTable } from './manifest.ts';
import { localDay } from './postgres-source.ts';
import { checkedId, rowsOfDays, within } from './questdb-source.ts';

/** Local day → name of a fact → its value, exact. */
export type Facts = Map<LocalDay, Record<string, string>>;

interface Place {
  projectId: string;
  zone: string;
}

/** Facts of the warehouse, by table: expressions of DuckDB over the rows of a day. */
const ours: Record<DayTable, Record<string, string>> = {
  intervals: { rows: 'count(*)', quantity: 'sum(quantity)', versions: 'sum(version)' },
  energy_days: { slots: 'sum(measured + estimated + missing)', quantity: 'sum(quantity)' },
  calendars: { rows: 'count(*)' },
  registers: { rows: 'count(*)', digests: 'sum(digest)' },
  samples: { rows: 'count(*)', digests: 'sum(digest)' },
  electrical_days: { good: 'sum(samples)' },
  charges: { rows: 'count(*)', quantity: 'sum(quantity)', exact: 'sum(exact)' },
  entries: { rows: 'count(*)', amount: 'sum(amount)', moved: 'sum(abs(amount))' },
  sales: { rows: 'count(*)', amount: 'sum(amount)' },
};

/** The names of the facts of a table; the first one counts what there is. */
export const factNames = (table: DayTable): readonly string[] => Object.keys(ours[table]);

/** The facts that the files of a table hold of these days; a day without a row has none. */
export async function factsOfFiles(
  connection: DuckDBConnection,
  table: DayTable,
  { files, days }: { files: DuckDBValue; days: readonly LocalDay[] },
): Promise<Facts> {
  const day = layouts[table].localDay;
  const columns = Object.entries(ours[table]).map(
    ([name, expression]) => `CAST(${expression} AS VARCHAR) AS ${name}`,
  );
  const rows = await rowsOf<Record<string, string | null>>(
    connection,
    `SELECT CAST(${day} AS VARCHAR) AS day, ${columns.join(', ')}
     FROM read_parquet($files::VARCHAR[]) WHERE list_contains($days::DATE[], ${day}) GROUP BY day`,
    { files, days: list(days) },
  );
  return new Map(
    rows.map(({ day: of, ...facts }) => [
      of ?? '',
      mapped(facts, (name, value) =>
        // As QuestDB sums them: 64 bits that wrap around.
        name === 'digests' ? String(BigInt.asIntN(64, BigInt(value))) : plain(value),
      ),
    ]),
  );
}

/** The facts that QuestDB has of the intervals of these days. */
export const factsOfIntervals = (
  questdb: Questdb,
  place: Place,
  days: readonly LocalDay[],
): Promise<Facts> =>
  factsOfQuestdb(questdb, place, days, {
    table: 'intervals',
    sums: {
      versions: 'sum(version)',
      quantity: "sum(CASE WHEN quality <> 'missing' THEN quantity ELSE 0L END)",
      slots: 'count()',
    },
  });

/** The facts that QuestDB has of the samples of these days. */
export const factsOfSamples = (
  questdb: Questdb,
  place: Place,
  days: readonly LocalDay[],
): Promise<Facts> =>
  factsOfQuestdb(questdb, place, days, {
    table: 'samples',
    sums: { digests: 'sum(digest)', good: "sum(CASE WHEN quality = 'ok' THEN 1L ELSE 0L END)" },
  });

async function factsOfQuestdb(
  questdb: Questdb,
  { projectId, zone }: Place,
  days: readonly LocalDay[],
  { table, sums }: { table: 'intervals' | 'samples'; sums: Record<string, string> },
): Promise<Facts> {
  const names = Object.keys(sums);
  const columns = Object.values(sums).map((sum) => `${sum}::string`);
  const rows = await rowsOfDays(questdb, days, (day) => {
    const { startMs, endMs } = daySpan(zone, day);
    return `SELECT '${day}' AS day, count()::string, ${columns.join(', ')} FROM ${table}
      WHERE project = '${checkedId(projectId)}' AND ${within(startMs, endMs)}`;
  });
  return new Map(
    rows
      .filter(([, count]) => count !== '0')
      .map(([day, count, ...values]) => [
        String(day),
        { rows: `${count}`, ...Object.fromEntries(names.map((name, i) => [name, `${values[i]}`])) },
      ]),
  );
}

const postings: Record<'charges' | 'entries' | 'sales', (zone: string) => string> = {
  charges: () => `
    SELECT s.local_day::text AS day, count(*) AS rows, sum(c.quantity) AS quantity, sum(c.exact) AS exact
    FROM settlements s
    JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
    WHERE s.project_id = $1 AND s.local_day = ANY($2::date[]) GROUP BY 1`,
  entries: () => `
    SELECT t.accounting_date::text AS day, count(*) AS rows, sum(e.amount) AS amount,
      sum(abs(e.amount)) AS moved
    FROM transactions t
    JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
    WHERE t.project_id = $1 AND t.accounting_date = ANY($2::date[]) GROUP BY 1`,
  sales: (zone) => `
    SELECT ${localDay('sold_at', zone)}::text AS day, count(*) AS rows, sum(amount_minor) AS amount
    FROM sales
    WHERE project_id = $1 AND ${localDay('sold_at', zone)} = ANY($2::date[]) GROUP BY 1`,
};

/** The facts that Postgres has of what was posted on these days. */
export async function factsOfPostings(
  pool: pg.Pool,
  table: keyof typeof postings,
  { projectId, zone }: Place,
  days: readonly LocalDay[],
): Promise<Facts> {
  const { rows } = await pool.query<Record<string, string>>(postings[table](zone), [
    projectId,
    days,
  ]);
  return new Map(
    rows.map(({ day, ...facts }) => [day ?? '', mapped(facts, (_, value) => plain(value))]),
  );
}

const mapped = (
  facts: Record<string, string | null>,
  value: (name: string, value: string) => string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(facts).map(([name, v]) => [name, value(name, v ?? '0')]));

/** A decimal without zeros that say nothing, as two programs write one number in two ways. */
const plain = (value: string): string =>
  value.includes('.') ? value.replace(/\.?0+$/, '') : value;

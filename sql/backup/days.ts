/**
 * Digests of what was settled, day by day: headers, charges, entries and intervals of each project's
 * local days. Taken when a backup is made and again when it was restored.
 */
import type pg from 'pg';
import { dayFromNumber } from '../local-day.ts';
import { type PostgresTable, tablesOf } from './postgres-copy.ts';
import type { QuestdbTable, Watch } from './questdb-copy.ts';
import { openTally, type Tally } from './tally.ts';

/** `<project>/<what>/<local day>` → digest. */
export type DayDigests = Map<string, string>;

/** Which day a row of the table belongs to; `r` is the row. */
const ledgerDays = [
  { what: 'settlements', from: 'settlements r', day: 'r.local_day' },
  {
    what: 'charges',
    from: `charges r JOIN settlements s
      ON s.project_id = r.project_id AND s.id = r.settlement_id`,
    day: 's.local_day',
  },
  {
    what: 'entries',
    from: `entries r JOIN transactions t
      ON t.project_id = r.project_id AND t.id = r.transaction_id`,
    day: 't.accounting_date',
  },
] as const;

export const dayKinds = [...ledgerDays.map(({ what }) => what), 'intervals'] as const;

/** Of settlement headers, charges and entries (by accounting date), every column of them. */
export async function ledgerDigests(client: pg.Client): Promise<DayDigests> {
  const columnsOf = new Map(
    (await tablesOf(client)).map(({ name, columns }: PostgresTable) => [name, columns]),
  );
  const digests: DayDigests = new Map();
  for (const { what, from, day } of ledgerDays) {
    const row = (columnsOf.get(what) ?? []).map((column) => `r."${column}"`).join();
    // A sum knows no order; of two halves of a hash, so that it is as hard to meet by chance as one.
    const half = (at: number) =>
      `sum(('x' || substr(hash, ${at}, 15))::bit(60)::bigint::numeric)::text`;
    const { rows } = await client.query<Record<'project' | 'day' | 'digest', string>>(`
      SELECT project, day, count(*) || ':' || ${half(1)} || ':' || ${half(16)} AS digest
      FROM (SELECT r.project_id::text AS project, ${day}::text AS day, md5(ROW(${row})::text) AS hash
        FROM ${from}) AS hashed GROUP BY 1, 2`);
    for (const { project, day: of, digest } of rows)
      digests.set(`${project}/${what}/${of}`, digest);
  }
  return digests;
}

/** Adds up the intervals that go by, by local day. */
export function watchIntervals({ columns }: Pick<QuestdbTable, 'columns'>): {
  watch: Watch;
  digests: () => DayDigests;
} {
  const at = (name: string) => columns.findIndex((column) => column.name === name);
  const [project, localDay] = [at('project'), at('local_day')];
  const tallies = new Map<string, Tally>();
  return {
    watch: (table, cells, line) => {
      if (table !== 'intervals') return;
      const day = dayFromNumber(Number(cells[localDay]));
      const key = `${cells[project]}/intervals/${day}`;
      const tally = tallies.get(key) ?? openTally();
      tallies.set(key, tally);
      tally.add(line);
    },
    digests: () => new Map([...tallies].map(([key, tally]) => [key, tally.text()])),
  };
}

/** One line of the file of digests. */
export const digestLine = ([key, digest]: readonly [string, string]): string =>
  `${JSON.stringify([key, digest])}\n`;

/**
 * Settlement of a large park's day: charges and balanced entries committed, against a scan of the same
 * intervals and a COPY of the same rows into tables with the same columns and indexes. The floor draws no
 * ids, computes nothing, checks no reference and no balance.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { type Settled, settleDue } from '../../billing/settle.ts';
import { daySpan } from '../../sql/local-day.ts';
import { alternate, type Spent } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';
import {
  type Clone,
  cloneOf,
  DAY,
  makePark,
  NEXT_DAY,
  type Template,
  ZONE,
} from './settlement/park.ts';

export const settlement: Part = {
  name: 'settlement',
  says: 'a day of a large park settled, against a scan and a COPY of the same rows',
  run: measure,
};

/** What a settlement writes, parents first. */
const TABLES = [
  'settlement_runs',
  'transactions',
  'settlements',
  'charges',
  'entries',
  'posted_totals',
] as const;
const ROUNDS_MAX = 3;
const TARGET = { ratioMax: 2.5 };

async function measure(context: BenchContext): Promise<Row[]> {
  const { quick, say, scratch } = context;
  const points = quick ? 600 : 100_000;
  say(`${points} points × 2 days are made`);
  const park = await makePark(await context.databases(), points);
  const rows = await rowsOfDay(park, scratch);
  const rounds = Math.min(context.rounds, ROUNDS_MAX);
  say(`${rows.count} rows, ${rounds} rounds`);
  const again: Spent[] = [];
  const { ours, floor } = await alternate({
    rounds,
    ours: () =>
      withClone(park, scratch, async (clone) => {
        const spent = await clone.spend(() => settle(clone, points));
        again.push(await clone.spend(() => settle(clone, 0)));
        return spent;
      }),
    floor: () => withClone(park, scratch, (clone) => clone.spend(() => copyDay(clone, scratch))),
  });
  say('two at once, and the day after');
  const two = await withClone(park, scratch, (clone) =>
    clone.spend(() => settleTwice(clone, points)),
  );
  const next = await withClone(park, scratch, async (clone) => {
    await settle(clone, points);
    await clone.owner.query('ANALYZE');
    clone.after(NEXT_DAY);
    return await clone.spend(() => expectSettled(settleDue(clone.deps, clone.project), points));
  });
  const second = again.at(-1) as Spent; // there is one at least
  const against = 'QuestDB export, DuckDB scan, COPY of the same rows, commit';
  const day = `${points} points × 1 day`;
  return [
    {
      what: `wall time of ${day}`,
      unit: 's',
      ...{ ours: ours.wallS, floor: floor.wallS, target: TARGET, against },
      note: `${rows.count} rows: ${rows.text}`,
    },
    {
      what: `CPU of ${day}, all processes`,
      unit: 's',
      ...{ ours: ours.cpuS, floor: floor.cpuS, target: TARGET, against },
    },
    { what: 'second run, nothing to do', unit: 's', ours: second.wallS, target: { max: 2 } },
    {
      what: 'two runs at once',
      unit: 's',
      ours: two.wallS,
      note: 'each header once, nothing doubled: else this part fails',
    },
    {
      what: 'the day after, totals of the month known',
      unit: 's',
      ours: next.wallS,
      note: `${next.cpuS.toFixed(1)} s CPU`,
    },
  ];
}

async function withClone<Value>(
  park: Template,
  scratch: string,
  act: (clone: Clone) => Promise<Value>,
): Promise<Value> {
  const clone = await cloneOf(park, scratch);
  clone.after(DAY);
  try {
    return await act(clone);
  } finally {
    await clone.close();
  }
}

const settle = (clone: Clone, headers: number) =>
  expectSettled(settleDue(clone.deps, clone.project), headers);

/** A figure of a settlement that did something else than it should is none. */
async function expectSettled(settled: Promise<Settled>, headers: number): Promise<void> {
  const got = await settled;
  if (got.outcome !== 'settled' || got.headers !== headers || got.waiting > 0) {
    throw new Error(`settled ${JSON.stringify(got)} instead of ${headers} headers`);
  }
}

/** Two runs at once, and what is in the ledger afterwards. */
async function settleTwice(clone: Clone, points: number): Promise<void> {
  const runs = await Promise.all([1, 2].map(() => settleDue(clone.deps, clone.project)));
  const headers = runs.map((run) => (run.outcome === 'settled' ? run.headers : 0));
  const { rows } = await clone.owner.query<{ headers: string; off: string }>(
    `SELECT (SELECT count(*) FROM settlements) AS headers,
       (SELECT count(*) FROM (SELECT FROM entries GROUP BY transaction_id HAVING sum(amount) <> 0) o) AS off`,
  );
  const told = headers.reduce((a, b) => a + b, 0);
  if (told !== points || Number(rows[0]?.headers) !== points || rows[0]?.off !== '0') {
    throw new Error(
      `two runs settled ${headers.join(' and ')}, the ledger has ${JSON.stringify(rows[0])}`,
    );
  }
}

/** Settles once and keeps the rows that came of it as files, for the floor to copy. */
async function rowsOfDay(
  park: Template,
  scratch: string,
): Promise<{ count: number; text: string }> {
  return await withClone(park, scratch, async (clone) => {
    await settle(clone, park.points);
    const counts: [table: string, count: number][] = [];
    for (const table of TABLES) {
      await pipeline(
        clone.owner.query(copyTo(`COPY ${table} TO STDOUT`)),
        createWriteStream(join(scratch, `${table}.copy`)),
      );
      const { rows } = await clone.owner.query(`SELECT count(*)::int AS count FROM ${table}`);
      counts.push([table, rows[0].count]);
    }
    return {
      count: counts.reduce((sum, [, count]) => sum + count, 0),
      text: counts.map(([table, count]) => `${count} ${table}`).join(', '),
    };
  });
}

/** The floor. */
async function copyDay({ owner, deps, project }: Clone, scratch: string): Promise<void> {
  const { startMs, endMs } = daySpan(ZONE, DAY);
  const file = join(scratch, 'intervals.parquet');
  await deps.source.questdb.exportParquet(
    `SELECT point, local_day, local_slot, quantity, quality, known_at FROM intervals
     WHERE project = '${project.id}' AND ts >= '${new Date(startMs).toISOString()}'
       AND ts < '${new Date(endMs).toISOString()}'`,
    file,
  );
  const connection = await deps.source.duckdb.connect();
  try {
    const result = await connection.stream(`SELECT * FROM read_parquet('${file}')`);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
    }
  } finally {
    connection.closeSync();
  }
  await owner.query('CREATE SCHEMA bare');
  for (const table of TABLES) {
    await owner.query(`CREATE TABLE bare.${table} (LIKE public.${table} INCLUDING ALL)`);
  }
  await owner.query('BEGIN');
  for (const table of TABLES) {
    await pipeline(
      createReadStream(join(scratch, `${table}.copy`)),
      owner.query(copyFrom(`COPY bare.${table} FROM STDIN`)),
    );
  }
  await owner.query('COMMIT');
}

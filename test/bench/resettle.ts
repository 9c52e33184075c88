/**
 * A month of a park settled anew after a correction of its tariff: a version with other prices that holds
 * from the first of the month. Against a scan of the same intervals and a COPY of the rows that come of it
 * into tables with the same columns and indexes; the floor reads nothing of what stands and compares nothing.
 */
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { makeVersion } from '../../billing/tariff-store.ts';
import { addDays, daySpan, daysBetween } from '../../sql/local-day.ts';
import { jiangsu } from '../billing/jiangsu.ts';
import { alternate, type Spent } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';
import { beginIds, restorePark, storePark } from './settlement/kept.ts';
import {
  type Clone,
  cloneOf,
  makePark,
  measureDays,
  type Template,
  ZONE,
} from './settlement/park.ts';

export const resettle: Part = {
  name: 'resettle',
  says: 'a month of a park settled anew under corrected prices, against a scan and a COPY of the same rows',
  run: measure,
};

const FIRST_DAY = '2026-05-01';
const ROUNDS_MAX = 2;
const TARGET = { ratioMax: 3 };
/** Changes whenever the generator does. */
const GENERATOR = 1;

async function measure(context: BenchContext): Promise<Row[]> {
  const { quick, say, scratch } = context;
  const points = quick ? 60 : Number(process.env.RESETTLE_POINTS ?? 10_000);
  const days = daysBetween(FIRST_DAY, addDays(FIRST_DAY, quick ? 3 : 31));
  const count = points * days.length;
  const name = `resettle-${points}x${days.length}-${newestMigration()}-${GENERATOR}`;
  const kept = await context.kept(name, async (folder) => {
    const databases = await context.databases();
    await beginIds(databases);
    const park = await makePark(databases, points, days);
    say(`${count} days of points are settled`);
    const clone = await cloneOf(park, scratch);
    try {
      clone.after(days.at(-1) ?? FIRST_DAY);
      await expectAll(settleDue(clone.deps, clone.project), count);
      const { urls } = databases;
      await storePark({ ...park, databases: { ...databases, urls: clone.urls(urls) } }, folder);
    } finally {
      await clone.close();
    }
  });
  const park = await restorePark(await context.databases(), kept);
  await measureDays(park, days);
  say('the correction once, for its rows');
  const again: Spent[] = [];
  const settleMonth = (clone: Clone) => clone.spend(() => settleAll(clone, count));
  const rows = await withCorrected(park, { scratch, days }, async (clone, mark) => {
    await settleMonth(clone);
    await dirtyAll(clone, mark);
    again.push(await clone.spend(() => settleAll(clone, 0)));
    return await storeRows(clone, { mark, scratch });
  });
  const rounds = Math.min(context.rounds, ROUNDS_MAX);
  say(`${rows.count} rows, ${rounds} rounds`);
  const { ours, floor } = await alternate({
    rounds,
    ours: () => withCorrected(park, { scratch, days }, settleMonth),
    floor: () =>
      withCorrected(park, { scratch, days }, (clone) =>
        clone.spend(() => copyMonth(clone, { scratch, days, tables: rows.tables })),
      ),
  });
  const second = again[0] as Spent; // there was one
  const against = 'QuestDB export, DuckDB scan, COPY of the same rows, commit';
  const what = `${points} points × ${days.length} days settled anew`;
  return [
    {
      what: `wall time of ${what}`,
      unit: 's',
      ...{ ours: ours.wallS, floor: floor.wallS, target: TARGET, against },
      note: `${rows.count} rows: ${rows.text}`,
    },
    {
      what: `CPU of ${what}, all processes`,
      unit: 's',
      ...{ ours: ours.cpuS, floor: floor.cpuS, target: TARGET, against },
    },
    {
      what: 'all of it marked again: nothing new',
      unit: 's',
      ours: second.wallS,
      note: `${second.cpuS.toFixed(1)} s CPU; a header written fails this part`,
    },
  ];
}

/** A schema that moves on makes what was kept useless. */
function newestMigration(): string {
  const journal = new URL('../../sql/migrations/postgres/meta/_journal.json', import.meta.url);
  const { entries } = JSON.parse(readFileSync(journal, 'utf8')) as { entries: { tag: string }[] };
  return entries.at(-1)?.tag ?? 'none';
}

/** A copy of the park with its tariff corrected; `mark` is an id before everything that comes of it. */
async function withCorrected<Value>(
  park: Template,
  { scratch, days }: { scratch: string; days: readonly string[] },
  act: (clone: Clone, mark: string) => Promise<Value>,
): Promise<Value> {
  const clone = await cloneOf(park, scratch);
  try {
    clone.after(days.at(-1) ?? FIRST_DAY);
    const { rows } = await clone.owner.query<{ tariff: string; mark: string }>(
      "SELECT (SELECT id FROM tariffs) AS tariff, nextval('ids') AS mark",
    );
    await makeVersion(clone.deps.postgres.db, {
      projectId: clone.project.id,
      tariffId: rows[0]?.tariff ?? '',
      version: {
        effectiveFrom: FIRST_DAY,
        definition: corrected,
        correction: { reason: 'prices' },
      },
      by: { actor: { kind: 'system', id: 'bench', name: 'bench' }, traceId: 'bench' },
      now: clone.deps.clock(),
    });
    await clone.owner.query('ANALYZE');
    return await act(clone, rows[0]?.mark ?? '');
  } finally {
    await clone.close();
  }
}

/** Each price of energy a thousandth higher. */
const corrected = {
  ...jiangsu,
  components: jiangsu.components.map((component) =>
    component.prices
      ? { ...component, prices: { '2': '0.95756', '3': '0.64064', '4': '0.38318' } }
      : component,
  ),
};

/** The rounds of billing's process, until nothing is left. */
async function settleAll(clone: Clone, headers: number): Promise<void> {
  let written = 0;
  for (;;) {
    const settled = await settleDirty(clone.deps, clone.project);
    if (settled.outcome !== 'settled') throw new Error(JSON.stringify(settled));
    written += settled.headers;
    const { rows } = await clone.owner.query<{ left: boolean }>(
      `SELECT EXISTS (SELECT FROM dirty_days d WHERE NOT EXISTS (SELECT FROM dirty_days_done e
         WHERE e.project_id = d.project_id AND e.consumer = 'rating' AND e.dirty_id = d.id)) AS left`,
    );
    if (!rows[0]?.left) break;
  }
  if (written !== headers) throw new Error(`${written} headers instead of ${headers}`);
}

async function expectAll(settling: ReturnType<typeof settleDue>, headers: number): Promise<void> {
  const settled = await settling;
  if (settled.outcome !== 'settled' || settled.headers !== headers) {
    throw new Error(`settled ${JSON.stringify(settled)} instead of ${headers} headers`);
  }
}

/** What the correction has marked, marked once more. */
async function dirtyAll({ owner }: Clone, mark: string): Promise<void> {
  await owner.query(
    `INSERT INTO dirty_days (project_id, point_id, local_day, who, why)
     SELECT project_id, point_id, local_day, who, 'again' FROM dirty_days WHERE id > $1`,
    [mark],
  );
}

/** Which rows of a table a re-settlement has written; parents first. */
const WRITTEN = [
  ['settlement_runs', (mark: string) => `id > ${mark}`],
  ['transactions', (mark: string) => `id > ${mark}`],
  ['settlements', (mark: string) => `id > ${mark}`],
  ['charges', (mark: string) => `settlement_id > ${mark}`],
  ['entries', (mark: string) => `transaction_id > ${mark}`],
  ['posted_totals', (mark: string) => `tariff_version_id > ${mark}`],
] as const;

async function storeRows(
  { owner }: Clone,
  { mark, scratch }: { mark: string; scratch: string },
): Promise<{ count: number; text: string; tables: string[] }> {
  const counts: [table: string, count: number][] = [];
  for (const [table, where] of WRITTEN) {
    const chosen = `FROM ${table} WHERE ${where(mark)}`;
    await pipeline(
      owner.query(copyTo(`COPY (SELECT * ${chosen}) TO STDOUT`)),
      createWriteStream(join(scratch, `${table}.copy`)),
    );
    counts.push([
      table,
      (await owner.query(`SELECT count(*)::int AS count ${chosen}`)).rows[0].count,
    ]);
  }
  return {
    count: counts.reduce((sum, [, count]) => sum + count, 0),
    text: counts.map(([table, count]) => `${count} ${table}`).join(', '),
    tables: counts.map(([table]) => table),
  };
}

/** The floor. */
async function copyMonth(
  { owner, deps, project }: Clone,
  {
    scratch,
    days,
    tables,
  }: { scratch: string; days: readonly string[]; tables: readonly string[] },
): Promise<void> {
  const from = new Date(daySpan(ZONE, FIRST_DAY).startMs).toISOString();
  const to = new Date(daySpan(ZONE, days.at(-1) ?? FIRST_DAY).endMs).toISOString();
  const file = join(scratch, 'intervals.parquet');
  await deps.source.questdb.exportParquet(
    `SELECT point, local_day, local_slot, quantity, quality, known_at FROM intervals
     WHERE project = '${project.id}' AND ts >= '${from}' AND ts < '${to}'`,
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
  for (const table of tables) {
    await owner.query(`CREATE TABLE bare.${table} (LIKE public.${table} INCLUDING ALL)`);
  }
  await owner.query('BEGIN');
  for (const table of tables) {
    await pipeline(
      createReadStream(join(scratch, `${table}.copy`)),
      owner.query(copyFrom(`COPY bare.${table} FROM STDIN`)),
    );
  }
  await owner.query('COMMIT');
}

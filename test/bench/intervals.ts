/**
 * Intervals of a park's day: our statements, which doubt every reading, against the bare one that takes
 * first and last reading of each slot and the difference to the slot before.
 */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { fillInputs, OPEN_END, runIntervals } from '../../ingest/interval-statement.ts';
import { openDuckdb, rowsOf } from '../../sql/duckdb.ts';
import { dayNumber, daySpan, SLOT_MS } from '../../sql/local-day.ts';
import { alternate, spend } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';

const ZONE = 'Asia/Shanghai';
const DAY = '2026-10-01';
const MINUTE_MS = 60_000;
const MULTIPLIER = 40;
const RATED_WH = 52_800;
/** Meters with a reading that contradicts the others: one in so many. */
const ODD_EACH = 500;

export const intervals: Part = {
  name: 'intervals',
  says: 'samples of one day into intervals: our statements against the bare one',
  run: measure,
};

async function measure(context: BenchContext): Promise<Row[]> {
  const { quick, rounds, kept, say } = context;
  const meters = quick ? 100 : 10_000;
  const folder = await kept(`intervals-${meters}-5`, (to) => generate(to, meters));
  const duckdb = await openDuckdb({ memory: '4GB', threads: 2 });
  const connection = await duckdb.connect();
  try {
    // As ingest/interval-inputs.ts reads what QuestDB has exported.
    await connection.run(`CREATE TEMP VIEW in_samples AS
      SELECT epoch_us(ts) // 1000 AS ms, meter::BIGINT AS meter, active_wh AS active, forward_wh AS forward,
        volume_l AS volume, reverse_wh AS reverse FROM '${join(folder, 'samples.parquet')}'`);
    const { startMs, endMs } = daySpan(ZONE, DAY);
    await fillInputs(connection, {
      ...{ ignored: [], openers: [], spikes: [] },
      installations: Array.from({ length: meters }, (_, i) => ({
        ...{ inst: i, point: String(i + 1), meter: String(i + 1), channel: 0 as const },
        ...{ starts: 0, ends: OPEN_END, firstRegister: null, lastRegister: null },
        multiplier: i % 4 === 0 ? MULTIPLIER : 1,
        ...{ span: '42949672960', step: 10 },
        rated: String(RATED_WH * (i % 4 === 0 ? MULTIPLIER : 1)),
        ...{ whole: false, final: true, follows: false },
      })),
      cadences: Array.from({ length: meters }, (_, i) => ({
        ...{ meter: String(i + 1), starts: 0, ends: OPEN_END, ms: MINUTE_MS },
      })),
      days: [{ local_day: dayNumber(DAY), starts: startMs, ends: endMs }],
    });
    const window = { nowMs: endMs, fromMs: startMs, untilMs: endMs };
    say(`${meters} meters × 1,440 samples, ${rounds} rounds`);
    const { ours, floor } = await alternate({
      rounds,
      ours: () => spend(() => runIntervals(connection, window)),
      floor: () => spend(() => runBare(connection)),
    });
    const [count] = await rowsOf<{ intervals: bigint; odd: bigint }>(
      connection,
      `SELECT count(*) FILTER (kind = 'interval') AS intervals,
        count(*) FILTER (kind = 'verdict') AS odd FROM built`,
    );
    // The first slot has no reading before it, the last one none behind: those two are not told.
    if (Number(count?.intervals) < meters * 94) throw new Error(`built only ${count?.intervals}`);
    const against = 'first and last reading of each slot and LAG over the same file';
    const note = `${count?.intervals} intervals, ${count?.odd} contradictions found`;
    const target = { ratioMax: 1.5 };
    return [
      {
        what: 'CPU of one day',
        unit: 's',
        ours: ours.cpuS,
        floor: floor.cpuS,
        target,
        against,
        note,
      },
      { what: 'wall time of one day', unit: 's', ours: ours.wallS, floor: floor.wallS, target },
    ];
  } finally {
    connection.closeSync();
    duckdb.close();
  }
}

/** What anyone would write first: no judgement, no estimate, no boundary between two readings. */
async function runBare(connection: DuckDBConnection): Promise<void> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE bare AS
    SELECT meter, slot, last - lag(last) OVER (PARTITION BY meter ORDER BY slot) AS quantity, first
    FROM (
      SELECT meter, ms // ${SLOT_MS} AS slot, arg_min(active, ms) AS first, arg_max(active, ms) AS last
      FROM in_samples GROUP BY meter, slot
    )`);
}

/**
 * A day in the order of time, as QuestDB exports it. Loads from 200 W to 24 kW on average, most of them small, that
 * rise and fall by the day; a gap of an hour at one meter in 50, a spike or a reset at one in 500.
 */
async function generate(folder: string, meters: number): Promise<void> {
  const duckdb = await openDuckdb({ memory: '4GB', threads: 2 });
  const connection = await duckdb.connect();
  const { startMs } = daySpan(ZONE, DAY);
  try {
    await connection.run(`COPY (
      WITH meters AS (
        SELECT m, 200 * exp(4.8 * pow((hash(m) % 1000) / 1000.0, 2)) AS load_w, (hash(m * 7) % 45000)::BIGINT AS stagger_ms,
          100000 * (hash(m * 3) % 5000)::BIGINT AS base
        FROM range(1, ${meters + 1}) t(m)
      ),
      readings AS (
        SELECT m, minute, base, ${startMs}::BIGINT + minute * ${MINUTE_MS} + stagger_ms + (hash(m * 1440 + minute) % 400)::BIGINT AS ms,
          -- The integral of load × (1 − 0.8·cos(day)), so that it only ever grows.
          base + 10 * ((load_w * (minute / 60.0 - 0.8 * 24 / (2 * pi()) * sin(2 * pi() * minute / 1440))) // 10)::BIGINT
            AS register
        FROM meters, range(0, 1440) t(minute)
        WHERE NOT (m % 50 = 7 AND minute BETWEEN 600 AND 660)
      )
      SELECT make_timestamp(ms * 1000) AS ts, m::VARCHAR AS meter,
        CASE WHEN m % ${ODD_EACH} = 3 AND minute = 700 THEN register + 5000000
          WHEN m % ${ODD_EACH} = 11 AND minute >= 800 THEN register - base ELSE register END AS active_wh,
        NULL::BIGINT AS forward_wh, NULL::BIGINT AS volume_l, 0::BIGINT AS reverse_wh
      FROM readings ORDER BY ms
    ) TO '${join(folder, 'samples.parquet')}' (FORMAT parquet)`);
  } finally {
    connection.closeSync();
    duckdb.close();
  }
}

/** The pass over the samples: slots with many readings, samples that cannot be read to their end. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fillInputs, OPEN_END, runIntervals } from '../../ingest/interval-statement.ts';
import { type DuckDBConnection, type Duckdb, openDuckdb, rowsOf } from '../../sql/duckdb.ts';

const READINGS = 300_000;
const SECOND = 1000;
/** The 151st reading of its slot. */
const SPIKE = 150_450;
const nowMs = READINGS * SECOND;

let duckdb: Duckdb;
let connection: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb({ memory: '512MB', threads: 1 });
  connection = await duckdb.connect();
  await fillInputs(connection, {
    ...{ ignored: [], openers: [], spikes: [] },
    installations: [
      {
        ...{ inst: 1, point: '9', meter: '1', channel: 0 },
        ...{ starts: 0, ends: OPEN_END, firstRegister: null, lastRegister: null },
        ...{ multiplier: 1, span: '42949672960', step: 10, rated: '52800' },
        ...{ whole: true, final: true, follows: false },
      },
    ],
    cadences: [{ meter: '1', starts: 0, ends: OPEN_END, ms: SECOND }],
    days: [{ local_day: 19_700_101, starts: 0, ends: nowMs }],
  });
});
afterAll(() => {
  connection.closeSync();
  duckdb.close();
});

const samples = (meter: string) =>
  connection.run(`CREATE OR REPLACE TEMP VIEW in_samples AS
    SELECT i * ${SECOND} AS ms, ${meter} AS meter, i + CASE i WHEN ${SPIKE} THEN 5000000 ELSE 0 END AS active, NULL::BIGINT AS forward,
      NULL::BIGINT AS volume, NULL::BIGINT AS reverse FROM range(${READINGS}) t(i)`);
const build = () => runIntervals(connection, { nowMs, fromMs: 0, untilMs: nowMs });

it('a spike among more readings of a slot than lie beside each other is known by its neighbour', async () => {
  await samples('1');
  await build();
  expect(
    await rowsOf(connection, "SELECT rule, at_ms, previous_ms FROM built WHERE kind = 'verdict'"),
  ).toEqual([
    {
      rule: 'spike',
      at_ms: BigInt(SPIKE * SECOND),
      previous_ms: BigInt((SPIKE - 1) * SECOND),
    },
  ]);
});

it('samples that fail on their way build nothing', async () => {
  await samples(`CASE WHEN i = ${READINGS - 50_000} THEN error('torn')::BIGINT ELSE 1 END`);
  await expect(build()).rejects.toThrow(/torn|broke off/);
});

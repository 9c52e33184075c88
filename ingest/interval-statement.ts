/**
 * What turns samples into intervals (one pass in interval-blocks.ts, interval-plain.ts where nobody doubts, else
 * sql/duckdb/interval-walk.sql and intervals.sql), with its inputs as tables of a connection. Live, backfill and
 * repair all go through here.
 */
import { BIGINT, type DuckDBConnection } from '@duckdb/node-api';
import { question } from '../sql/duckdb.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import { writeTable } from '../sql/number-table.ts';
import { findBlocks } from './interval-blocks.ts';
import { chainsOf, noticedSlots } from './interval-chains.ts';
import { plainIntervals } from './interval-plain.ts';

/** `ends` of what has no end yet, epoch ms. */
export const OPEN_END = 2 ** 62;

/** A meter at a point for a time, as the statement wants it. Registers as read, before CT/PT. */
export interface ChainInput {
  inst: number;
  point: string;
  meter: string;
  channel: 0 | 1 | 2;
  starts: number;
  ends: number;
  firstRegister: string | null;
  lastRegister: string | null;
  multiplier: number;
  span: string;
  /** The step of the register, as read. */
  step: number;
  /** Base units an hour, primary, that can be true. */
  rated: string;
  /** The samples at hand reach back to `starts`. */
  whole: boolean;
  /** They reach to the newest, or to `ends`. */
  final: boolean;
  /** Another installation of the point came before. */
  follows: boolean;
}

/** What people and earlier builds have said about single readings. */
export interface Judgements {
  /** Readings that a person excluded. */
  ignored: readonly { meter: string; ms: number; register: string }[];
  /** Where counting began anew: decided (`wall`) or not yet (`break`). */
  openers: readonly { inst: number; ms: number; kind: 'wall' | 'break' }[];
  /** Spikes that nobody has decided. */
  spikes: readonly { inst: number; ms: number }[];
}

export interface Cadence {
  meter: string;
  starts: number;
  ends: number;
  ms: number;
}

/** A local day, yyyymmdd, and the instants it lies between. */
export interface DayInput {
  local_day: number;
  starts: number;
  ends: number;
}

export interface StatementInputs extends Judgements {
  installations: readonly ChainInput[];
  cadences: readonly Cadence[];
  days: readonly DayInput[];
}

const tables = {
  in_installations: {
    inst: 'INTEGER',
    point: 'BIGINT',
    meter: 'BIGINT',
    channel: 'INTEGER',
    starts: 'BIGINT',
    ends: 'BIGINT',
    first_register: 'BIGINT',
    last_register: 'BIGINT',
    multiplier: 'BIGINT',
    span: 'BIGINT',
    step: 'BIGINT',
    rated: 'BIGINT',
    whole: 'BOOLEAN',
    final: 'BOOLEAN',
    follows: 'BOOLEAN',
  },
  in_ignored: { meter: 'BIGINT', ms: 'BIGINT', register: 'BIGINT' },
  in_openers: { inst: 'INTEGER', ms: 'BIGINT', kind: 'VARCHAR' },
  in_spikes: { inst: 'INTEGER', ms: 'BIGINT' },
  in_cadences: { meter: 'BIGINT', starts: 'BIGINT', ends: 'BIGINT', ms: 'BIGINT' },
  in_days: { local_day: 'INTEGER', starts: 'BIGINT', ends: 'BIGINT' },
} as const;

/** Fills the statement's tables, all but `in_samples`. */
export async function fillInputs(connection: DuckDBConnection, inputs: StatementInputs) {
  const rows: Record<keyof typeof tables, readonly object[]> = {
    in_installations: inputs.installations.map((i) => ({
      ...i,
      first_register: i.firstRegister,
      last_register: i.lastRegister,
    })),
    in_ignored: inputs.ignored,
    in_openers: inputs.openers,
    in_spikes: inputs.spikes,
    in_cadences: inputs.cadences,
    in_days: inputs.days,
  };
  for (const [name, columns] of Object.entries(tables)) {
    await fillTable(connection, { name, columns, rows: rows[name as keyof typeof tables] });
  }
  await connection.run(`CREATE OR REPLACE TEMP TABLE in_slots AS
    SELECT slot, local_day, (slot - starts // ${SLOT_MS})::INTEGER AS local_slot
    FROM (SELECT *, unnest(range(starts // ${SLOT_MS}, ends // ${SLOT_MS})) AS slot FROM in_days)`);
}

/** Makes a temporary table anew from rows; numbers may come as decimal strings. */
export async function fillTable(
  connection: DuckDBConnection,
  {
    name,
    columns,
    rows,
  }: { name: string; columns: Record<string, string>; rows: readonly object[] },
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${name} AS
    SELECT unnest(from_json($rows, $shape), recursive := true)`,
    {
      rows: JSON.stringify(rows),
      shape: JSON.stringify([columns]),
    },
  );
}

/** What is wanted: [from, until), with samples fetched on both sides of it. */
export interface StatementWindow {
  nowMs: number;
  fromMs: number;
  untilMs: number;
}

/** Runs them into the temporary table `built`; leaves `kept_readings` for conflicts.sql. */
export async function runIntervals(
  connection: DuckDBConnection,
  { nowMs, fromMs, untilMs }: StatementWindow,
): Promise<void> {
  const instants = { now: BigInt(nowMs), from: BigInt(fromMs), until: BigInt(untilMs) };
  const make = async (table: string, name: string, used: readonly (keyof typeof instants)[]) =>
    connection.run(
      `CREATE OR REPLACE TEMP TABLE ${table} AS ${await question(name)}`,
      Object.fromEntries(used.map((key) => [key, instants[key]])),
      Object.fromEntries(used.map((key) => [key, BIGINT])),
    );
  await connection.run(await question('interval-rules'));
  await readSamples(connection, { nowMs, fromMs, untilMs });
  await make('walked', 'interval-walk', []);
  await make('built', 'intervals', ['now', 'from', 'until']);
}

/**
 * Makes the tables `blocks`, `opened`, `kept_readings`, `plain_intervals` and `plain_reaches`. Samples that are not
 * in the order of time are read again, sorted.
 */
async function readSamples(
  connection: DuckDBConnection,
  { nowMs, fromMs, untilMs }: StatementWindow,
): Promise<void> {
  const chains = await chainsOf(connection, nowMs);
  const noticed = await noticedSlots(connection);
  const found =
    (await findBlocks(connection, { chains, noticed, isSorted: true })) ??
    (await findBlocks(connection, { chains, noticed, isSorted: false }));
  if (!found) throw new Error('sorted samples are out of order');
  const plain = await plainIntervals(connection, { chains, found, fromMs, untilMs });
  await writeTable(connection, 'blocks', plain.blocks);
  await writeTable(connection, 'opened', found.opened);
  await writeTable(connection, 'kept_readings', found.readings);
  await writeTable(connection, 'plain_intervals', plain.intervals);
  await writeTable(connection, 'plain_reaches', plain.reaches);
}

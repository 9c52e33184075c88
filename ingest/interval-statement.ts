/**
 * What turns samples into intervals (one pass in interval-blocks.ts, then sql/duckdb/interval-walk.sql and
 * intervals.sql), with its inputs as tables of a connection. Live, backfill and repair all go through here.
 */
import { BIGINT, type DuckDBConnection } from '@duckdb/node-api';
import { question } from '../sql/duckdb.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import { writeBlocks } from './interval-blocks.ts';

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
  await writeBlocks(connection, nowMs);
  await make('walked', 'interval-walk', []);
  await make('built', 'intervals', ['now', 'from', 'until']);
}

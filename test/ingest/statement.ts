/** Runs the statement on readings given as plain arrays, with sensible defaults for the rest. */
import {
  fillInputs,
  fillTable,
  type Judgements,
  OPEN_END,
  runIntervals,
} from '../../ingest/interval-statement.ts';
import { openDuckdb, rowsOf } from '../../sql/duckdb.ts';
import { addDays, dayNumber, daySpan, daysBetween, localDayOf } from '../../sql/local-day.ts';

export const SLOT = 900_000;
export const MINUTE = 60_000;

export interface Row {
  ms: number;
  register: number;
  meter?: string;
  reverse?: number | null;
}

export interface Placed {
  meter?: string;
  starts: number;
  ends?: number;
  first?: number | null;
  last?: number | null;
  multiplier?: number;
  span?: number;
  step?: number;
  rated?: number;
  whole?: boolean;
  final?: boolean;
}

export interface Told {
  slot: number;
  day: number;
  localSlot: number;
  quantity: bigint | null;
  reverse: bigint | null;
  quality: string;
  gapS: number | null;
}

export interface Verdict {
  kind: 'verdict' | 'rollover';
  rule: string;
  at: number;
  register: bigint;
  previousAt: number;
  breaks: boolean;
}

/** A row of `built`; which columns are filled depends on its kind. */
interface BuiltRow extends Record<string, unknown> {
  kind: 'interval' | 'verdict' | 'rollover' | 'reach';
  slot: bigint;
  local_day: number;
  local_slot: number;
  quantity: bigint | null;
  reverse_quantity: bigint | null;
  quality: string;
  gap_s: number | null;
  rule: string;
  at_ms: bigint;
  register: bigint;
  previous_ms: bigint;
  breaks: boolean | null;
}

/** One DuckDB for a test file. */
export async function openStatement() {
  const duckdb = await openDuckdb({ memory: '1GB', threads: 1 });
  const connection = await duckdb.connect();

  async function run({
    rows,
    installations,
    nowMs,
    zone = 'UTC',
    cadenceMs = MINUTE,
    judgements = {},
    window = {},
  }: {
    rows: readonly Row[];
    installations: readonly Placed[];
    nowMs: number;
    zone?: string;
    cadenceMs?: number;
    judgements?: Partial<Judgements>;
    window?: { fromMs?: number; untilMs?: number };
  }): Promise<{ intervals: Told[]; verdicts: Verdict[] }> {
    const columns = ['ms', 'meter', 'active', 'forward', 'volume', 'reverse'];
    await fillTable(connection, {
      name: 'in_samples',
      columns: Object.fromEntries(columns.map((name) => [name, 'BIGINT'])),
      rows: rows.map(({ ms, register, meter = '1', reverse = null }) => ({
        ms,
        meter,
        active: register,
        reverse,
      })),
    });
    const from = Math.min(...installations.map((i) => i.starts));
    await fillInputs(connection, {
      installations: installations.map((i, nth) => ({
        inst: nth + 1,
        point: '9',
        meter: i.meter ?? '1',
        channel: 0,
        starts: i.starts,
        ends: i.ends ?? OPEN_END,
        firstRegister: i.first == null ? null : String(i.first),
        lastRegister: i.last == null ? null : String(i.last),
        multiplier: i.multiplier ?? 1,
        span: String(i.span ?? 42_949_672_960),
        step: i.step ?? 10,
        rated: String(i.rated ?? 52_800),
        whole: i.whole ?? true,
        final: i.final ?? true,
        follows: nth > 0,
      })),
      ignored: [],
      openers: [],
      spikes: [],
      cadences: installations.map((i) => ({
        meter: i.meter ?? '1',
        starts: 0,
        ends: OPEN_END,
        ms: cadenceMs,
      })),
      days: daysOf(zone, from - 2 * SLOT, nowMs + 2 * SLOT),
      ...judgements,
    });
    await runIntervals(connection, { nowMs, fromMs: from, untilMs: nowMs, ...window });
    const built = await rowsOf<BuiltRow>(
      connection,
      'SELECT * FROM built ORDER BY kind, slot, at_ms',
    );
    return {
      intervals: built
        .filter((r) => r.kind === 'interval')
        .map((r) => ({
          slot: Number(r.slot),
          day: r.local_day,
          localSlot: r.local_slot,
          quantity: r.quantity,
          reverse: r.reverse_quantity,
          quality: r.quality,
          gapS: r.gap_s,
        })),
      verdicts: built
        .filter((r) => r.kind === 'verdict' || r.kind === 'rollover')
        .map((r) => ({
          // The filter above leaves these two.
          kind: r.kind as Verdict['kind'],
          rule: r.rule,
          at: Number(r.at_ms),
          register: r.register,
          previousAt: Number(r.previous_ms),
          breaks: r.breaks === true,
        })),
    };
  }

  return { run, close: () => duckdb.close() };
}

function daysOf(zone: string, fromMs: number, untilMs: number) {
  const days = daysBetween(localDayOf(zone, fromMs), addDays(localDayOf(zone, untilMs), 1));
  return days.map((day) => {
    const { startMs, endMs } = daySpan(zone, day);
    return { local_day: dayNumber(day), starts: startMs, ends: endMs };
  });
}

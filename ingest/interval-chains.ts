/** The installations of a run and what was said of their slots, as numbers for the pass over the samples. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { question, rowsOf } from '../sql/duckdb.ts';

/** An installation: instants are epoch ms, registers as read. */
export interface Chain extends Record<string, unknown> {
  inst: number;
  point: number;
  meter: number;
  channel: 0 | 1 | 2;
  starts: number;
  ends: number;
  /** The first instant whose reading counts: the register noted at the start replaces a reading. */
  counts_from: number;
  opens_with: number | null;
  closes_with: number | null;
  multiplier: number;
  /** Base units an hour that can be true, primary. */
  bearable: number;
  /** One step of the register, primary. */
  step: number;
  /** Its readings alone tell its intervals, if none is doubted: it neither comes nor goes, and is its point's only one. */
  is_plain: boolean;
}

export const chainsOf = (connection: DuckDBConnection, nowMs: number): Promise<Chain[]> =>
  question('interval-chains').then((asked) =>
    rowsOf<Chain>(connection, asked, { now: BigInt(nowMs) }),
  );

/** Slots that people or earlier builds have spoken of, by inst: to be read reading by reading. */
export async function noticedSlots(
  connection: DuckDBConnection,
): Promise<Map<number, Set<number>>> {
  const noticed = new Map<number, Set<number>>();
  const rows = await rowsOf<{ inst: number; slot: number }>(
    connection,
    await question('interval-noticed'),
  );
  for (const { inst, slot } of rows) {
    const slots = noticed.get(inst) ?? new Set();
    noticed.set(inst, slots.add(slot));
  }
  return noticed;
}

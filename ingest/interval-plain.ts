/**
 * The intervals of meters that nobody doubts, out of their blocks: the register at each boundary lies on the line
 * between the readings at both sides of it. The same as sql/duckdb/intervals.sql, which does it for all others, in
 * whole numbers that a double holds; what does not fit is left to that statement.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../sql/duckdb.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import { addRow, eachRow, type NumberTable, numberTable } from '../sql/number-table.ts';
import { BLOCK, type Found } from './interval-blocks.ts';
import type { Chain } from './interval-chains.ts';

/** Below it quotients of whole numbers are exact once they are rounded down. */
const EXACT_MAX = 2 ** 52;
/** A reading so close to a boundary stands for it, whatever the cadence. */
const CLOSE_MS = 120_000;

export interface Plain {
  /** As intervals.sql wants them. */
  intervals: NumberTable;
  reaches: NumberTable;
  /** The blocks of all other meters. */
  blocks: NumberTable;
}

/** The boundary before, by chain. */
const E = { x: 0, q: 1, w: 2, estimated: 3, bridge: 4 } as const;
const EDGE = 5;
/** How far a chain reaches, as `reaches` has it. */
const REACH = 5;

/** Parts the blocks of a pass: plain ones become intervals, the others are given back. */
export async function plainIntervals(
  connection: DuckDBConnection,
  {
    chains,
    found: { blocks, opened },
    fromMs,
    untilMs,
  }: { chains: readonly Chain[]; found: Found; fromMs: number; untilMs: number },
): Promise<Plain> {
  const placeOf = new Map(chains.map(({ inst }, c) => [inst, c]));
  const at = (inst: number) => placeOf.get(inst) as number; // blocks are of these chains
  const isPlain = Uint8Array.from(chains, ({ is_plain }) => (is_plain ? 1 : 0));
  eachRow(opened, (page, o) => {
    isPlain[at(page[o] as number)] = 0;
  });
  eachRow(blocks, (page, o) => {
    const c = at(page[o + BLOCK.inst] as number);
    if (!isExact(page, o, (chains[c] as Chain).multiplier)) isPlain[c] = 0;
  });
  const cadenceOf = await cadences(connection);
  const plain: Plain = {
    intervals: numberTable('point,slot,quantity,reverse_quantity,estimated,gap_s'.split(',')),
    reaches: numberTable('inst,first_at,last_at,slots_before,slots_after'.split(',')),
    blocks: numberTable(blocks.columns),
  };
  const edges = new Float64Array(chains.length * EDGE).fill(Number.NaN);
  const reaches = new Float64Array(chains.length * REACH);
  for (let c = 0; c < chains.length; c++) reaches[c * REACH + 2] = Number.NaN;
  const row = new Float64Array(blocks.columns.length);
  eachRow(blocks, (page, o) => {
    const c = at(page[o + BLOCK.inst] as number);
    if (isPlain[c] === 0) {
      row.set(page.subarray(o, o + row.length));
      addRow(plain.blocks, row);
      return;
    }
    const [t0, t1] = [page[o + BLOCK.t0] as number, page[o + BLOCK.t1] as number];
    const r = c * REACH;
    if (Number.isNaN(page[o + BLOCK.p_t])) reaches[r + 1] = t0;
    reaches[r + 2] = t1;
    if (t0 < fromMs) reaches[r + 3] = (reaches[r + 3] as number) + 1;
    if (t0 >= untilMs) reaches[r + 4] = (reaches[r + 4] as number) + 1;
    bridge(plain.intervals, { chain: chains[c] as Chain, edges, e: c * EDGE, page, o, cadenceOf });
  });
  const reach = new Float64Array(REACH);
  for (const [c, { inst }] of chains.entries()) {
    if (isPlain[c] === 0 || Number.isNaN(reaches[c * REACH + 2])) continue;
    reach.set(reaches.subarray(c * REACH, (c + 1) * REACH));
    reach[0] = inst;
    addRow(plain.reaches, reach);
  }
  return plain;
}

/** True when all that is computed of a block stays below EXACT_MAX. */
function isExact(page: Float64Array, o: number, multiplier: number): boolean {
  const gap = (page[o + BLOCK.t0] as number) - (page[o + BLOCK.p_t] as number);
  const steepest = Math.max(
    (page[o + BLOCK.r0] as number) - (page[o + BLOCK.p_r] as number) || 0,
    (page[o + BLOCK.v0] as number) - (page[o + BLOCK.p_v] as number) || 0,
  );
  const highest = Math.max(page[o + BLOCK.r1] as number, (page[o + BLOCK.v1] as number) || 0);
  // The first block has none before it.
  return highest * multiplier < EXACT_MAX && !((2 * steepest * multiplier + 1) * gap >= EXACT_MAX);
}

/** The boundaries between a block and the one before, and the intervals that end at them. */
function bridge(
  intervals: NumberTable,
  {
    chain,
    edges,
    e,
    page,
    o,
    cadenceOf,
  }: {
    chain: Chain;
    edges: Float64Array;
    e: number;
    page: Float64Array;
    o: number;
    cadenceOf: Cadences;
  },
): void {
  const { multiplier } = chain;
  const [p_t, t0] = [page[o + BLOCK.p_t] as number, page[o + BLOCK.t0] as number];
  const [p_v, v0] = [page[o + BLOCK.p_v] as number, page[o + BLOCK.v0] as number];
  const p_q = (page[o + BLOCK.p_r] as number) * multiplier;
  const q0 = (page[o + BLOCK.r0] as number) * multiplier;
  // Where one of them has no reverse register, the other's holds.
  const p_w = (Number.isNaN(p_v) ? v0 || 0 : p_v) * multiplier;
  const w0 = (Number.isNaN(v0) ? p_v || 0 : v0) * multiplier;
  const gap = t0 - p_t;
  // Of the first block NaN, so that there is no boundary.
  const first = Math.floor(p_t / SLOT_MS) + 1;
  const last = Math.floor(t0 / SLOT_MS);
  for (let slot = first; slot <= last; slot++) {
    const x = slot * SLOT_MS;
    // Half up: p + floor((2·Δ·dt + T) / 2T).
    const q = p_q + Math.floor((2 * (q0 - p_q) * (x - p_t) + gap) / (2 * gap));
    const w = p_w + Math.floor((2 * (w0 - p_w) * (x - p_t) + gap) / (2 * gap));
    const isFar = x - p_t > CLOSE_MS && t0 - x > CLOSE_MS;
    const estimated = isFar && gap > 2 * cadenceOf(chain.meter, p_t, t0) ? 1 : 0;
    const bridged = x === t0 ? 0 : gap;
    if (!Number.isNaN(edges[e + E.x])) {
      intervalRow[0] = chain.point;
      intervalRow[1] = (edges[e + E.x] as number) / SLOT_MS;
      intervalRow[2] = q - (edges[e + E.q] as number);
      intervalRow[3] = w - (edges[e + E.w] as number);
      intervalRow[4] = Math.max(edges[e + E.estimated] as number, estimated);
      intervalRow[5] = Math.floor(Math.max(edges[e + E.bridge] as number, bridged) / 1000);
      addRow(intervals, intervalRow);
    }
    edges[e + E.x] = x;
    edges[e + E.q] = q;
    edges[e + E.w] = w;
    edges[e + E.estimated] = estimated;
    edges[e + E.bridge] = bridged;
  }
}

const intervalRow = new Float64Array(6);

/** The longest scheduled time between two readings at two instants of a meter, ms; 0 where none is known. */
type Cadences = (meter: number, a: number, b: number) => number;

async function cadences(connection: DuckDBConnection): Promise<Cadences> {
  const byMeter = new Map<number, { starts: number; ends: number; ms: number }[]>();
  for (const { meter, ...cadence } of await rowsOf<
    Record<'meter' | 'starts' | 'ends' | 'ms', number>
  >(
    connection,
    `SELECT meter::DOUBLE AS meter, starts::DOUBLE AS starts, ends::DOUBLE AS ends, ms::DOUBLE AS ms
     FROM in_cadences`,
  )) {
    const known = byMeter.get(meter);
    if (known) known.push(cadence);
    else byMeter.set(meter, [cadence]);
  }
  return (meter, ...instants) => {
    let longest = 0;
    for (const { starts, ends, ms } of byMeter.get(meter) ?? []) {
      if (instants.some((at) => at >= starts && at < ends)) longest = Math.max(longest, ms);
    }
    return longest;
  };
}

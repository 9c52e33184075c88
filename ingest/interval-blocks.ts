/**
 * First and last reading of each meter in each quarter-hour, in one pass over the samples in the order of
 * time, and with them the readings of the slots that have to be read reading by reading.
 * The rules are those of sql/duckdb/interval-rules.sql, in the same floating-point steps.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { SLOT_MS } from '../sql/local-day.ts';
import { addRow, type NumberTable, numberTable } from '../sql/number-table.ts';
import type { Chain } from './interval-chains.ts';
import { type Places, placesOf } from './interval-places.ts';
import { type Columns, samplesOf } from './interval-samples.ts';

/** A register holds 43 bits; what is beyond is not a reading. */
const REGISTER_MAX = 2 ** 43 - 1;
/** Readings that came within the same minute are forgiven the time between them. */
const FORGIVEN_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Readings of a slot that lie beside those of other chains; what is more lies elsewhere. */
const ROOM = 16;
/** Numbers of a reading: instant, register, reverse register. */
const WIDTH = 3;
/** The slot at hand and the block before, in turn. */
const HALF = ROOM * WIDTH;

/** What is known of a chain while it is read; `t`, `r`, `v`: instant, register, reverse register. */
const S = {
  // Looked at with each reading, so they lie in one line of the cache: the slot at hand.
  /** Where the slot ends, or the installation within it. */
  end: 0,
  t1: 1,
  r1: 2,
  /** So much more of the register is flow, however soon. */
  sure: 3,
  v1: 4,
  /** Bits: two values at the first instant, at the last, at any; a step that is no flow; below the first. */
  marks: 5,
  readings: 6,
  half: 7,
  // What the installation allows.
  counts_from: 8,
  ends: 9,
  multiplier: 10,
  bearable: 11,
  step: 12,
  // Looked at when a slot begins or ends.
  slot: 13,
  t0: 14,
  r0: 15,
  v0: 16,
  /** The highest register that a lower one followed. */
  highest: 17,
  // The block before.
  p_t: 18,
  p_r: 19,
  p_v: 20,
  p_slot: 21,
  /** Bits: opened, its readings kept, doubted. */
  p_marks: 22,
  p_readings: 23,
} as const;
const STRIDE = 24;
/** Columns of a block. */
export const BLOCK = {
  ...{
    inst: 0,
    slot: 1,
    t0: 2,
    r0: 3,
    v0: 4,
    t1: 5,
    r1: 6,
    v1: 7,
    is_slot: 8,
    p_t: 9,
    p_r: 10,
    p_v: 11,
  },
} as const;
const FIRST_TWO = 1;
const LAST_TWO = 2;
const DOUBLED = 4;
const STEEP = 8;
const BELOW = 16;
const OPENED = 1;
const KEPT = 2;
const DOUBTED = 4;

/** What a pass finds, as the tables of the same names in sql/duckdb/intervals.sql. */
export interface Found {
  blocks: NumberTable;
  opened: NumberTable;
  readings: NumberTable;
}

export interface Pass {
  chains: readonly Chain[];
  /** Slots that people or earlier builds have spoken of, by inst. */
  noticed: ReadonlyMap<number, ReadonlySet<number>>;
  /** The samples are said to be in the order of time. */
  isSorted: boolean;
}

/**
 * One pass; undefined when it met a reading that is older than the one before. Throws when not all samples
 * could be read.
 */
export async function findBlocks(
  connection: DuckDBConnection,
  { chains, noticed, isSorted }: Pass,
): Promise<Found | undefined> {
  const channels = [...new Set(chains.map(({ channel }) => channel))];
  const states = statesOf(chains, noticed);
  const places = placesOf(chains.map(({ meter }) => meter));
  for await (const columns of samplesOf(connection, { channels, isSorted })) {
    if (!takeRows(states, places, columns)) return undefined;
  }
  finish(states);
  return states.found;
}

interface States {
  chains: readonly Chain[];
  noticed: ReadonlyMap<number, ReadonlySet<number>>;
  all: Float64Array;
  /** Of chains. */
  channels: Uint8Array;
  /** Readings of the slot at hand and of the block before, by chain. */
  held: Float64Array;
  /** Those beyond ROOM, by chain and half. */
  more: Map<number, number[]>;
  found: Found;
}

function statesOf(chains: readonly Chain[], noticed: Pass['noticed']): States {
  const states: States = {
    chains,
    noticed,
    all: new Float64Array(chains.length * STRIDE).fill(Number.NaN),
    channels: Uint8Array.from(chains, ({ channel }) => channel),
    held: new Float64Array(chains.length * 2 * HALF),
    more: new Map(),
    found: {
      blocks: numberTable(Object.keys(BLOCK)),
      opened: numberTable(['inst', 'slot']),
      readings: numberTable(['inst', 'ms', 'register', 'reverse']),
    },
  };
  for (const [c, chain] of chains.entries()) {
    const { counts_from, ends, multiplier, bearable, step } = chain;
    const o = c * STRIDE;
    states.all.set([counts_from, ends, multiplier, bearable, step], o + S.counts_from);
    for (const zero of [S.readings, S.half, S.p_readings, S.p_marks]) states.all[o + zero] = 0;
    states.all[o + S.sure] = sureOf(states.all, o);
    if (chain.opens_with !== null) putNoted(states, c, chain.starts, chain.opens_with);
  }
  return states;
}

/** The most that a register may go on within FORGIVEN_MS, as is_within says it; longer takes no less. */
function sureOf(s: Float64Array, o: number): number {
  const [multiplier, bearable] = [s[o + S.multiplier] as number, s[o + S.bearable] as number];
  let sure = Math.floor(
    ((bearable * FORGIVEN_MS) / HOUR_MS + (s[o + S.step] as number)) / multiplier,
  );
  while (sure >= 0 && !isWithin(s, o, sure, FORGIVEN_MS)) sure -= 1;
  return sure;
}

/** False when an older reading comes after a newer one. */
function takeRows(states: States, places: Places, columns: Columns): boolean {
  const { all: s, channels, held } = states;
  const { meters } = columns;
  for (let row = 0; row < meters.length; row++) {
    for (let c = places.first(meters[row] as number); c >= 0; c = places.next[c] as number) {
      const o = c * STRIDE;
      const ms = columns.ms[row] as number;
      const register = columns.registers[channels[c] as number]?.[row] ?? -1;
      const reverse = columns.reverse[row] as number;
      const more = register - (s[o + S.r1] as number);
      const count = s[o + S.readings] as number;
      // Most readings: later in the same slot, a little more, and no doubt so far. NaN is never so.
      if (
        ms < (s[o + S.end] as number) &&
        ms > (s[o + S.t1] as number) &&
        more >= 0 &&
        more <= (s[o + S.sure] as number) &&
        register <= REGISTER_MAX &&
        s[o + S.marks] === 0 &&
        (reverse === s[o + S.v1] || Number.isNaN(reverse)) &&
        count < ROOM
      ) {
        s[o + S.t1] = ms;
        s[o + S.r1] = register;
        s[o + S.readings] = count + 1;
        const at = (2 * c + (s[o + S.half] as number)) * HALF + count * WIDTH;
        held[at] = ms;
        held[at + 1] = register;
        held[at + 2] = reverse;
      } else if (!take(states, c, columns, row)) {
        return false;
      }
    }
  }
  return true;
}

/**
 * Adds a reading to its chain, if it counts there; false when an older one comes after a newer one. Numbers
 * are not handed over one by one: each would become an object.
 */
function take(states: States, c: number, rows: Columns, row: number): boolean {
  const { all: s } = states;
  const o = c * STRIDE;
  const ms = rows.ms[row] as number;
  const ends = s[o + S.ends] as number;
  if (ms < (s[o + S.counts_from] as number) || ms >= ends) return true;
  const register = rows.registers[states.channels[c] as number]?.[row] ?? -1;
  if (register < 0 || register > REGISTER_MAX) return true;
  const reverse = rows.reverse[row] as number;
  const last = s[o + S.t1] as number;
  if (ms < last) return false;
  // The end of no slot is NaN.
  if (!(ms < (s[o + S.end] as number))) {
    if ((s[o + S.readings] as number) > 0) close(states, c);
    const slot = Math.floor(ms / SLOT_MS);
    s[o + S.slot] = slot;
    s[o + S.end] = Math.min((slot + 1) * SLOT_MS, ends);
    s[o + S.t0] = ms;
    s[o + S.r0] = register;
    s[o + S.r1] = register;
    s[o + S.v0] = reverse;
    s[o + S.v1] = reverse;
    s[o + S.marks] = 0;
    s[o + S.highest] = Number.NaN;
  } else {
    const before = s[o + S.r1] as number;
    if (
      ms > last &&
      (s[o + S.marks] as number) === 0 &&
      isFlow(s, o, before, register, ms - last)
    ) {
      s[o + S.r1] = register;
    } else {
      doubt(s, o, ms, register);
    }
    if (reverse < (s[o + S.v0] as number)) s[o + S.v0] = reverse;
    else if (reverse > (s[o + S.v1] as number)) s[o + S.v1] = reverse;
    // NaN, where there is no reverse register, is neither less nor more.
    else if (Number.isNaN(s[o + S.v0])) s[o + S.v0] = s[o + S.v1] = reverse;
  }
  s[o + S.t1] = ms;
  const count = s[o + S.readings] as number;
  s[o + S.readings] = count + 1;
  const half = 2 * c + (s[o + S.half] as number);
  if (count < ROOM) {
    const at = half * HALF + count * WIDTH;
    states.held[at] = ms;
    states.held[at + 1] = register;
    states.held[at + 2] = reverse;
  } else {
    if (count === ROOM) states.more.set(half, []);
    states.more.get(half)?.push(ms, register, reverse);
  }
  return true;
}

/** A reading of the slot at hand that comes at once with another, does not flow, or follows such a one. */
function doubt(s: Float64Array, o: number, ms: number, register: number): void {
  const last = s[o + S.t1] as number;
  const before = s[o + S.r1] as number;
  let marks = s[o + S.marks] as number;
  const isFirst = ms === s[o + S.t0];
  if (register < (s[o + S.r0] as number) && !isFirst) marks |= BELOW;
  if (ms > last) {
    marks &= ~LAST_TWO;
    if (!isFlow(s, o, before, register, ms - last)) marks |= STEEP;
    if (register < before) raise(s, o, before);
    s[o + S.r1] = register;
  } else if (register !== before) {
    marks |= LAST_TWO | DOUBLED | STEEP;
    if (isFirst) {
      marks |= FIRST_TWO;
      s[o + S.r0] = Math.min(s[o + S.r0] as number, register);
    }
    s[o + S.r1] = Math.max(before, register);
  }
  s[o + S.marks] = marks;
}

function raise(s: Float64Array, o: number, register: number): void {
  if (!((s[o + S.highest] as number) >= register)) s[o + S.highest] = register;
}

const isWithin = (s: Float64Array, o: number, delta: number, ms: number): boolean =>
  delta * (s[o + S.multiplier] as number) <=
  ((s[o + S.bearable] as number) * Math.max(ms, FORGIVEN_MS)) / HOUR_MS + (s[o + S.step] as number);

const isFlow = (s: Float64Array, o: number, before: number, after: number, ms: number): boolean =>
  after >= before && isWithin(s, o, after - before, ms);

/** The slot at hand is complete. */
function close(states: States, c: number): void {
  const s = states.all;
  const o = c * STRIDE;
  const [t0, r0, r1] = [s[o + S.t0] as number, s[o + S.r0] as number, s[o + S.r1] as number];
  const marks = s[o + S.marks] as number;
  // Two values for one instant at an end, or a reading outside of both ends.
  const isTorn =
    (marks & (FIRST_TWO | LAST_TWO | BELOW)) !== 0 || (s[o + S.highest] as number) > r1;
  // Only a slot that carries more than a minute's worth can hide a jump between two readings.
  const isSteep = !isTorn && (marks & STEEP) !== 0 && !isWithin(s, o, r1 - r0, FORGIVEN_MS);
  const p_t = s[o + S.p_t] as number;
  const isOdd =
    isTorn ||
    isSteep ||
    (s[o + S.v0] as number) < (s[o + S.p_v] as number) ||
    (!Number.isNaN(p_t) && !isFlow(s, o, s[o + S.p_r] as number, r0, t0 - p_t));
  put(states, c, { isSlot: true, isOdd });
}

/** A register noted when a meter came or left counts like a reading. */
function putNoted(states: States, c: number, ms: number, register: number): void {
  const s = states.all;
  const o = c * STRIDE;
  const p_t = s[o + S.p_t] as number;
  const isOdd = !Number.isNaN(p_t) && !isFlow(s, o, s[o + S.p_r] as number, register, ms - p_t);
  s[o + S.slot] = Math.floor(ms / SLOT_MS);
  s[o + S.t0] = s[o + S.t1] = ms;
  s[o + S.r0] = s[o + S.r1] = register;
  s[o + S.v0] = s[o + S.v1] = Number.NaN;
  s[o + S.marks] = 0;
  put(states, c, { isSlot: false, isOdd });
  // A reading of the same slot begins a block of its own.
  s[o + S.end] = Number.NaN;
}

const blockRow = new Float64Array(12);
const slotRow = new Float64Array(2);
const readingRow = new Float64Array(4);

/**
 * Tells the block at hand, which becomes the one before. Doubt spreads to the occupied neighbours, so that
 * whatever is taken out changes only steps between single readings.
 */
function put(
  states: States,
  c: number,
  { isSlot, isOdd }: { isSlot: boolean; isOdd: boolean },
): void {
  const { all: s, found } = states;
  const o = c * STRIDE;
  const inst = (states.chains[c] as Chain).inst;
  const slot = s[o + S.slot] as number;
  blockRow[0] = inst;
  blockRow[1] = slot;
  blockRow[2] = s[o + S.t0] as number;
  blockRow[3] = s[o + S.r0] as number;
  blockRow[4] = s[o + S.v0] as number;
  blockRow[5] = s[o + S.t1] as number;
  blockRow[6] = s[o + S.r1] as number;
  blockRow[7] = s[o + S.v1] as number;
  blockRow[8] = isSlot ? 1 : 0;
  blockRow[9] = s[o + S.p_t] as number;
  blockRow[10] = s[o + S.p_r] as number;
  blockRow[11] = s[o + S.p_v] as number;
  addRow(found.blocks, blockRow);

  const isDoubted = isOdd || states.noticed.get(inst)?.has(slot) === true;
  const half = s[o + S.half] as number;
  const p_marks = s[o + S.p_marks] as number;
  const p_slot = s[o + S.p_slot] as number;
  if (isDoubted && !Number.isNaN(p_slot)) {
    if (!(p_marks & OPENED)) open(states, inst, p_slot);
    if (!(p_marks & KEPT)) keep(states, c, 1 - half, s[o + S.p_readings] as number);
  }
  const isOpened = isDoubted || (p_marks & DOUBTED) !== 0;
  // Two values for one instant are told even where they do no harm.
  const isKept = isOpened || ((s[o + S.marks] as number) & DOUBLED) !== 0;
  if (isOpened) open(states, inst, slot);
  if (isKept) keep(states, c, half, s[o + S.readings] as number);

  s[o + S.p_t] = s[o + S.t1] as number;
  s[o + S.p_r] = s[o + S.r1] as number;
  s[o + S.p_v] = s[o + S.v1] as number;
  s[o + S.p_slot] = slot;
  s[o + S.p_marks] = (isOpened ? OPENED : 0) | (isKept ? KEPT : 0) | (isDoubted ? DOUBTED : 0);
  s[o + S.p_readings] = s[o + S.readings] as number;
  s[o + S.readings] = 0;
  s[o + S.half] = 1 - half;
}

function open({ found }: States, inst: number, slot: number): void {
  slotRow[0] = inst;
  slotRow[1] = slot;
  addRow(found.opened, slotRow);
}

function keep({ chains, found, held, more }: States, c: number, half: number, count: number) {
  const first = (2 * c + half) * HALF;
  readingRow[0] = (chains[c] as Chain).inst;
  for (let i = 0; i < count; i++) {
    const [from, at] =
      i < ROOM ? [held, first + i * WIDTH] : [more.get(2 * c + half) ?? [], (i - ROOM) * WIDTH];
    for (let k = 0; k < WIDTH; k++) readingRow[1 + k] = from[at + k] as number;
    addRow(found.readings, readingRow);
  }
}

function finish(states: States): void {
  for (const [c, { ends, closes_with }] of states.chains.entries()) {
    if ((states.all[c * STRIDE + S.readings] as number) > 0) close(states, c);
    if (closes_with !== null) putNoted(states, c, ends, closes_with);
  }
}

/**
 * First and last reading of each meter in each quarter-hour, in one pass over the samples in the order of
 * time, and with them the readings of the slots that have to be read reading by reading.
 * The rules are those of sql/duckdb/interval-rules.sql, in the same floating-point steps.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { question, rowsOf } from '../sql/duckdb.ts';
import { fixedBytes } from '../sql/export/raw.ts';
import { chunksOf } from '../sql/export/source.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import { addRow, type NumberTable, numberTable, writeTable } from '../sql/number-table.ts';
import { type Places, placesOf } from './interval-places.ts';

/** A register holds 43 bits; what is beyond is not a reading. */
const REGISTER_MAX = 2 ** 43 - 1;
/** Readings that came within the same minute are forgiven the time between them. */
const FORGIVEN_MS = 60_000;
const HOUR_MS = 3_600_000;
const CHANNELS = ['active', 'forward', 'volume'] as const;
/** Readings of a slot that lie beside those of other chains; what is more lies elsewhere. */
const ROOM = 16;
/** Numbers of a reading: instant, register, reverse register. */
const WIDTH = 3;
/** The slot at hand and the block before, in turn. */
const HALF = ROOM * WIDTH;

/** An installation, as numbers: instants are epoch ms, registers as read. NaN: none. */
interface Chain extends Record<string, unknown> {
  inst: number;
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
}

/** What is known of a chain while it is read; `t`, `r`, `v`: instant, register, reverse register. */
const S = {
  // Looked at with each reading, so they lie together: the slot at hand.
  end: 0,
  t1: 1,
  r1: 2,
  v0: 3,
  v1: 4,
  /** Bits: two values at the first instant, at the last, at any; a step that is no flow; below the first. */
  marks: 5,
  readings: 6,
  half: 7,
  // What the installation allows.
  counts_from: 8,
  ends: 9,
  channel: 10,
  multiplier: 11,
  bearable: 12,
  step: 13,
  // Looked at when a slot begins or ends.
  slot: 14,
  t0: 15,
  r0: 16,
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
const FIRST_TWO = 1;
const LAST_TWO = 2;
const DOUBLED = 4;
const STEEP = 8;
const BELOW = 16;
const OPENED = 1;
const KEPT = 2;
const DOUBTED = 4;

/**
 * Makes the tables `blocks`, `opened` and `kept_readings` from `in_samples` and the other inputs. A view or
 * table whose rows are not in the order of time is read again, sorted. Throws when not all could be read.
 */
export async function writeBlocks(connection: DuckDBConnection, nowMs: number): Promise<void> {
  const chains = await rowsOf<Chain>(connection, await question('interval-chains'), {
    now: BigInt(nowMs),
  });
  const noticed = new Map<number, Set<number>>();
  for (const { inst, slot } of await rowsOf<{ inst: number; slot: number }>(
    connection,
    await question('interval-noticed'),
  )) {
    noticed.set(inst, (noticed.get(inst) ?? new Set()).add(slot));
  }
  const found =
    (await read(connection, { chains, noticed, isSorted: true })) ??
    (await read(connection, { chains, noticed, isSorted: false }));
  if (!found) throw new Error('sorted samples are out of order');
  await writeTable(connection, 'blocks', found.blocks);
  await writeTable(connection, 'opened', found.opened);
  await writeTable(connection, 'kept_readings', found.readings);
}

interface Pass {
  chains: readonly Chain[];
  noticed: ReadonlyMap<number, ReadonlySet<number>>;
  /** The samples are said to be in the order of time. */
  isSorted: boolean;
}

/** One pass; undefined when it met a reading that is older than the one before. */
async function read(connection: DuckDBConnection, { chains, noticed, isSorted }: Pass) {
  const channels = [...new Set(chains.map(({ channel }) => channel))];
  const names = channels.map((c) => CHANNELS[c]);
  const chunks = chunksOf({
    connection,
    // Nobody waits for a builder that could end it.
    signal: new AbortController().signal,
    expressions: ['ms', 'meter', 'reverse', ...names],
    from: `FROM (FROM (${await question('interval-samples')}) ${isSorted ? '' : 'ORDER BY ms'})`,
  });
  const states = statesOf(chains, noticed);
  const places = placesOf(chains.map(({ meter }) => meter));
  for await (const chunk of chunks) {
    const doubles = (column: number) => {
      const { buffer, byteOffset } = fixedBytes(chunk, column, 8);
      return new Float64Array(buffer, byteOffset, chunk.rowCount);
    };
    const registers: (Float64Array | undefined)[] = [];
    for (const [nth, channel] of channels.entries()) registers[channel] = doubles(3 + nth);
    const rows: Rows = { ms: doubles(0), meters: doubles(1), reverse: doubles(2), registers };
    if (!takeRows(states, places, rows)) return undefined;
  }
  finish(states);
  return states.found;
}

interface States {
  chains: readonly Chain[];
  noticed: ReadonlyMap<number, ReadonlySet<number>>;
  all: Float64Array;
  /** Readings of the slot at hand and of the block before, by chain. */
  held: Float64Array;
  /** Those beyond ROOM, by chain and half. */
  more: Map<number, number[]>;
  found: { blocks: NumberTable; opened: NumberTable; readings: NumberTable };
}

function statesOf(chains: readonly Chain[], noticed: Pass['noticed']): States {
  const states: States = {
    chains,
    noticed,
    all: new Float64Array(chains.length * STRIDE).fill(Number.NaN),
    held: new Float64Array(chains.length * 2 * HALF),
    more: new Map(),
    found: {
      blocks: numberTable('inst,slot,t0,r0,v0,t1,r1,v1,is_slot,p_t,p_r,p_v'.split(',')),
      opened: numberTable(['inst', 'slot']),
      readings: numberTable(['inst', 'ms', 'register', 'reverse']),
    },
  };
  for (const [c, chain] of chains.entries()) {
    const { counts_from, ends, channel, multiplier, bearable, step } = chain;
    const o = c * STRIDE;
    states.all.set([counts_from, ends, channel, multiplier, bearable, step], o + S.counts_from);
    for (const zero of [S.readings, S.half, S.p_readings, S.p_marks]) states.all[o + zero] = 0;
    if (chain.opens_with !== null) putNoted(states, c, chain.starts, chain.opens_with);
  }
  return states;
}

/** Columns of samples. */
interface Rows {
  ms: Float64Array;
  meters: Float64Array;
  reverse: Float64Array;
  /** By channel. */
  registers: readonly (Float64Array | undefined)[];
}

/** False when an older reading comes after a newer one. */
function takeRows(states: States, places: Places, rows: Rows): boolean {
  const { meters } = rows;
  for (let row = 0; row < meters.length; row++) {
    for (let c = places.first(meters[row] as number); c >= 0; c = places.next[c] as number) {
      if (!take(states, c, rows, row)) return false;
    }
  }
  return true;
}

/**
 * Adds a reading to its chain, if it counts there; false when an older one comes after a newer one. Numbers
 * are not handed over one by one: each would become an object.
 */
function take(states: States, c: number, rows: Rows, row: number): boolean {
  const { all: s } = states;
  const o = c * STRIDE;
  const ms = rows.ms[row] as number;
  if (ms < (s[o + S.counts_from] as number) || ms >= (s[o + S.ends] as number)) return true;
  const register = rows.registers[s[o + S.channel] as number]?.[row] ?? -1;
  if (register < 0 || register > REGISTER_MAX) return true;
  const reverse = rows.reverse[row] as number;
  const last = s[o + S.t1] as number;
  if (ms < last) return false;
  // The end of no slot is NaN.
  if (!(ms < (s[o + S.end] as number))) {
    if ((s[o + S.readings] as number) > 0) close(states, c);
    const slot = Math.floor(ms / SLOT_MS);
    s[o + S.slot] = slot;
    s[o + S.end] = (slot + 1) * SLOT_MS;
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

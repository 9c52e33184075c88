/**
 * What a consumer has used up to any instant, past or present, in constant time: two look-ups in the running sum of its
 * curve. All sums are whole numbers of weight × millisecond below 2^53, so nothing drifts, registers only rise, and
 * a meter that was tripped for a while has lost exactly that while.
 */
import { dayStart, delivered, localDay, PARK_OFFSET_MS, planOf, type Table } from './calendar.ts';
import type { Curve } from './profile.ts';
import { CYCLE_MINUTES, MINUTE_MS } from './readings.ts';

/** A Monday, 00:00 local: the replay begins its first cycle here. */
const ORIGIN_MS = Date.UTC(2024, 0, 1) - PARK_OFFSET_MS;
const CYCLE_MS = CYCLE_MINUTES * MINUTE_MS;
const HOUR_MS = 3_600_000;
const RANKS = 5;

/** A stretch without supply (relay or valve open), half-open; `to` is null while it lasts. */
export interface Outage {
  from: number;
  to: number | null;
}

export interface Consumer {
  curve: Curve;
  /** Turns the curve: whole weeks (another week of the house) plus a few minutes (nobody starts on the stroke). */
  turnMinutes: number;
  /** Rate at the curve's peak, in units an hour: W for electricity, L/h for water. */
  peak: number;
  /** The instant at which its register stood at zero. */
  since: number;
  /** In order of time, not overlapping; only ever added to. */
  outages: Outage[];
}

/** Energy (Wh) or volume (L) used from `since` to an instant, exact but for the last rounding of a double; 0 before. */
export function quantityAt(consumer: Consumer, at: number): number {
  return suppliedWork(consumer, at) * unitsPerWork(consumer);
}

/** A table that was written to a meter, since when, and what it had counted by then: [total, spike … deep valley]. */
export interface Written {
  from: number;
  counted: number[];
  table: Table;
}

/**
 * The same quantity by rank: `into[0]` the total, `into[1…5]` spike … deep valley, each multiplied by `factor` and added;
 * where a table was written, the ranks are those since then.
 */
export function addQuantities(
  consumer: Consumer,
  at: number,
  into: Float64Array,
  { factor = 1, written = null }: { factor?: number; written?: Written | null } = {},
) {
  const units = unitsPerWork(consumer) * factor;
  const total = suppliedWork(consumer, at);
  into[0] = (into[0] ?? 0) + total * units;
  if (at <= Math.max(consumer.since, written?.from ?? 0)) return;
  const slot = slotOf(bookOf(consumer, written), at);
  for (let rank = 1; rank <= RANKS; rank++) {
    const here = rank === slot.rank ? total - slot.startWork : 0;
    into[rank] = (into[rank] ?? 0) + ((slot.before[rank] ?? 0) + here) * units;
  }
}

/** Mean rate of the minute that holds an instant: W or L/h; 0 during an outage. */
export function rateAt(consumer: Consumer, at: number): number {
  if (outageAt(consumer, at)) return 0;
  const { minute } = placeOf(consumer, at);
  return ((consumer.curve.weights[minute] ?? 0) * consumer.peak) / consumer.curve.peak;
}

/** Mean quantity of a local day over the whole cycle (Wh or L). */
export function meanDay({ curve, peak }: Consumer): number {
  return (curve.sum / CYCLE_MINUTES) * (peak / curve.peak) * 24;
}

/** The outage that holds an instant, if any. */
export function outageAt({ outages }: Consumer, at: number): Outage | undefined {
  return outages.findLast(({ from, to }) => from <= at && (to === null || at < to));
}

function unitsPerWork({ curve, peak }: Consumer): number {
  return peak / curve.peak / HOUR_MS;
}

/** Where in the cycle an instant falls: whole cycles before, minute, milliseconds into the minute. */
function placeOf({ turnMinutes }: Consumer, at: number) {
  const replayed = at - ORIGIN_MS + turnMinutes * MINUTE_MS;
  const cycle = Math.floor(replayed / CYCLE_MS);
  const inCycle = replayed - cycle * CYCLE_MS;
  const minute = Math.floor(inCycle / MINUTE_MS);
  return { cycle, minute, rest: inCycle - minute * MINUTE_MS };
}

/** Weight × milliseconds from the origin of the replay to an instant, as if nothing was ever tripped. */
function workAt(consumer: Consumer, at: number): number {
  const { cycle, minute, rest } = placeOf(consumer, at);
  const { before, weights, sum } = consumer.curve;
  return (
    (cycle * sum + (before[minute] ?? 0)) * MINUTE_MS + (weights[minute] ?? 0) * Math.floor(rest)
  );
}

/** The same from `since`, less what fell into outages. */
function suppliedWork(consumer: Consumer, at: number): number {
  const { since } = consumer;
  if (at <= since) return 0;
  let work = workAt(consumer, at) - workAt(consumer, since);
  for (const { from, to } of consumer.outages) {
    if (from >= at) break;
    const end = to === null || to > at ? at : to;
    work -= workAt(consumer, Math.max(end, since)) - workAt(consumer, Math.max(from, since));
  }
  return work;
}

/** One slot of one day plan on one day, with what each rank had counted when it began. */
interface SlotStart {
  from: number;
  to: number;
  rank: number;
  startWork: number;
  before: Float64Array;
}

/** Rank sums at each local midnight since the consumer's first day, grown on demand; and the slot last asked for. */
interface RankBook {
  consumer: Consumer;
  outages: string;
  /** What it is counted by, and since when. */
  table: Table;
  since: number;
  firstDay: number;
  midnights: Float64Array[];
  slot: SlotStart | null;
}

/** Of each consumer, by the table that it is counted by. */
const books = new WeakMap<Consumer, WeakMap<Table, RankBook>>();

function slotOf(book: RankBook, at: number): SlotStart {
  const last = book.slot;
  if (last && at >= last.from && at < last.to) return last;
  const day = localDay(at);
  while (book.midnights.length <= day - book.firstDay) closeDay(book);
  const opening = book.midnights[day - book.firstDay] ?? new Float64Array(RANKS + 1);
  book.slot = walkDay(book, { day, opening, until: at }).slot;
  return book.slot;
}

/** A trip changes what ranks have counted from then on; the book is simply begun anew. */
function bookOf(consumer: Consumer, written: Written | null): RankBook {
  const outages = consumer.outages.map(({ from, to }) => `${from}-${to}`).join();
  const table = written?.table ?? delivered;
  const own = books.get(consumer) ?? new WeakMap<Table, RankBook>();
  books.set(consumer, own);
  const known = own.get(table);
  if (known?.outages === outages) return known;
  const since = Math.max(consumer.since, written?.from ?? 0);
  const midnights = [new Float64Array(RANKS + 1)];
  const book = {
    consumer,
    outages,
    table,
    since,
    firstDay: localDay(since),
    midnights,
    slot: null,
  };
  own.set(table, book);
  return book;
}

function closeDay(book: RankBook) {
  const day = book.firstDay + book.midnights.length - 1;
  const opening = book.midnights[book.midnights.length - 1] ?? new Float64Array(RANKS + 1);
  book.midnights.push(walkDay(book, { day, opening, until: dayStart(day + 1) }).closing);
}

/** Walks the slots of a day up to an instant: the slot reached, and the sums at its end. */
function walkDay(
  { consumer, table, since }: RankBook,
  { day, opening, until }: { day: number; opening: Float64Array; until: number },
): { slot: SlotStart; closing: Float64Array } {
  const midnight = dayStart(day);
  const plan = planOf(day, table);
  const sums = Float64Array.from(opening);
  let slot: SlotStart | null = null;
  for (let index = 0; index < plan.length; index++) {
    const from = midnight + (plan[index]?.fromMinute ?? 0) * MINUTE_MS;
    const next = plan[index + 1];
    const to = next ? midnight + next.fromMinute * MINUTE_MS : dayStart(day + 1);
    const rank = plan[index]?.rank ?? 0;
    const startWork = suppliedWork(consumer, Math.max(from, since));
    slot = { from, to, rank, startWork, before: Float64Array.from(sums) };
    const endWork = suppliedWork(consumer, Math.max(to, since));
    sums[rank] = (sums[rank] ?? 0) + endWork - startWork;
    if (until < to) break;
  }
  if (!slot) throw new Error('calendar: a day plan without slots');
  return { slot, closing: sums };
}

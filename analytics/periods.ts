/**
 * The cells of a report's time axis: quarter-hours, hours, days, weeks, months or years of a range of local
 * days or of a stretch of time, and for each day or slot of the range before, the cell it is compared with. Pure; every zone
 * calculation of a report happens here, once per day, never per row.
 */
import { Temporal } from 'temporal-polyfill';
import {
  addDays,
  addMonths,
  type DaySpan,
  daySpan,
  daysBetween,
  type LocalDay,
  localDayOf,
  monthOf,
  SLOT_MS,
  wallMinutes,
} from '../sql/local-day.ts';

export const units = ['quarter', 'hour', 'day', 'week', 'month', 'year'] as const;
/** range: one cell for all of it. */
export type Unit = (typeof units)[number] | 'range';

/** What a range is compared with: what came before it, the same days a year before, or nothing. */
export const comparisons = ['previous', 'year', 'none'] as const;
export type Against = (typeof comparisons)[number];

/** One cell: [fromQuarter, toQuarter) in quarter-hours since 1970, cut to the range. */
export interface Period {
  /** 2026-11-24T13:00+08:00 (quarter, hour), 2026-11-24, 2026-W48, 2026-11, 2026; of a whole range its first day. */
  label: string;
  fromQuarter: number;
  toQuarter: number;
}

/** A local day of the range or of the range before. */
export interface AxisDay {
  side: 'this' | 'before';
  day: LocalDay;
  fromQuarter: number;
  toQuarter: number;
  /** The cell of all its slots; BEYOND where it has no counterpart; undefined when slots differ. */
  period: number | undefined;
  /** The cell of each slot; OUTSIDE where it lies in none. */
  slots: Int32Array;
}

/** The number of a cell that stands for what has no counterpart in the range, such as the 31st. */
export const BEYOND = -1;
/** In place of a cell of slots that are not asked for. */
export const OUTSIDE = -3;

export interface Comparison {
  /**
   * days: as many days before; months, years: so many calendar months or years before; time: as many
   * quarter-hours before.
   */
  kind: 'days' | 'months' | 'years' | 'time';
  /** Local days, or of a range that is cut within a day instants in UTC. */
  from: string;
  /** Exclusive. */
  to: string;
}

/** A range that begins or ends within a day, in quarter-hours since 1970. */
export interface Cut {
  fromQuarter: number;
  toQuarter: number;
  /** True: the last quarter-hour is not over, and is taken as far as it has come. */
  isOpen: boolean;
}

export interface Axis {
  periods: Period[];
  days: AxisDay[];
  /** Of both sides together, also when the axis is a part of one. */
  span: { fromQuarter: number; toQuarter: number };
  comparison: Comparison | null;
}

export interface AskedAxis {
  zone: string;
  from: LocalDay;
  to: LocalDay;
  unit: Unit;
  against: Against;
  cut?: Cut | undefined;
}

/** Days and cells of all axes that are remembered, some 20 MB: to cut a year anew takes longer than to add it up. */
const REMEMBERED_MAX = 50_000;
/** In the order of their last use. */
const remembered = new Map<string, Axis>();
let rememberedSize = 0;

/**
 * Cuts [from, to), or of these days the stretch `cut`, into cells. The answer is shared: it is not to be
 * changed.
 */
export function axisOf({ zone, from, to, unit, against, cut }: AskedAxis): Axis {
  // A stretch is hardly asked for twice.
  if (cut) return cutAxis({ zone, from, to, unit, against, cut });
  const name = [zone, from, to, unit, against].join(' ');
  const known = remembered.get(name);
  const axis = known ?? cutAxis({ zone, from, to, unit, against });
  if (known) remembered.delete(name);
  else rememberedSize += sizeOf(axis);
  remembered.set(name, axis);
  for (const [oldest, old] of remembered) {
    if (rememberedSize <= REMEMBERED_MAX) break;
    remembered.delete(oldest);
    rememberedSize -= sizeOf(old);
  }
  return axis;
}

const sizeOf = ({ days, periods }: Axis): number => days.length + periods.length;

function cutAxis({ zone, from, to, unit, against, cut }: AskedAxis): Axis {
  const periods: Period[] = [];
  /** By label, and for hours by (day, wall hour, which of equal hours). */
  const numbers = new Map<string, number>();
  const days: AxisDay[] = [];

  for (const day of daysBetween(from, to)) {
    const span = daySpan(zone, day);
    const slots = new Int32Array(span.slots).fill(OUTSIDE);
    for (const part of partsWithin(cut, span, partsOf(zone, span, unit))) {
      const known = numbers.get(part.key);
      const fromQuarter = span.startMs / SLOT_MS + part.from;
      const toQuarter = span.startMs / SLOT_MS + part.to;
      const number = known ?? periods.length;
      if (known === undefined) {
        numbers.set(part.key, number);
        periods.push({ label: part.label, fromQuarter, toQuarter });
      } else {
        (periods[known] as Period).toQuarter = toQuarter;
      }
      slots.fill(number, part.from, part.to);
    }
    const own = axisDay('this', span, slots);
    const isOpen = cut?.isOpen && own.toQuarter >= cut.toQuarter;
    // What is not over is read by quarter-hour, as what is newer than the files comes so.
    days.push(isOpen ? { ...own, period: undefined } : own);
  }

  if (cut && against === 'previous') return asLongBefore({ zone, cut, periods, days });
  const shift = shiftOf({ from, to, against });
  if (!shift) return { periods, days, span: cut ?? spanOf(days), comparison: null };
  const before = cut && yearBefore(zone, cut);
  for (const day of daysBetween(shift.comparison.from, shift.comparison.to)) {
    const span = daySpan(zone, day);
    const slots = new Int32Array(span.slots).fill(before ? OUTSIDE : BEYOND);
    for (const part of partsWithin(before, span, before ? [wholeOf(span)] : [])) {
      slots.fill(BEYOND, part.from, part.to);
    }
    const counterpart = shift.counterpart(day, unit);
    const parts = counterpart ? partsOf(zone, span, unit, counterpart) : [];
    for (const part of partsWithin(before, span, parts)) {
      slots.fill(numbers.get(part.key) ?? BEYOND, part.from, part.to);
    }
    days.push(axisDay('before', span, slots));
  }
  const comparison = before ? { ...shift.comparison, ...instantsOf(before) } : shift.comparison;
  const span = cut ? { ...cut, fromQuarter: (before ?? cut).fromQuarter } : spanOf(days);
  return { periods, days, span, comparison };
}

/** As many quarter-hours right before the stretch, each compared with the one that lies so much later. */
function asLongBefore({
  zone,
  cut: { fromQuarter, toQuarter },
  periods,
  days,
}: {
  zone: string;
  cut: Cut;
  periods: Period[];
  days: AxisDay[];
}): Axis {
  const length = toQuarter - fromQuarter;
  const before = { fromQuarter: fromQuarter - length, toQuarter: fromQuarter };
  const from = localDayOf(zone, before.fromQuarter * SLOT_MS);
  const last = localDayOf(zone, before.toQuarter * SLOT_MS - 1);
  let cell = 0;
  for (const day of daysBetween(from, addDays(last, 1))) {
    const span = daySpan(zone, day);
    const slots = Int32Array.from({ length: span.slots }, (_, slot) => {
      const quarter = span.startMs / SLOT_MS + slot;
      if (quarter < before.fromQuarter || quarter >= before.toQuarter) return OUTSIDE;
      while ((periods[cell]?.toQuarter ?? Number.POSITIVE_INFINITY) <= quarter + length) cell += 1;
      return cell;
    });
    days.push(axisDay('before', span, slots));
  }
  const comparison: Comparison = { kind: 'time', ...instantsOf(before) };
  return { periods, days, span: { fromQuarter: before.fromQuarter, toQuarter }, comparison };
}

const instantsOf = ({ fromQuarter, toQuarter }: { fromQuarter: number; toQuarter: number }) => ({
  from: new Date(fromQuarter * SLOT_MS).toISOString(),
  to: new Date(toQuarter * SLOT_MS).toISOString(),
});

/** What the clock showed at both ends of a stretch, a year before. */
function yearBefore(zone: string, { fromQuarter, toQuarter }: Cut) {
  const before = (quarter: number) =>
    Temporal.Instant.fromEpochMilliseconds(quarter * SLOT_MS)
      .toZonedDateTimeISO(zone)
      .subtract({ years: 1 }).epochMilliseconds / SLOT_MS;
  return { fromQuarter: before(fromQuarter), toQuarter: before(toQuarter) };
}

const wholeOf = ({ slots }: DaySpan): Part => ({ key: '', label: '', from: 0, to: slots });

/** The parts of a day as far as they lie in a stretch; without one all of them. */
function partsWithin(
  cut: { fromQuarter: number; toQuarter: number } | undefined,
  { startMs }: DaySpan,
  parts: readonly Part[],
): readonly Part[] {
  if (!cut) return parts;
  const start = startMs / SLOT_MS;
  return parts
    .map((part) => ({
      ...part,
      from: Math.max(part.from, cut.fromQuarter - start),
      to: Math.min(part.to, cut.toQuarter - start),
    }))
    .filter(({ from, to }) => from < to);
}

const spanOf = (days: readonly AxisDay[]): Axis['span'] => ({
  fromQuarter: days.reduce((least, d) => Math.min(least, d.fromQuarter), Number.POSITIVE_INFINITY),
  toQuarter: days.reduce((most, d) => Math.max(most, d.toQuarter), 0),
});

/**
 * An axis in parts of at most so many cells each, and of so many days where days are cut, so that an
 * answer can be made part by part. What has no counterpart is of the first part.
 */
export function* partsOfAxis(
  axis: Axis,
  { cellsMax, cutDaysMax }: { cellsMax: number; cutDaysMax: number },
): Generator<Axis> {
  const { periods, days } = axis;
  const isCut = days.some(({ period }) => period === undefined);
  const quartersMax = isCut ? cutDaysMax * USUAL_SLOTS : Number.POSITIVE_INFINITY;
  for (let from = 0; from < periods.length; ) {
    const begin = periods[from]?.fromQuarter ?? 0;
    let to = from + 1;
    while (
      to < Math.min(periods.length, from + cellsMax) &&
      (periods[to]?.toQuarter ?? 0) - begin <= quartersMax
    ) {
      to += 1;
    }
    yield from === 0 && to === periods.length ? axis : partOf(axis, from, to);
    from = to;
  }
}

function partOf(axis: Axis, from: number, to: number): Axis {
  const cellOf = (cell: number): number => {
    if (cell === BEYOND) return from === 0 ? BEYOND : OUTSIDE;
    return cell >= from && cell < to ? cell - from : OUTSIDE;
  };
  const days: AxisDay[] = [];
  for (const day of axis.days) {
    if (day.period !== undefined) {
      const period = cellOf(day.period);
      if (period !== OUTSIDE) days.push({ ...day, period, slots: day.slots.map(() => period) });
      continue;
    }
    const slots = day.slots.map(cellOf);
    if (slots.some((cell) => cell !== OUTSIDE)) days.push({ ...day, slots });
  }
  return { ...axis, periods: axis.periods.slice(from, to), days };
}

function axisDay(side: AxisDay['side'], span: DaySpan, slots: Int32Array): AxisDay {
  const first = slots[0] === OUTSIDE ? undefined : slots[0];
  return {
    side,
    day: span.day,
    fromQuarter: span.startMs / SLOT_MS,
    toQuarter: span.endMs / SLOT_MS,
    period: slots.every((n) => n === first) ? first : undefined,
    slots,
  };
}

interface Part {
  /** What makes two parts one cell, or counterparts; with `as` in the words of another day. */
  key: string;
  label: string;
  from: number;
  to: number;
}

/** The parts of a day that lie in one cell each, slots half-open; keyed as if it were the day `as`. */
function partsOf(zone: string, span: DaySpan, unit: Unit, as: LocalDay = span.day): Part[] {
  if (unit === 'hour' || unit === 'quarter') return clockParts(zone, span, { as, unit });
  const label = labelOf(unit, as);
  return [{ key: unit === 'range' ? unit : label, label, from: 0, to: span.slots }];
}

function labelOf(unit: Exclude<Unit, 'hour' | 'quarter'>, day: LocalDay): string {
  if (unit === 'week') return weekOf(day);
  if (unit === 'month') return day.slice(0, 7);
  if (unit === 'year') return day.slice(0, 4);
  return day;
}

/** ISO 8601: weeks begin on Monday, and a year's first week is the one with its first Thursday. */
function weekOf(day: LocalDay): string {
  const { yearOfWeek, weekOfYear } = Temporal.PlainDate.from(day);
  return `${yearOfWeek}-W${twoDigits(weekOfYear ?? 0)}`;
}

const USUAL_SLOTS = 96;

/**
 * The hours, or quarter-hours, that the wall clock shows. An hour that comes twice is two, an hour that is skipped is
 * none, and where the clock changes by half an hour the hours beside it are shorter.
 */
function clockParts(
  zone: string,
  { day, startMs, slots }: DaySpan,
  { as, unit }: { as: LocalDay; unit: 'hour' | 'quarter' },
): Part[] {
  const length = unit === 'hour' ? 60 : 15;
  const minutes =
    slots === USUAL_SLOTS
      ? Int16Array.from({ length: slots }, (_, slot) => slot * 15)
      : wallMinutes(zone, day);
  const midnightUtc = Temporal.PlainDate.from(day).toZonedDateTime('UTC').epochMilliseconds;
  const parts: Part[] = [];
  const times = new Map<number, number>();
  for (let slot = 0; slot < slots; slot++) {
    const minute = minutes[slot] as number;
    const before = slot > 0 ? (minutes[slot - 1] as number) : -1;
    const number = Math.floor(minute / length);
    const open = parts.at(-1);
    if (open && minute > before && Math.floor(before / length) === number) {
      open.to = slot + 1;
      continue;
    }
    const time = (times.get(number) ?? 0) + 1;
    times.set(number, time);
    const offsetMinutes = (midnightUtc + minute * 60_000 - (startMs + slot * SLOT_MS)) / 60_000;
    parts.push({
      key: `${as} ${number} ${time}`,
      label: `${day}T${clock(minute)}${offsetText(offsetMinutes)}`,
      from: slot,
      to: slot + 1,
    });
  }
  return parts;
}

const twoDigits = (n: number): string => String(n).padStart(2, '0');
const clock = (minutes: number): string =>
  `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
const offsetText = (minutes: number): string =>
  `${minutes < 0 ? '-' : '+'}${clock(Math.abs(minutes))}`;

interface Shift {
  comparison: Comparison;
  /** The day of the range that a day before is compared with; a whole month has only its first. */
  counterpart: (before: LocalDay, unit: Unit) => LocalDay | undefined;
}

/**
 * What the range is compared with. Whole calendar months: as many months before (a year: the year
 * before). Part of one month from its first day: the same days of the month before. Anything else:
 * as many days before.
 */
function shiftOf({
  from,
  to,
  against,
}: {
  from: LocalDay;
  to: LocalDay;
  against: Against;
}): Shift | undefined {
  if (against === 'none') return undefined;
  if (against === 'year') return byMonths(from, to, 12);
  const firstOfMonth = (day: LocalDay) => day === monthOf(day);
  if (firstOfMonth(from) && firstOfMonth(to)) return byMonths(from, to, monthsBetween(from, to));
  if (firstOfMonth(from) && to < addMonths(from, 1)) return byMonths(from, to, 1);
  const length = daysBetween(from, to).length;
  return {
    comparison: { kind: 'days', from: addDays(from, -length), to: from },
    counterpart: (before) => addDays(before, length),
  };
}

/** The day of another month with the number of `day`, or that month's last. */
function sameDay(firstOfMonth: LocalDay, day: LocalDay): LocalDay {
  const same = `${firstOfMonth.slice(0, -2)}${day.slice(-2)}`;
  const last = addDays(addMonths(firstOfMonth, 1), -1);
  return same > last ? last : same;
}

function byMonths(from: LocalDay, to: LocalDay, months: number): Shift {
  const back = (day: LocalDay) => sameDay(addMonths(day, -months), day);
  // A last day is shifted, not the day after it: to 30 March answers 28 February, not the 27th.
  const end = to === monthOf(to) ? back(to) : addDays(back(addDays(to, -1)), 1);
  const byBefore = new Map(
    daysBetween(from, to)
      .map((day) => [back(day), day] as const)
      .filter(([before, day]) => before.slice(8) === day.slice(8)),
  );
  return {
    comparison: {
      kind: months % 12 === 0 ? 'years' : 'months',
      from: back(from),
      to: end,
    },
    counterpart: (before, unit) =>
      byBefore.get(before) ??
      // The 31st has no counterpart among 30 days, yet belongs to its month and year.
      (belongsToLonger(unit) ? addMonths(before, months) : undefined),
  };
}

const belongsToLonger = (unit: Unit): boolean =>
  unit === 'month' || unit === 'year' || unit === 'range';

function monthsBetween(from: LocalDay, to: LocalDay): number {
  const months = (day: LocalDay) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7));
  return months(to) - months(from);
}

/**
 * The cells of a report's time axis: hours, days, weeks, months or years of a range of local days, and for
 * each local day or slot of the range before, the cell it is compared with. Pure; every zone
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
  monthOf,
  SLOT_MS,
  wallMinutes,
} from '../sql/local-day.ts';

export const units = ['hour', 'day', 'week', 'month', 'year'] as const;
/** range: one cell for all of it. */
export type Unit = (typeof units)[number] | 'range';

/** What a range is compared with: what came before it, the same days a year before, or nothing. */
export const comparisons = ['previous', 'year', 'none'] as const;
export type Against = (typeof comparisons)[number];

/** One cell: [fromQuarter, toQuarter) in quarter-hours since 1970, cut to the range. */
export interface Period {
  /** 2026-11-24T13:00+08:00, 2026-11-24, 2026-W48, 2026-11, 2026; of a whole range its first day. */
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
  /** days: as many days before; months, years: so many calendar months or years before. */
  kind: 'days' | 'months' | 'years';
  from: LocalDay;
  /** Exclusive. */
  to: LocalDay;
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
}

/** Days of all axes that are remembered, some 20 MB: to cut a year anew takes longer than to add it up. */
const DAYS_REMEMBERED_MAX = 50_000;
/** In the order of their last use. */
const remembered = new Map<string, Axis>();
let daysRemembered = 0;

/** Cuts [from, to) into cells. The answer is shared: it is not to be changed. */
export function axisOf({ zone, from, to, unit, against }: AskedAxis): Axis {
  const name = [zone, from, to, unit, against].join(' ');
  const known = remembered.get(name);
  const axis = known ?? cutAxis({ zone, from, to, unit, against });
  if (known) remembered.delete(name);
  else daysRemembered += axis.days.length;
  remembered.set(name, axis);
  for (const [oldest, { days }] of remembered) {
    if (daysRemembered <= DAYS_REMEMBERED_MAX) break;
    remembered.delete(oldest);
    daysRemembered -= days.length;
  }
  return axis;
}

function cutAxis({ zone, from, to, unit, against }: AskedAxis): Axis {
  const periods: Period[] = [];
  /** By label, and for hours by (day, wall hour, which of equal hours). */
  const numbers = new Map<string, number>();
  const days: AxisDay[] = [];

  for (const day of daysBetween(from, to)) {
    const span = daySpan(zone, day);
    const slots = new Int32Array(span.slots);
    for (const part of partsOf(zone, span, unit)) {
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
    days.push(axisDay('this', span, slots));
  }

  const shift = shiftOf({ from, to, against });
  if (!shift) return { periods, days, span: spanOf(days), comparison: null };
  for (const day of daysBetween(shift.comparison.from, shift.comparison.to)) {
    const span = daySpan(zone, day);
    const slots = new Int32Array(span.slots).fill(BEYOND);
    const counterpart = shift.counterpart(day, unit);
    for (const part of counterpart ? partsOf(zone, span, unit, counterpart) : []) {
      slots.fill(numbers.get(part.key) ?? BEYOND, part.from, part.to);
    }
    days.push(axisDay('before', span, slots));
  }
  return { periods, days, span: spanOf(days), comparison: shift.comparison };
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
  const first = slots[0];
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
  if (unit === 'hour') return hoursOf(zone, span, as);
  const label = labelOf(unit, as);
  return [{ key: unit === 'range' ? unit : label, label, from: 0, to: span.slots }];
}

function labelOf(unit: Exclude<Unit, 'hour'>, day: LocalDay): string {
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
 * The hours that the wall clock shows. An hour that comes twice is two, an hour that is skipped is
 * none, and where the clock changes by half an hour the hours beside it are shorter.
 */
function hoursOf(zone: string, { day, startMs, slots }: DaySpan, as: LocalDay): Part[] {
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
    const hour = Math.floor(minute / 60);
    const open = parts.at(-1);
    if (open && minute > before && Math.floor(before / 60) === hour) {
      open.to = slot + 1;
      continue;
    }
    const time = (times.get(hour) ?? 0) + 1;
    times.set(hour, time);
    const offsetMinutes = (midnightUtc + minute * 60_000 - (startMs + slot * SLOT_MS)) / 60_000;
    parts.push({
      key: `${as} ${hour} ${time}`,
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

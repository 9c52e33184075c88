/**
 * Local days of an IANA zone and their quarter-hours. A day has 96 slots, or 92, 94, 98, 100 where
 * the clock changes inside it; a slot is the ordinal of the quarter-hour since the day began.
 */
import { Temporal } from 'temporal-polyfill';

/** 'YYYY-MM-DD' in a project's zone. */
export type LocalDay = string;

export const SLOT_MS = 15 * 60 * 1000;

/** True when the runtime knows the zone by this name. */
export function isZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return /^[A-Z]/.test(zone);
  } catch {
    return false;
  }
}

/** True for a calendar day written 'YYYY-MM-DD' that exists. */
export function isLocalDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() === text;
  } catch {
    return false;
  }
}

/** The local day that an instant (epoch ms) falls in. */
export function localDayOf(zone: string, atMs: number): LocalDay {
  return Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString();
}

/** Days whose beginning is remembered, all zones together: a year's report asks for the same 730 each time. */
const STARTS_MAX = 50_000;
const starts = new Map<string, number>();

/** Epoch ms at which a local day begins (01:00 where midnight does not exist). */
export function dayStart(zone: string, day: LocalDay): number {
  const key = `${day} ${zone}`;
  const known = starts.get(key);
  if (known !== undefined) return known;
  const ms = Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds;
  if (starts.size >= STARTS_MAX) starts.clear();
  starts.set(key, ms);
  return ms;
}

const DAY_MS = 86_400_000;

/** Epoch ms of the day's midnight in UTC, where every day is as long. Throws RangeError for what is no day. */
function utcMidnight(day: LocalDay): number {
  const ms = Date.parse(`${day}T00:00:00Z`);
  // 30 February would be read as 2 March: the day must come back as it went in.
  if (Number.isNaN(ms) || dayOfUtc(ms) !== day) throw new RangeError(`${day} is no day`);
  return ms;
}

const dayOfUtc = (ms: number): LocalDay =>
  new Date(ms).toISOString().slice(0, -'T00:00:00.000Z'.length);

/** The day `days` later (or earlier, when negative). */
export function addDays(day: LocalDay, days: number): LocalDay {
  return dayOfUtc(utcMidnight(day) + days * DAY_MS);
}

/** First day of the month of a day. */
export const monthOf = (day: LocalDay): LocalDay => `${day.slice(0, 7)}-01`;

/** First day of the month `months` later. */
export function addMonths(day: LocalDay, months: number): LocalDay {
  const date = new Date(utcMidnight(monthOf(day)));
  return dayOfUtc(date.setUTCMonth(date.getUTCMonth() + months));
}

/** Every day of [from, to). */
export function daysBetween(from: LocalDay, to: LocalDay): LocalDay[] {
  const days: LocalDay[] = [];
  const end = utcMidnight(to);
  for (let ms = utcMidnight(from); ms < end; ms += DAY_MS) days.push(dayOfUtc(ms));
  return days;
}

/** A local day as a range of instants: [startMs, endMs) and its number of quarter-hours. */
export interface DaySpan {
  day: LocalDay;
  startMs: number;
  endMs: number;
  slots: number;
}

/** The span of a local day. Every zone change since 1970 falls on a quarter-hour. */
export function daySpan(zone: string, day: LocalDay): DaySpan {
  const startMs = dayStart(zone, day);
  const endMs = dayStart(zone, addDays(day, 1));
  return { day, startMs, endMs, slots: (endMs - startMs) / SLOT_MS };
}

/** Minutes since local midnight that the clock shows at the start of each slot of a day. */
export function wallMinutes(zone: string, day: LocalDay): Int16Array {
  const { startMs, slots } = daySpan(zone, day);
  return Int16Array.from({ length: slots }, (_, slot) => {
    const at = Temporal.Instant.fromEpochMilliseconds(startMs + slot * SLOT_MS);
    const { hour, minute } = at.toZonedDateTimeISO(zone);
    return hour * 60 + minute;
  });
}

/**
 * Minutes since midnight that a clock of the zone's standard time shows at the start of each slot of a
 * day. Standard time is the lesser of the offsets at the beginning of January and of July of that year.
 */
export function standardMinutes(zone: string, day: LocalDay): Int16Array {
  const { startMs, slots } = daySpan(zone, day);
  const offsets = ['01-01', '07-01'].map((monthDay) => {
    const start = dayStart(zone, `${day.slice(0, 4)}-${monthDay}`);
    return Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(zone).offsetNanoseconds;
  });
  const standardMs = Math.min(...offsets) / 1_000_000;
  return Int16Array.from({ length: slots }, (_, slot) => {
    const ofDayMs = (startMs + slot * SLOT_MS + standardMs) % DAY_MS;
    return (ofDayMs < 0 ? ofDayMs + DAY_MS : ofDayMs) / 60_000;
  });
}

/** 'YYYY-MM-DD' ↔ the integer yyyymmdd that QuestDB holds. */
export const dayNumber = (day: LocalDay): number => Number(day.replaceAll('-', ''));
export const dayFromNumber = (n: number): LocalDay => {
  const text = String(n);
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
};

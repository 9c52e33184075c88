/**
 * The time-of-use calendar as it is programmed into the park's meters: two day plans, four seasons, no weekdays – all
 * that the meter can hold. Hours after the base plan of Jiangsu (industry and commerce, from 2025-06-01).
 * The park lies at UTC+8 without clock changes, and a meter's clock knows no zone: local time here is a constant offset.
 */

export const PARK_ZONE = 'Asia/Shanghai';
export const PARK_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** 1 spike, 2 peak, 3 flat, 4 valley, 5 deep valley. */
type Rank = 1 | 2 | 3 | 4 | 5;

export interface Slot {
  /** Minute of the local day at which the slot begins. */
  fromMinute: number;
  rank: Rank;
}

const at = (hour: number, rank: Rank): Slot => ({ fromMinute: hour * 60, rank });

/** Day plans 1 (summer and winter) and 2 (spring and autumn); slots in order of time, the first at 00:00. */
export const dayPlans: readonly (readonly Slot[])[] = [
  [at(0, 4), at(6, 3), at(11, 4), at(13, 3), at(14, 2), at(22, 3)],
  [at(0, 3), at(2, 4), at(6, 3), at(10, 4), at(14, 3), at(15, 2), at(22, 3)],
];

interface SeasonStart {
  month: number;
  day: number;
  /** Number of a day plan, from 1. */
  plan: number;
}

/** Season n begins on this day and runs to the next one; in order of the year. */
export const seasons: readonly SeasonStart[] = [
  { month: 3, day: 1, plan: 2 },
  { month: 6, day: 1, plan: 1 },
  { month: 9, day: 1, plan: 2 },
  { month: 12, day: 1, plan: 1 },
];

/** Number of the local day that holds an instant (days since 1970-01-01 local). */
export function localDay(atMs: number): number {
  return Math.floor((atMs + PARK_OFFSET_MS) / DAY_MS);
}

/** The instant at which a local day begins. */
export function dayStart(day: number): number {
  return day * DAY_MS - PARK_OFFSET_MS;
}

/** A meter's table: what it was delivered with, or what somebody has written to it. */
export interface Table {
  dayPlans: readonly (readonly Slot[])[];
  seasons: readonly SeasonStart[];
}

export const delivered: Table = { dayPlans, seasons };

/** The day plan in force on a local day. */
export function planOf(day: number, table: Table = delivered): readonly Slot[] {
  const date = new Date(day * DAY_MS);
  const key = (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  const season = table.seasons.findLast(({ month, day: first }) => month * 100 + first <= key);
  const plan = (season ?? table.seasons.at(-1))?.plan ?? 1; // before March it is still winter
  return table.dayPlans[plan - 1] ?? [];
}

/**
 * The table in the bytes of a meter: day plans of [tariff, minute, hour], seasons of [plan, day, month], zeros unused. What
 * names nothing is flat all day, and a day that does not begin at midnight begins as it ends.
 */
export function tableOf(plans: readonly number[], seasonBytes: readonly number[]): Table {
  const written = [plans.slice(0, plans.length / 2), plans.slice(plans.length / 2)];
  return {
    dayPlans: written.map((bytes) => {
      const slots = triples(bytes)
        .filter(([rank]) => rank > 0)
        // Codes above five are refused when they are written.
        .map(([rank, minute, hour]) => ({ fromMinute: hour * 60 + minute, rank: rank as Rank }))
        .toSorted((a, b) => a.fromMinute - b.fromMinute);
      const begins = slots[0]?.fromMinute === 0;
      return begins ? slots : [{ fromMinute: 0, rank: slots.at(-1)?.rank ?? FLAT }, ...slots];
    }),
    seasons: triples(seasonBytes)
      .filter(([plan]) => plan > 0)
      .map(([plan, day, month]) => ({ plan, day, month }))
      .toSorted((a, b) => a.month * 100 + a.day - (b.month * 100 + b.day)),
  };
}

const FLAT = 3;

export function triples(bytes: readonly number[]): [number, number, number][] {
  const found: [number, number, number][] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    found.push([bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0]);
  }
  return found;
}

/** The fields of the meter's clock at an instant, local time; weekday 0 = Sunday. */
export function clockOf(atMs: number) {
  const local = new Date(atMs + PARK_OFFSET_MS);
  return {
    year: local.getUTCFullYear() % 100,
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    weekday: local.getUTCDay(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
  };
}

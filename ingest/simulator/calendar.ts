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

/** Season n begins on this day and runs to the next one; in order of the year. */
export const seasons: readonly { month: number; day: number; plan: 1 | 2 }[] = [
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

/** The day plan in force on a local day. */
export function planOf(day: number): readonly Slot[] {
  const date = new Date(day * DAY_MS);
  const key = (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  const season = seasons.findLast(({ month, day: first }) => month * 100 + first <= key);
  const plan = (season ?? seasons[seasons.length - 1])?.plan ?? 1; // before March it is still winter
  return dayPlans[plan - 1] ?? [];
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

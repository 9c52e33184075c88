/** The arguments of a function as they are typed, and as the API takes them; null while they cannot be sent. */
import type { CommandFunction } from '../../command-shapes.ts';

export const ranks = ['spike', 'peak', 'flat', 'valley'] as const;
type Rank = (typeof ranks)[number];

export interface Slot {
  /** '08:30' */
  from: string;
  /** 1 spike … 5 deep valley. */
  rank: number;
}
export interface Season {
  month: number;
  day: number;
  /** The first or the second day plan. */
  plan: number;
}

export interface Draft {
  prices: Record<Rank, string>;
  alarm1: string;
  alarm2: string;
  /** kW; empty leaves the meter's load control as it is. */
  overload: string;
  plans: readonly (readonly Slot[])[];
  seasons: readonly Season[];
}

/** The meter's own bounds. */
export const SLOTS_MAX = 14;
export const PLANS_MAX = 2;
export const SEASONS_MAX = 4;

export const beginning = (known: Partial<Draft> = {}): Draft => ({
  prices: { spike: '', peak: '', flat: '', valley: '' },
  alarm1: '',
  alarm2: '',
  overload: '',
  plans: [
    [
      { from: '00:00', rank: 4 },
      { from: '08:00', rank: 3 },
      { from: '22:00', rank: 4 },
    ],
  ],
  seasons: [{ month: 1, day: 1, plan: 1 }],
  ...known,
});

/** A price per kWh as the register holds it. */
export const isPrice = (text: string): boolean => /^\d{1,5}(\.\d{1,4})?$/.test(text.trim());

const AMOUNT_MAX_MINOR = 2 ** 31 - 1;
/** An amount of two decimals as minor units; null when it is none. */
export function minorOf(text: string): number | null {
  const parts = /^(\d{1,8})(?:\.(\d{1,2}))?$/.exec(text.trim().replaceAll(',', ''));
  if (!parts) return null;
  const minor = Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'));
  return minor <= AMOUNT_MAX_MINOR ? minor : null;
}

/** kW as watts; null when it is none, or none that a meter could hold. */
export function wattsOf(text: string): number | null {
  const parts = /^\d{1,5}(\.\d{1,3})?$/.exec(text.trim().replaceAll(',', ''));
  const watts = parts ? Math.round(Number(parts[0]) * 1000) : 0;
  return watts >= 1 ? watts : null;
}

/** Minutes of '08:30'; null when it is no time. */
export function minuteOf(text: string): number | null {
  const parts = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return parts ? Number(parts[1]) * 60 + Number(parts[2]) : null;
}

/** Whether a day begins at midnight and its slots rise. */
export const isDay = (slots: readonly Slot[]): boolean =>
  slots.every(({ from }, i) => {
    const minute = minuteOf(from);
    const before = i === 0 ? -1 : minuteOf(slots[i - 1]?.from ?? '');
    return minute !== null && before !== null && minute > before && (i > 0 || minute === 0);
  });

/** What is sent; null while something that is typed cannot hold. */
export function argumentsOf(name: CommandFunction, draft: Draft): object | null {
  if (name === 'issue-price') {
    if (!ranks.every((rank) => isPrice(draft.prices[rank]))) return null;
    return {
      prices: Object.fromEntries(ranks.map((rank) => [rank, draft.prices[rank].trim()])),
    };
  }
  if (name === 'issue-settings') {
    const [alarm1Minor, alarm2Minor] = [minorOf(draft.alarm1), minorOf(draft.alarm2)];
    const overloadW = draft.overload.trim() === '' ? null : wattsOf(draft.overload);
    if (alarm1Minor === null || alarm2Minor === null || alarm1Minor < alarm2Minor) return null;
    if (overloadW === null && draft.overload.trim() !== '') return null;
    return { alarm1Minor, alarm2Minor, overloadW };
  }
  if (name === 'tou-table') {
    if (!draft.plans.every(isDay)) return null;
    const dayPlans = draft.plans.map((slots) =>
      slots.map(({ from, rank }) => ({ fromMinute: minuteOf(from), rank })),
    );
    return { dayPlans, seasons: draft.seasons };
  }
  return {};
}

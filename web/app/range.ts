/** The times that reports are asked for: named ranges that move with the days, or any of one's own. Pure. */
import { addDays, addMonths, daysApart } from './dates.ts';

export const presets = [
  'today',
  'yesterday',
  'week',
  'month',
  'lastMonth',
  'year',
  'lastYear',
  'twelve',
  'ten',
] as const;
export type Preset = (typeof presets)[number];

/** Local days, `to` exclusive. */
export interface Range {
  from: string;
  to: string;
}

/** The longest range of a report. */
const DAYS_MAX = 3660;

/** A named range as it stands today; those that are not over end with today, to the minute. */
export function rangeOf(preset: Preset, today: string): Range {
  const month = `${today.slice(0, 7)}-01`;
  const year = Number(today.slice(0, 4));
  const tomorrow = addDays(today, 1);
  switch (preset) {
    case 'today':
      return { from: today, to: tomorrow };
    case 'yesterday':
      return { from: addDays(today, -1), to: today };
    case 'week':
      return { from: addDays(today, -6), to: tomorrow };
    case 'month':
      return { from: month, to: tomorrow };
    case 'lastMonth':
      return { from: addMonths(month, -1), to: month };
    case 'year':
      return { from: `${year}-01-01`, to: tomorrow };
    case 'lastYear':
      return { from: `${year - 1}-01-01`, to: `${year}-01-01` };
    case 'twelve':
      return { from: addMonths(month, -11), to: tomorrow };
    case 'ten':
      return { from: `${year - 9}-01-01`, to: tomorrow };
  }
}

/**
 * The range that an address asks for: named, its own, or the page's usual one. A range of its own that
 * is upside down or longer than ten years is cut to what it begins with.
 */
export function askedRange(
  search: { range?: Preset | undefined; from?: string | undefined; to?: string | undefined },
  today: string,
  usual: Preset,
): Range & { preset: Preset | null } {
  if (search.range) return { ...rangeOf(search.range, today), preset: search.range };
  if (!search.from) return { ...rangeOf(usual, today), preset: usual };
  const { from } = search;
  const to = search.to && search.to > from ? search.to : addDays(from, 1);
  return {
    from,
    to: daysApart(from, to) > DAYS_MAX ? addDays(from, DAYS_MAX) : to,
    preset: null,
  };
}

/** What the address holds of a choice of range. */
export const rangeSearch = (range: Range & { preset: Preset | null }) =>
  range.preset
    ? { range: range.preset, from: undefined, to: undefined }
    : { range: undefined, from: range.from, to: range.to };

/** Whether the present lies in a range: then it is asked again by itself. */
export const isOpen = ({ to }: Range, today: string): boolean => to > today;

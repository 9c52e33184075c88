/** What the examples are put together from. */
import type { DayType, Rank, Season, Usage } from '../../../tariff-shapes.ts';

export type Band = [from: string, to: string, rank: number];

/** Energy at a price per period, or at what `more` says. */
export const energy = (
  prices: Partial<Record<Rank, string>> | null,
  more: Partial<Usage> = {},
): Usage => ({
  ...{ kind: 'usage', code: 'energy', name: 'Energy', nameZh: '电费' },
  ...(prices && { prices }),
  ...more,
});

const dayTypes: readonly DayType[] = ['everyday', 'weekday', 'weekend', 'holiday', 'event'];

export const season = (
  [name, nameZh]: [string, string],
  [from, to]: [string, string],
  days: Partial<Record<DayType, Band[]>>,
): Season => ({
  ...{ name, nameZh, from, to },
  days: dayTypes.flatMap((type) => {
    const bands = days[type];
    return bands
      ? [{ type, bands: bands.map(([start, end, rank]) => ({ from: start, to: end, rank })) }]
      : [];
  }),
});

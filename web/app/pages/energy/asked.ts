/** What an address asks of the energy report, with what it leaves out. Pure. */
import { daysApart } from '../../dates.ts';
import { askedRange } from '../../range.ts';
import type { EnergySearch } from '../../search.ts';

/** By the hour only what an eye can follow. */
const HOUR_DAYS_MAX = 7;

export type Asked = ReturnType<typeof askedOf>;

/** This month by day and building, unless the address says otherwise. */
export function askedOf(search: EnergySearch, today: string) {
  const range = askedRange(search, today, 'month');
  const days = daysApart(range.from, range.to);
  const unit =
    search.unit === 'hour' && days > HOUR_DAYS_MAX
      ? 'day'
      : (search.unit ??
        (days <= 2 ? 'hour' : days <= 62 ? 'day' : days <= 1100 ? 'month' : 'year'));
  return {
    ...range,
    unit,
    by: search.by ?? (search.point ? 'project' : 'building'),
    against: search.against ?? 'previous',
    building: search.building,
    point: search.point,
    commodity: search.commodity ?? 'electricity',
    open: search.open,
  } as const;
}

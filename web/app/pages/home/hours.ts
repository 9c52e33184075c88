/** A day's report by hour, laid out on the hours of the wall clock. Pure. */
import type { EnergyReport, EnergyRow, Ranks } from '../../api.ts';
import { wallMinute } from '../../dates.ts';
import { ranks } from '../../parts/palette.ts';

export interface Hour {
  hour: number;
  quantity: number | null;
  /** The same hour of the day before. */
  previous: number | null;
  ranks: Ranks;
  estimated: number;
  missing: number;
  /** Quarter-hours of it that have been measured or estimated. */
  slots: number;
}

/** Hour of the wall clock that a period names: a local time, or an instant. */
export function hourOf(zone: string, period: string): number {
  const isInstant = /(Z|[+-]\d{2}:\d{2})$/.test(period);
  if (isInstant) return Math.floor(wallMinute(zone, period) / 60);
  const hour = /[T ](\d{2})/.exec(period)?.[1];
  return hour ? Number(hour) : 0;
}

/** 24 hours in order; two periods of one wall hour (autumn) are added, a skipped one stays empty. */
export function byHour(report: EnergyReport | undefined): Hour[] {
  const hours = Array.from(
    { length: 24 },
    (_, hour): Hour => ({
      hour,
      quantity: null,
      previous: null,
      ranks: {},
      estimated: 0,
      missing: 0,
      slots: 0,
    }),
  );
  for (const row of report?.data ?? [])
    addTo(hours[hourOf(report?.zone ?? 'UTC', row.period)], row);
  return hours;
}

function addTo(hour: Hour | undefined, row: EnergyRow): void {
  if (!hour) return;
  if (row.quantity !== null) hour.quantity = (hour.quantity ?? 0) + row.quantity;
  if (row.previous !== null) hour.previous = (hour.previous ?? 0) + row.previous;
  for (const rank of ranks) {
    const quantity = row.ranks?.[rank];
    if (quantity) hour.ranks[rank] = (hour.ranks[rank] ?? 0) + quantity;
  }
  hour.estimated += row.estimated;
  hour.missing += row.missing;
  hour.slots += row.measured + row.estimated;
}

/** Σ of the hours; null when there is none. */
export const total = (hours: readonly Hour[]): number | null =>
  hours.reduce<number | null>(
    (so, { quantity }) => (quantity === null ? so : (so ?? 0) + quantity),
    null,
  );

/** What the day before had used by a minute of it; the hour that is not over counts by its part. */
export function beforeUpTo(hours: readonly Hour[], minute: number): number | null {
  return total(
    hours.map((hour) => {
      const part = Math.min(1, Math.max(0, (minute - hour.hour * 60) / 60));
      return { ...hour, quantity: hour.previous === null || !part ? null : hour.previous * part };
    }),
  );
}

/** A tariff version's definition read as seasons, day types and bands. Pure; unknown shapes give nothing. */
import type { TariffVersion } from '../../api.ts';
import { isRank } from '../../parts/palette.ts';
import type { Band } from '../../parts/ribbon.tsx';

/** The version in force on a day: the newest whose beginning is not after it. */
export const versionOn = (versions: readonly TariffVersion[], day: string) =>
  versions
    .filter(({ effectiveFrom }) => effectiveFrom <= day)
    .sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? 1 : -1))[0];

export function bandsOn(definition: unknown, _day: string): Band[] {
  const bands = read(definition, 'bands');
  return Array.isArray(bands) ? bands.flatMap(toBand) : [];
}

function toBand(value: unknown): Band[] {
  const from = minuteOf(read(value, 'from'));
  const to = minuteOf(read(value, 'to'));
  const rank = String(read(value, 'rank'));
  return from === null || to === null || !isRank(rank) ? [] : [{ from, to, rank }];
}

function minuteOf(value: unknown): number | null {
  const parts = typeof value === 'string' ? /^(\d{2}):(\d{2})/.exec(value) : null;
  return parts ? Number(parts[1]) * 60 + Number(parts[2]) : null;
}

const read = (value: unknown, key: string): unknown =>
  value && typeof value === 'object' ? (value as Record<string, unknown>)[key] : undefined;

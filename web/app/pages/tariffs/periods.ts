/** Which prices and periods hold on a local day, by the project's default electricity tariff. */
import { useMemo } from 'react';
import type { Tariff, TariffVersion } from '../../api.ts';
import type { Band } from '../../parts/ribbon.tsx';
import { useTariff, useTariffs } from '../../queries.ts';
import type { Season } from '../../tariff-shapes.ts';
import { bandsOn, seasonOn, versionOn } from './calendar.ts';

export interface HeldTariff {
  tariff: Tariff;
  version: TariffVersion;
  season: Season | undefined;
}

/** The tariff in force; null while it is not known, or where there is none. */
export function useTariffOn(day: string): HeldTariff | null {
  const tariffs = useTariffs().data?.data ?? [];
  const electric = tariffs.find(({ commodity }) => commodity === 'electricity');
  const tariff = useTariff(electric?.id ?? null).data;
  return useMemo(() => {
    const version = tariff && versionOn(tariff.versions, day);
    if (!version) return null;
    const { calendar } = version.definition;
    return { tariff, version, season: calendar && seasonOn(calendar, day) };
  }, [tariff, day]);
}

export function usePeriods(day: string): Band[] {
  const calendar = useTariffOn(day)?.version.definition.calendar;
  return useMemo(() => (calendar ? bandsOn(calendar, day) : []), [calendar, day]);
}

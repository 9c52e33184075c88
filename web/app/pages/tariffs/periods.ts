/** Which period holds when on a local day, by the project's default electricity tariff. */
import { useMemo } from 'react';
import type { Band } from '../../parts/ribbon.tsx';
import { useTariff, useTariffs } from '../../queries.ts';
import { bandsOn, versionOn } from './calendar.ts';

export function usePeriods(day: string): Band[] {
  const tariffs = useTariffs().data?.data ?? [];
  const electric = tariffs.find(({ commodity }) => commodity === 'electricity');
  const tariff = useTariff(electric?.id ?? null).data;
  const version = tariff && versionOn(tariff.versions, day);
  const calendar = version?.definition.calendar;
  return useMemo(() => (calendar ? bandsOn(calendar, day) : []), [calendar, day]);
}

/** Which period holds when on a local day, by the project's default electricity tariff. */
import { useMemo } from 'react';
import type { Band } from '../../parts/ribbon.tsx';
import { useMay } from '../../project.tsx';
import { useTariff, useTariffs } from '../../queries.ts';
import { bandsOn, versionOn } from './calendar.ts';

export function usePeriods(day: string): Band[] {
  const may = useMay();
  const tariffs = useTariffs(may('tariff.read')).data?.data ?? [];
  const electric = tariffs.find(({ commodity }) => commodity === 'electricity');
  const tariff = useTariff(electric?.id ?? null).data;
  const version = tariff && versionOn(tariff.versions, day);
  const calendar = version?.definition.calendar;
  return useMemo(() => (calendar ? bandsOn(calendar, day) : []), [calendar, day]);
}

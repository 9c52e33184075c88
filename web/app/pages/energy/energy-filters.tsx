/** What the energy report is asked for, in one row; on a phone behind the time. */
import { useTranslation } from 'react-i18next';
import type { EnergyUnit } from '../../api.ts';
import { daysApart } from '../../dates.ts';
import { Filter } from '../../parts/controls.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { rangeSearch } from '../../range.ts';
import type { EnergySearch } from '../../search.ts';
import { BuildingFilter, PointFilter, RangeFilter, SupplyFilter } from '../reports/filters.tsx';
import type { Asked } from './asked.ts';

const rowKinds = ['project', 'building', 'floor', 'account', 'point'] as const;

/** The bars and the range: those that a phone shows too. */
export function EnergyTimes({
  asked,
  set,
}: {
  asked: Asked;
  set: (change: Partial<EnergySearch>) => void;
}) {
  const { t } = useTranslation();
  const days = daysApart(asked.from, asked.to);
  const units: EnergyUnit[] = [
    ...(days <= 7 ? (['hour'] as const) : []),
    ...(days <= 400 ? (['day'] as const) : []),
    ...(days > 7 && days <= 1100 ? (['week'] as const) : []),
    'month',
    'year',
  ];
  return (
    <>
      <Segmented
        label={t('energy.unit')}
        value={asked.unit}
        onChange={(unit) => set({ unit })}
        choices={units.map((value) => ({ value, label: t(`energy.by.${value}`) }))}
      />
      <RangeFilter
        asked={asked}
        onChange={(range) => set({ ...rangeSearch(range), unit: undefined })}
      />
    </>
  );
}

export function EnergyFilters({
  asked,
  set,
}: {
  asked: Asked;
  set: (change: Partial<EnergySearch>) => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <Filter
        label={t('energy.against')}
        value={asked.against}
        options={(['previous', 'year', 'none'] as const).map((value) => ({
          value,
          label: t(`energy.compare.${value}`),
        }))}
        onChange={(against) => set({ against })}
      />
      <BuildingFilter
        value={asked.building}
        onChange={(building) => set({ building, point: undefined, open: undefined })}
      />
      <PointFilter
        value={asked.point}
        building={asked.building}
        commodity={asked.commodity}
        onChange={(point) => set({ point, ...(point && { by: 'project' }), open: undefined })}
      />
      <Filter
        label={t('energy.rows')}
        value={asked.by}
        options={rowKinds.map((value) => ({ value, label: t(`energy.row.${value}`) }))}
        onChange={(by) => set({ by, sort: undefined, open: undefined })}
      />
      <SupplyFilter
        value={asked.commodity}
        onChange={(commodity) => set({ commodity, point: undefined })}
      />
    </>
  );
}

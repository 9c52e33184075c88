/** What the energy report is asked for, in one row. */
import { useTranslation } from 'react-i18next';
import type { EnergyUnit } from '../../api.ts';
import { daysApart } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { DayRange, Filter } from '../../parts/controls.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useBuildings } from '../../queries.ts';
import type { EnergySearch } from '../../search.ts';
import { type Asked, presetsOf } from './energy.tsx';

export function EnergyFilters({
  asked,
  today,
  set,
}: {
  asked: Asked;
  today: string;
  set: (change: Partial<EnergySearch>) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const buildings = useBuildings().data?.data ?? [];
  const days = daysApart(asked.from, asked.to);
  const units: EnergyUnit[] = [
    ...(days <= 7 ? (['hour'] as const) : []),
    ...(days <= 400 ? (['day'] as const) : []),
    'month',
    'year',
  ];
  return (
    <div className="filters">
      <Segmented
        label={t('energy.unit')}
        value={asked.unit}
        onChange={(unit) => set({ unit })}
        choices={units.map((value) => ({ value, label: t(`energy.by.${value}`) }))}
      />
      <DayRange
        label={t('energy.period')}
        from={asked.from}
        to={asked.to}
        presets={presetsOf(today).map(({ name, from, to }) => ({
          label: t(`energy.preset.${name}`),
          from,
          to,
        }))}
        onChange={(from, to) => set({ from, to, unit: undefined })}
      />
      <Filter
        label={t('energy.against')}
        value={asked.against}
        options={(['previous', 'year', 'none'] as const).map((value) => ({
          value,
          label: t(`energy.compare.${value}`),
        }))}
        onChange={(against) => set({ against })}
      />
      <Filter
        label={t('energy.where')}
        value={asked.building ?? ''}
        options={[
          { value: '', label: t('home.park') },
          ...buildings.map((each) => ({ value: each.id, label: nameOf(language, each) })),
        ]}
        onChange={(building) => set({ building: building || undefined })}
      />
      <Filter
        label={t('energy.rows')}
        value={asked.by}
        options={(['project', 'building', 'floor', 'account', 'point'] as const).map((value) => ({
          value,
          label: t(`energy.row.${value}`),
        }))}
        onChange={(by) => set({ by, sort: undefined })}
      />
      <Filter
        label={t('energy.supply')}
        value={asked.commodity}
        options={(['electricity', 'water'] as const).map((value) => ({
          value,
          label: t(`commodity.${value}`),
        }))}
        onChange={(commodity) => set({ commodity })}
      />
    </div>
  );
}

/** What reports are asked for: time, place and supply, in one row; on a phone behind the time. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../api.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, DayRange, Filter } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { useIsPhone } from '../../phone.ts';
import { useBuildings, useLive } from '../../queries.ts';
import { type Preset, presets, type Range } from '../../range.ts';

/** One row of filters. On a phone only the first is seen until the others are asked for. */
export function Filters({
  first,
  children,
  end,
}: {
  first: React.ReactNode;
  children?: React.ReactNode;
  end?: React.ReactNode;
}) {
  const { t } = useTranslation();
  const phone = useIsPhone();
  const [all, setAll] = useState(false);
  return (
    <Controls>
      <div className="filters report-filters">
        {first}
        {phone && children && (
          <button
            type="button"
            className="button filters-more"
            aria-expanded={all}
            onClick={() => setAll(!all)}
          >
            {t('report.filters')}
            <Icon name={all ? 'up' : 'down'} size={14} />
          </button>
        )}
        {(!phone || all) && children}
        {!phone && end}
      </div>
    </Controls>
  );
}

const CUSTOM = 'custom';

/** A named range, or two days of one's own. */
export function RangeFilter({
  asked,
  choices = presets,
  onChange,
}: {
  asked: Range & { preset: Preset | null };
  choices?: readonly Preset[];
  onChange: (range: Range & { preset: Preset | null }) => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <Filter<Preset | typeof CUSTOM>
        label={t('energy.period')}
        value={asked.preset ?? CUSTOM}
        options={[...choices, CUSTOM].map((value) => ({
          // The list holds the presets and the one word beside them.
          value: value as Preset | typeof CUSTOM,
          label: t(`report.range.${value}`),
        }))}
        onChange={(value) => onChange({ ...asked, preset: value === CUSTOM ? null : value })}
      />
      {asked.preset === null && (
        <DayRange
          label={t('energy.period')}
          from={asked.from}
          to={asked.to}
          presets={[]}
          onChange={(from, to) => onChange({ from, to, preset: null })}
        />
      )}
    </>
  );
}

export function BuildingFilter({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (building: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const buildings = useBuildings().data?.data ?? [];
  return (
    <Filter
      label={t('energy.where')}
      value={value ?? ''}
      options={[
        { value: '', label: t('home.park') },
        ...buildings.map((each) => ({ value: each.id, label: nameOf(language, each) })),
      ]}
      onChange={(building) => onChange(building || undefined)}
    />
  );
}

export function PointFilter({
  value,
  building,
  commodity = 'electricity',
  onChange,
}: {
  value: string | undefined;
  building?: string | undefined;
  commodity?: Commodity;
  onChange: (point: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const points = useLive('slow').data?.data ?? [];
  const shown = points.filter(
    (point) =>
      point.commodity === commodity &&
      (!building || point.buildingId === building || point.pointId === value),
  );
  return (
    <Filter
      label={t('report.point')}
      value={value ?? ''}
      search
      options={[
        { value: '', label: t('report.allPoints') },
        // A point that is not in service any more still names itself.
        ...(value && !shown.some(({ pointId }) => pointId === value)
          ? [{ value, label: value }]
          : []),
        ...shown.map(({ pointId, code }) => ({ value: pointId, label: code })),
      ]}
      onChange={(point) => onChange(point || undefined)}
    />
  );
}

export function SupplyFilter({
  value,
  onChange,
}: {
  value: Commodity;
  onChange: (commodity: Commodity) => void;
}) {
  const { t } = useTranslation();
  return (
    <Filter
      label={t('energy.supply')}
      value={value}
      options={(['electricity', 'water'] as const).map((each) => ({
        value: each,
        label: t(`commodity.${each}`),
      }))}
      onChange={onChange}
    />
  );
}

/** Energy of today by hour or of this month by day, of the park or one building, against the time before. */
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { Building } from '../../api.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Segmented } from '../../parts/segmented.tsx';
import { useIsPhone } from '../../phone.ts';
import type { HomeSearch } from '../../search.ts';
import { HourChart } from './hour-chart.tsx';

const MonthChart = lazy(async () => ({ default: (await import('./month-chart.tsx')).MonthChart }));

const BUILDINGS_MAX = 8;
/** The panel keeps its height while the other chart is fetched. */
const CHART_PX = 370;

export function EnergyPanel({
  today,
  bars,
  building,
  buildings,
  onChange,
}: {
  today: string;
  bars: 'day' | 'month';
  building: string | undefined;
  /** To choose one from; none where the page is of one building. */
  buildings: readonly Building[];
  onChange: (change: HomeSearch) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  return (
    <section className="panel">
      <div className="panel-head hour-head">
        <h2>{t(bars === 'month' ? 'home.byDay' : 'home.byHour')}</h2>
        <span className="rest hour-choice">
          <Segmented
            label={t('energy.period')}
            value={bars}
            onChange={(value) => onChange({ bars: value === 'month' ? value : undefined })}
            choices={[
              { value: 'day', label: t('energy.by.day') },
              { value: 'month', label: t('energy.by.month') },
            ]}
          />
          {buildings.length > 1 && buildings.length <= BUILDINGS_MAX && (
            <Segmented
              label={t('building')}
              value={building ?? ''}
              onChange={(value) => onChange({ building: value || undefined })}
              choices={[
                { value: '', label: t('home.park') },
                ...buildings.map((each) => ({
                  value: each.id,
                  label: each.code,
                  title: nameOf(language, each),
                })),
              ]}
            />
          )}
        </span>
      </div>
      <div className="panel-body">
        {bars === 'month' ? (
          <Suspense fallback={<div style={{ height: phone ? undefined : CHART_PX }} />}>
            <MonthChart today={today} building={building} />
          </Suspense>
        ) : (
          <HourChart today={today} building={building} />
        )}
      </div>
    </section>
  );
}

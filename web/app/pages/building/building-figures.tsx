/** The figure strip of a building: today, yesterday, the month, the peak, and what the units do not hold. */
import { useTranslation } from 'react-i18next';
import type { BuildingSummary } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, moment, month, time } from '../../dates.ts';
import { change, kw, number, signed, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Cell } from '../../parts/figure.tsx';
import { useProject } from '../../project.tsx';

export function BuildingFigures({ summary }: { summary: BuildingSummary | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const loading = !summary;
  const unit = unitOf(summary);
  const onYesterday = change(summary?.today.quantity, summary?.yesterday.toSameTime);
  const onMonth = change(summary?.month.quantity, summary?.monthBefore.toSameDay);
  const before = summary ? month(language, summary.monthBefore.from) : '';
  const peak = summary?.peak.today;
  const highest = summary?.peak.month;
  const loss = summary?.main?.month;
  const power = (watts: number | null | undefined, quantity: number | undefined) =>
    summary?.commodity === 'water' ? `${thousands(quantity, 3)} m³` : `${kw(watts)} kW`;
  return (
    <section className="panel strip">
      <Cell
        label={t('buildingView.today')}
        value={thousands(summary?.today.quantity)}
        unit={unit}
        loading={loading}
        line={
          onYesterday === null || !summary?.newestAt ? (
            t('home.noYesterday')
          ) : (
            <>
              {signed(onYesterday)} <span className="unit">%</span>{' '}
              {t('home.onYesterday', { at: time(zone, summary.newestAt) })}
            </>
          )
        }
      />
      <Cell
        label={t('buildingView.yesterday')}
        value={thousands(summary?.yesterday.quantity)}
        unit={unit}
        loading={loading}
        line={summary && day(language, summary.yesterday.day)}
      />
      <Cell
        label={t('buildingView.month')}
        value={thousands(summary?.month.quantity)}
        unit={unit}
        loading={loading}
        line={
          onMonth === null ? (
            t('buildingView.noMonthBefore', { month: before })
          ) : (
            <>
              {signed(onMonth)} <span className="unit">%</span>{' '}
              {t('buildingView.onMonthBefore', { month: before })}
            </>
          )
        }
      />
      <Cell
        label={t('buildingView.peak')}
        value={
          summary?.commodity === 'water' ? thousands(peak?.quantity, 3) : kw(peak?.averagePowerW)
        }
        unit={summary?.commodity === 'water' ? 'm³' : 'kW'}
        loading={loading}
        line={
          peak
            ? [
                t('buildingView.peakAt', { at: time(zone, peak.at) }),
                highest &&
                  t('buildingView.peakMonth', {
                    power: power(highest.averagePowerW, highest.quantity),
                    at: moment(language, zone, highest.at, now),
                  }),
              ]
                .filter(Boolean)
                .join(' · ')
            : t('buildingView.noPeak')
        }
      />
      <Cell
        label={t('buildingView.loss')}
        value={number(loss?.share === null || loss === undefined ? null : loss.share * 100, 1)}
        unit="%"
        loading={loading}
        line={
          loss
            ? t('buildingView.lossLine', {
                difference: thousands(loss.difference),
                main: thousands(loss.main),
                unit,
              })
            : t('buildingView.noMain')
        }
      />
    </section>
  );
}

export const unitOf = (summary: BuildingSummary | undefined): string =>
  summary?.commodity === 'water' ? 'm³' : 'kWh';

/** The report's figure and its drawing over time. */
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EnergyReport } from '../../api.ts';
import { range } from '../../dates.ts';
import { number, signed, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { Skeleton, Waiting } from '../../parts/notice.tsx';
import { type Palette, ranks, rankVar } from '../../parts/palette.ts';
import { useIsPhone } from '../../phone.ts';
import type { Asked } from './asked.ts';
import { type Bar, changeOf, comparisonOf, isOpen, toBars } from './bars.ts';
import { useBefore } from './before.ts';
import { energyOption } from './energy-option.ts';

export function EnergyChart({
  report,
  asked,
  open,
}: {
  report: EnergyReport | undefined;
  asked: Asked;
  /** The period that is not over, if any. */
  open: string | null;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  const unit = asked.commodity === 'water' ? 'm³' : 'kWh';
  const bars = useMemo(
    () => toBars(report?.data ?? [], asked.unit, language),
    [report, asked.unit, language],
  );
  const before = useBefore(report);
  const words = useMemo(
    () => ({
      unit,
      total: t('total'),
      previous: before,
      estimated: t('home.estimated'),
      missing: t('home.missing'),
      noPeriod: asked.commodity === 'water' ? t('commodity.water') : t('energy.noPeriod'),
      noteMissing: (bar: Bar) => t('report.energy.noData', { hours: thousands(bar.missing * 250) }),
      noteEstimated: (bar: Bar) =>
        t('report.energy.partEstimated', {
          percent: number(((bar.estimatedQuantity ?? 0) / Math.max(1, bar.quantity ?? 0)) * 100),
        }),
      ranks: Object.fromEntries(ranks.map((rank) => [rank, t(`period.${rank}`)])),
    }),
    [t, unit, asked.commodity, before],
  );
  const compare = asked.against !== 'none';
  const option = useCallback(
    (palette: Palette) => energyOption(palette, { bars, words, open, compare, small: phone }),
    [bars, words, open, compare, phone],
  );
  const totals = report?.totals;
  const compared = comparisonOf(bars, open);
  const difference = changeOf(compared);
  const onWhat = bars.some((bar) => isOpen(bar, open)) ? 'onOver' : 'onBefore';
  const share = (part: number | undefined) =>
    number(totals?.quantity ? ((part ?? 0) / totals.quantity) * 100 : null, 1);
  const comparison = report?.comparison;
  return (
    <section className="panel">
      <div className="panel-head energy-head">
        <span className="energy-total">
          {report ? thousands(totals?.quantity) : <Skeleton width={140} height={22} />}{' '}
          <span className="unit">{unit}</span>
        </span>
        {compare && comparison && difference !== null && (
          <span className="second">
            <b className="strong ink">
              {signed(difference)} <span className="unit">%</span>
            </b>{' '}
            {t(`energy.${compared.compared === compared.over ? onWhat : 'onSome'}`, {
              before,
              quantity: thousands(compared.previous),
              unit,
              range: range(language, comparison.from, comparison.to),
              compared: compared.compared,
              over: compared.over,
              ended: t(`energy.count.${asked.unit}`, { count: compared.over }),
              periods: t(`energy.periods.${asked.unit}`),
            })}
          </span>
        )}
      </div>
      <div className="panel-body">
        <div className="legend chart-legend">
          {asked.commodity === 'electricity' &&
            ranks.map((rank) => (
              <span key={rank}>
                <i className="swatch" style={{ background: rankVar(rank) }} />
                {t(`period.${rank}`)}
                <b>{share(totals?.ranks?.[rank])}</b>
                <span className="unit">%</span>
              </span>
            ))}
          {compare && (
            <span>
              <i className="key-step" />
              {before}
            </span>
          )}
          <span>
            <i className="key-hatch" />
            {t('home.estimated')}
          </span>
          <span>
            <i className="key-missing" />
            {t('energy.missingNotZero')}
          </span>
        </div>
        <Chart
          option={option}
          height={phone ? 230 : 290}
          label={t('energy.title')}
          points={bars.length}
          empty={!!report && totals?.quantity === null && t('energy.nothingYet')}
          summary={t('energy.summary', {
            total: thousands(totals?.quantity),
            unit,
            range: range(language, asked.from, asked.to),
          })}
          table={{
            columns: [
              t('energy.period'),
              ...ranks.map((rank) => t(`period.${rank}`)),
              t('total'),
              before,
            ],
            rows: bars.map((bar) => [
              bar.title,
              ...ranks.map((rank) => thousands(bar.ranks[rank] ?? null)),
              thousands(bar.quantity),
              thousands(bar.previous),
            ]),
          }}
        />
        {!report && <Waiting what={t('wait.report')} />}
      </div>
    </section>
  );
}

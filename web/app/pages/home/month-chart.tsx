/** This month by day in the colours of the periods, against the same days of the month before. */
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { addMonths, month } from '../../dates.ts';
import { signed, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { PeriodLegend } from '../../parts/legend.tsx';
import { ProblemNotice, Waiting } from '../../parts/notice.tsx';
import { type Palette, ranks } from '../../parts/palette.ts';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import { useEnergy } from '../../queries.ts';
import { changeOf, comparisonOf, toBars } from '../energy/bars.ts';
import { energyOption } from '../energy/energy-option.ts';

const MINUTE_MS = 60_000;

export function MonthChart({ today, building }: { today: string; building: string | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const navigate = useNavigate();
  const phone = useIsPhone();
  const from = `${today.slice(0, 7)}-01`;
  const to = addMonths(from, 1);
  // A whole month is asked for: its days are compared with the days of the same number before.
  const report = useEnergy(
    { unit: 'day', by: 'project', commodity: 'electricity', from, to, buildingId: building },
    { everyMs: MINUTE_MS },
  );
  const before = month(language, addMonths(from, -1));
  const bars = useMemo(
    () => toBars(report.data?.data ?? [], 'day', language),
    [report.data, language],
  );
  const words = useMemo(
    () => ({
      unit: 'kWh',
      total: t('total'),
      previous: before,
      estimated: t('home.estimated'),
      missing: t('home.missing'),
      noPeriod: t('energy.noPeriod'),
      ranks: Object.fromEntries(ranks.map((rank) => [rank, t(`period.${rank}`)])),
    }),
    [t, before],
  );
  const option = useCallback(
    (palette: Palette) =>
      energyOption(palette, { bars, words, open: today, compare: true, small: phone }),
    [bars, words, today, phone],
  );
  const totals = report.data?.totals;
  const compared = comparisonOf(bars, today);
  const difference = changeOf(compared);
  return (
    <>
      {report.isError && !report.data && (
        <ProblemNotice error={report.error} retry={() => void report.refetch()} />
      )}
      <PeriodLegend sums={phone || !totals ? undefined : { ...totals.ranks }} unit="kWh">
        <span>
          <i className="key-step" />
          {before}
        </span>
        {difference !== null && !phone && (
          <span>
            <b>
              {signed(difference)} <span className="unit">%</span>
            </b>
            {t(compared.compared === compared.over ? 'home.onMonth' : 'home.onSomeDays', {
              quantity: thousands(compared.previous),
              compared: compared.compared,
              over: compared.over,
            })}
          </span>
        )}
      </PeriodLegend>
      <Chart
        option={option}
        height={phone ? 230 : 342}
        label={t('home.byDay')}
        points={bars.length}
        onSelect={(index) => {
          const day = bars[index]?.period;
          if (!day) return;
          void navigate({
            to: '/projects/$projectId/energy',
            params: { projectId },
            search: { from: day, unit: 'hour', building },
          });
        }}
        empty={!!report.data && totals?.quantity === null && t('energy.nothingYet')}
        summary={t('energy.summary', {
          total: thousands(totals?.quantity),
          unit: 'kWh',
          range: month(language, from),
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
            ...ranks.map((rank) =>
              thousands(bar.ranks[rank] ?? (bar.quantity === null ? null : 0)),
            ),
            thousands(bar.quantity),
            thousands(bar.previous),
          ]),
        }}
      />
      {!report.data && !report.isError && <Waiting what={t('wait.report')} />}
    </>
  );
}

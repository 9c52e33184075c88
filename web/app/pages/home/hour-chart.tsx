/** Today by hour in the colours of the periods, against yesterday, over the period ribbon. */
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { wallMinute } from '../../dates.ts';
import { thousands } from '../../format.ts';
import { Chart } from '../../parts/chart.tsx';
import { PeriodLegend } from '../../parts/legend.tsx';
import { ProblemNotice, Waiting } from '../../parts/notice.tsx';
import { isRank, type Palette, ranks } from '../../parts/palette.ts';
import { HourAxis, Ribbon } from '../../parts/ribbon.tsx';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import { usePeriods } from '../tariffs/periods.ts';
import { useDayByHour } from './home.tsx';
import { HOUR_GRID, hourOption } from './hour-option.ts';
import { byHour, total } from './hours.ts';

export function HourChart({ today, building }: { today: string; building: string | undefined }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const phone = useIsPhone();
  const report = useDayByHour(today, building);
  const periods = usePeriods(today);
  const now = useNow(60_000);
  const minute = wallMinute(zone, now);
  const words = useMemo(
    () => ({
      unit: 'kWh',
      now: t('home.now'),
      yesterday: t('home.yesterday'),
      ranks: Object.fromEntries(ranks.map((rank) => [rank, t(`period.${rank}`)])),
      total: t('total'),
    }),
    [t],
  );
  const hours = useMemo(() => byHour(report.data), [report.data]);
  const option = useCallback(
    (palette: Palette) => hourOption(palette, { hours, minute, words, small: phone }),
    [hours, minute, words, phone],
  );
  const sums = rankSums(hours);
  return (
    <>
      {report.isError && !report.data && (
        <ProblemNotice error={report.error} retry={() => void report.refetch()} />
      )}
      <PeriodLegend sums={phone || !report.data ? undefined : sums} unit="kWh">
        <span>
          <i className="key-step" />
          {t('home.yesterday')}
        </span>
        {!phone && (
          <span>
            <i className="key-hatch" />
            {t('home.notOver')}
          </span>
        )}
      </PeriodLegend>
      <Chart
        option={option}
        height={phone ? 210 : 310}
        label={t('home.byHour')}
        points={24}
        empty={!!report.data && total(hours) === null && t('energy.nothingYet')}
        summary={t('home.byHourSummary', {
          total: thousands(total(hours)),
          periods: ranks
            .filter((rank) => sums[rank])
            .map((rank) => `${t(`period.${rank}`)} ${thousands(sums[rank])}`)
            .join(t('mark.list')),
        })}
        table={{
          columns: [
            t('home.hour'),
            ...ranks.map((rank) => t(`period.${rank}`)),
            t('total'),
            t('home.yesterday'),
          ],
          rows: hours.map((hour) => [
            `${String(hour.hour).padStart(2, '0')}:00`,
            ...ranks.map((rank) =>
              thousands(hour.ranks[rank] ?? (hour.quantity === null ? null : 0)),
            ),
            thousands(hour.quantity),
            thousands(hour.previous),
          ]),
        }}
        under={
          <div style={{ marginLeft: HOUR_GRID.left, marginRight: HOUR_GRID.right }}>
            <HourAxis step={phone ? 4 : 2} />
            <Ribbon bands={periods} names={!phone} />
          </div>
        }
      />
      {!report.data && !report.isError && <Waiting what={t('wait.report')} />}
    </>
  );
}

function rankSums(hours: ReturnType<typeof byHour>) {
  const sums: Record<string, number> = {};
  for (const hour of hours) {
    for (const [rank, quantity] of Object.entries(hour.ranks)) {
      if (isRank(rank)) sums[rank] = (sums[rank] ?? 0) + quantity;
    }
  }
  return sums;
}

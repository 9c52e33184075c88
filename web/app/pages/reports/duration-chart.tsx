/** The load-duration curve: what power is reached during which part of the time. */
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { kw, number } from '../../format.ts';
import { Chart } from '../../parts/chart.tsx';
import { Waiting } from '../../parts/notice.tsx';
import { base, type Palette, quantityAxis } from '../../parts/palette.ts';
import { tip } from '../../parts/tip.ts';
import { useIsPhone } from '../../phone.ts';
import type { DurationRow, DurationTotals, Report } from '../../reports.ts';
import { indexOf } from './loss-chart.tsx';

export function DurationChart({
  report,
}: {
  report: Report<DurationRow, DurationTotals> | undefined;
}) {
  const { t } = useTranslation();
  const phone = useIsPhone();
  const rows = report?.data;
  const average = report?.totals.averagePowerW ?? null;
  const option = useCallback(
    (palette: Palette): EChartsCoreOption => ({
      ...base(palette),
      grid: { left: 58, right: 14, top: 26, bottom: 24 },
      tooltip: {
        ...base(palette).tooltip,
        formatter: (items: unknown) => {
          const row = rows?.[indexOf(items)];
          return row
            ? tip(`${kw(row.powerW)} kW`, [
                {
                  name: t('report.load.reached'),
                  value: `${number(row.share * 100)} % · ${number(row.hours, 1)} h`,
                },
              ])
            : '';
        },
      },
      xAxis: {
        type: 'category',
        boundaryGap: false,
        data: (rows ?? []).map(({ share }) => `${Math.round(share * 100)} %`),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: palette.lineStrong } },
        axisLabel: {
          color: palette.text2,
          fontSize: 11,
          interval: (index: number) => index % 10 === 0,
          hideOverlap: true,
        },
      },
      yAxis: quantityAxis(palette, 'kW'),
      series: [
        {
          type: 'line',
          symbol: 'none',
          emphasis: { disabled: true },
          lineStyle: { color: palette.ink, width: 1.6 },
          itemStyle: { color: palette.ink },
          areaStyle: { color: palette.grid, opacity: 0.8 },
          data: (rows ?? []).map(({ powerW }) => (powerW === null ? null : powerW / 1000)),
          ...(average !== null && {
            markLine: {
              silent: true,
              symbol: 'none',
              lineStyle: { color: palette.text3, type: [4, 3], width: 1 },
              label: {
                position: 'insideEndTop',
                formatter: `${t('report.load.average')} ${kw(average)} kW`,
                color: palette.text2,
                fontSize: 11,
              },
              data: [{ yAxis: average / 1000 }],
            },
          }),
        },
      ],
    }),
    [rows, average, t],
  );
  const at = (percent: number) => kw(rows?.[percent]?.powerW);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('report.load.duration')}</h2>
        <span className="second">
          {rows && rows.length > 0 && t('report.load.durationLine', { ten: at(10), half: at(50) })}
        </span>
      </div>
      <div className="panel-body">
        <div className="legend chart-legend">
          <span>
            <i className="key-line" />
            {t('report.load.duration')}
          </span>
        </div>
        <Chart
          option={option}
          height={phone ? 190 : 210}
          label={t('report.load.duration')}
          points={rows?.length ?? 0}
          empty={!!rows && !rows.length && t('energy.nothingYet')}
          summary={t('report.load.durationLine', { ten: at(10), half: at(50) })}
          table={{
            columns: [t('report.load.part'), 'h', 'kW'],
            rows: (rows ?? [])
              .filter((_, index) => index % 5 === 0)
              .map(({ share, hours, powerW }) => [
                `${number(share * 100)} %`,
                number(hours, 1),
                kw(powerW),
              ]),
          }}
        />
        {!report && <Waiting what={t('wait.report')} />}
      </div>
    </section>
  );
}

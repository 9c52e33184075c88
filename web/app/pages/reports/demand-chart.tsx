/** The peak of each month or day as a bar; those that rest on gaps are outlined only. */
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { kw } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { Waiting } from '../../parts/notice.tsx';
import { base, hatch, type Palette, quantityAxis } from '../../parts/palette.ts';
import { tip } from '../../parts/tip.ts';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import type { DemandRow } from '../../reports.ts';
import { indexOf } from './loss-chart.tsx';
import { axisDay, titleOfPeriod } from './periods.ts';

export function DemandChart({
  rows,
  per,
  of,
}: {
  rows: readonly DemandRow[] | undefined;
  per: 'day' | 'month';
  of: string;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const phone = useIsPhone();
  const now = useNow(600_000);
  const option = useCallback(
    (palette: Palette): EChartsCoreOption => ({
      ...base(palette),
      grid: { left: 58, right: 14, top: 26, bottom: 24 },
      tooltip: {
        ...base(palette).tooltip,
        axisPointer: { type: 'shadow', shadowStyle: { color: palette.grid, opacity: 0.5 } },
        formatter: (items: unknown) => {
          const row = rows?.[indexOf(items)];
          return row
            ? tip(titleOfPeriod(row.period, language), [
                { name: t('report.demand.demand'), value: `${kw(row.demandW)} kW` },
                ...(row.at
                  ? [{ name: t('report.demand.at'), value: moment(language, zone, row.at, now) }]
                  : []),
                ...(row.missing
                  ? [{ name: t('home.missing'), value: `${row.missing / 4} h` }]
                  : []),
              ])
            : '';
        },
      },
      xAxis: {
        type: 'category',
        data: (rows ?? []).map(({ period }) => axisDay(period, language)),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: palette.lineStrong } },
        axisLabel: { color: palette.text2, fontSize: 11, hideOverlap: true },
      },
      yAxis: quantityAxis(palette, 'kW'),
      series: [
        {
          type: 'bar',
          barWidth: '46%',
          barMaxWidth: 48,
          emphasis: { disabled: true },
          data: (rows ?? []).map(({ demandW, missing }) => ({
            value: demandW === null ? null : demandW / 1000,
            itemStyle: missing
              ? {
                  color: palette.surface,
                  borderColor: palette.text2,
                  borderWidth: 1,
                  borderType: 'dashed',
                  decal: hatch(palette.lineStrong),
                }
              : { color: palette.text2 },
          })),
          label: {
            show: (rows?.length ?? 0) <= (phone ? 4 : 14),
            position: 'top',
            color: palette.text2,
            fontSize: 11,
            formatter: ({ dataIndex }: { dataIndex: number }) => kw(rows?.[dataIndex]?.demandW),
          },
        },
      ],
    }),
    [rows, language, zone, now, phone, t],
  );
  const highest = [...(rows ?? [])].sort((a, b) => (b.demandW ?? 0) - (a.demandW ?? 0))[0];
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t(`report.demand.chart.${per}`)}</h2>
        <span className="second">{of}</span>
      </div>
      <div className="panel-body">
        <div className="legend chart-legend">
          <span>
            <i className="key-missing" />
            {t('report.demand.onGaps')}
          </span>
        </div>
        <Chart
          option={option}
          height={phone ? 210 : 236}
          label={t(`report.demand.chart.${per}`)}
          points={rows?.length ?? 0}
          empty={!!rows && !rows.length && t('report.demand.none')}
          summary={
            highest
              ? t('report.demand.summary', {
                  kw: kw(highest.demandW),
                  period: titleOfPeriod(highest.period, language),
                })
              : t('report.demand.none')
          }
          table={{
            columns: [t(`energy.by.${per}`), 'kW', t('report.demand.at')],
            rows: (rows ?? []).map((row) => [
              titleOfPeriod(row.period, language),
              kw(row.demandW),
              row.at ? moment(language, zone, row.at, now) : '–',
            ]),
          }}
        />
        {!rows && <Waiting what={t('wait.report')} />}
      </div>
    </section>
  );
}

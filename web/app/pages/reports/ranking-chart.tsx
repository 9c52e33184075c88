/** The first ones as bars in their order, and the line of their share so far. */
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { Waiting } from '../../parts/notice.tsx';
import { base, type Palette, quantityAxis } from '../../parts/palette.ts';
import { tip } from '../../parts/tip.ts';
import { useIsPhone } from '../../phone.ts';
import type { RankingRow } from '../../reports.ts';
import { percent } from './figures.tsx';
import { indexOf } from './loss-chart.tsx';

/** Bars that can be told apart. */
const SHOWN = 50;
const SHOWN_PHONE = 20;

export function RankingChart({
  rows,
  unit,
  by,
}: {
  rows: readonly RankingRow[] | undefined;
  unit: string;
  by: 'point' | 'account' | 'building';
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  const shown = useMemo(() => (rows ?? []).slice(0, phone ? SHOWN_PHONE : SHOWN), [rows, phone]);
  const nameFor = useCallback(
    (row: RankingRow) =>
      by === 'point' ? row.code : nameOf(language, { name: row.label, nameZh: row.labelZh }),
    [by, language],
  );
  const option = useCallback(
    (palette: Palette): EChartsCoreOption => ({
      ...base(palette),
      grid: { left: 58, right: 46, top: 26, bottom: by === 'account' ? 74 : 42 },
      tooltip: {
        ...base(palette).tooltip,
        axisPointer: { type: 'shadow', shadowStyle: { color: palette.grid, opacity: 0.6 } },
        formatter: (items: unknown) => {
          const row = shown[indexOf(items)];
          return row
            ? tip(`${row.rank} · ${nameFor(row)}`, [
                {
                  name: t('report.integrated.energy'),
                  value: `${thousands(row.quantity)} ${unit}`,
                },
                { name: t('report.ranking.share'), value: `${percent(row.share)} %` },
                { name: t('report.ranking.soFar'), value: `${percent(row.cumulativeShare)} %` },
                { name: t('energy.before'), value: `${thousands(row.previous)} ${unit}` },
              ])
            : '';
        },
      },
      xAxis: {
        type: 'category',
        data: shown.map(nameFor),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: palette.lineStrong } },
        axisLabel: {
          color: palette.text2,
          fontSize: 11,
          interval: 0,
          rotate: shown.length > 12 ? 60 : 0,
          width: by === 'account' ? 84 : 60,
          overflow: 'truncate',
          hideOverlap: true,
        },
      },
      yAxis: [
        quantityAxis(palette, unit),
        {
          ...quantityAxis(palette, '%'),
          max: 100,
          interval: 25,
          position: 'right',
          splitLine: { show: false },
          nameTextStyle: {
            color: palette.text3,
            fontSize: 11,
            align: 'left',
            padding: [0, 0, 0, 8],
          },
        },
      ],
      series: [
        {
          type: 'bar',
          barWidth: '62%',
          barMaxWidth: 48,
          itemStyle: { color: palette.text2 },
          emphasis: { disabled: true },
          data: shown.map(({ quantity }) => (quantity === null ? null : quantity / 1000)),
        },
        {
          type: 'line',
          yAxisIndex: 1,
          symbol: 'none',
          silent: true,
          lineStyle: { color: palette.accent, width: 1.4 },
          data: shown.map(({ cumulativeShare }) =>
            cumulativeShare === null ? null : cumulativeShare * 100,
          ),
        },
      ],
    }),
    [shown, nameFor, unit, by, t],
  );
  const last = shown.at(-1);
  const summary = last
    ? t('report.ranking.summary', { count: shown.length, share: percent(last.cumulativeShare) })
    : t('energy.none');
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('report.ranking.chart', { count: shown.length })}</h2>
        <span className="second">{last && summary}</span>
      </div>
      <div className="panel-body">
        <div className="legend chart-legend">
          <span>
            <i className="swatch" style={{ background: 'var(--text2)' }} />
            {t('report.integrated.energy')}
          </span>
          <span>
            <i className="key-line found" />
            {t('report.ranking.soFar')}
          </span>
        </div>
        <Chart
          option={option}
          height={phone ? 230 : 270}
          label={t('report.name.ranking')}
          points={shown.length}
          empty={!!rows && !rows.length && t('energy.none')}
          summary={summary}
          table={{
            columns: [
              t('report.ranking.rank'),
              t(`report.kind.${by}`),
              unit,
              '%',
              t('report.ranking.soFar'),
            ],
            rows: shown.map((row) => [
              String(row.rank),
              nameFor(row),
              thousands(row.quantity),
              percent(row.share),
              percent(row.cumulativeShare),
            ]),
          }}
        />
        {!rows && <Waiting what={t('wait.report')} />}
      </div>
    </section>
  );
}

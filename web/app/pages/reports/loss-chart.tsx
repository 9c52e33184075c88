/** The share of loss through time, a line per main: the opened one in ink, a doubted one found, the rest grey. */
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { Skeleton } from '../../parts/notice.tsx';
import { base, hatch, type Palette, quantityAxis } from '../../parts/palette.ts';
import { tip } from '../../parts/tip.ts';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import type { LossRow } from '../../reports.ts';
import { percent } from './figures.tsx';
import { axisDay, titleOfPeriod } from './periods.ts';

interface Line {
  mainId: string;
  code: string;
  suspect: boolean;
  usual: number | null;
  rows: (LossRow | undefined)[];
}

export function LossChart({
  rows,
  unit,
  opened: asked,
  onOpen,
}: {
  rows: LossRow[] | undefined;
  unit: 'day' | 'month';
  opened: string | undefined;
  onOpen: (mainId: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  const { zone } = useProject();
  const today = localDay(zone, useNow(60_000));
  const { periods, lines } = useMemo(() => linesOf(rows ?? []), [rows]);
  // An address may name a main that is not among these: then none is opened.
  const opened = lines.some(({ mainId }) => mainId === asked) ? asked : undefined;
  const look = useCallback(
    (line: Line) =>
      line.mainId === opened ? 'ink' : !opened && line.suspect ? 'found' : ('other' as const),
    [opened],
  );
  const usualWord = t('report.losses.usual');
  const soFar = t(`report.losses.soFar.${unit}`);
  const isRunning = useCallback((period: string) => today.startsWith(period), [today]);
  const words = useCallback(
    (period: string) => titleOfPeriod(period, language) + (isRunning(period) ? ` · ${soFar}` : ''),
    [isRunning, language, soFar],
  );
  const option = useCallback(
    (palette: Palette): EChartsCoreOption => ({
      ...base(palette),
      grid: { left: 44, right: 56, top: 26, bottom: 24 },
      tooltip: {
        ...base(palette).tooltip,
        formatter: (items: unknown) => {
          const index = indexOf(items);
          return tip(
            words(periods[index] ?? ''),
            lines.flatMap((line) => {
              const row = line.rows[index];
              if (!row) return [];
              return {
                color: { ink: palette.ink, found: palette.accent, other: palette.lineStrong }[
                  look(line)
                ],
                name: line.code,
                value: `${percent(row.lossShare, 2)} %${row.suspicion === 'incomplete' ? ` · ${t('report.suspicion.incomplete')}` : ''}`,
              };
            }),
          );
        },
      },
      xAxis: {
        type: 'category',
        data: periods.map((period) => axisDay(period, language)),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: palette.lineStrong }, onZero: false },
        axisLabel: { color: palette.text2, fontSize: 11, hideOverlap: true },
      },
      yAxis: [
        {
          ...quantityAxis(palette, '%'),
          // A loss below zero is a mistake somewhere, and is not cut off.
          min: ({ min }: { min: number }) => (min < 0 ? Math.floor(min) : 0),
        },
        { type: 'value', show: false, min: 0, max: 1 },
      ],
      series: [
        runningBand(palette, periods.map(isRunning)),
        ...[...lines]
          .sort((a, b) => (look(a) === 'other' ? 0 : 1) - (look(b) === 'other' ? 0 : 1))
          .map((line) => {
            const color = { ink: palette.ink, found: palette.accent, other: palette.lineStrong }[
              look(line)
            ];
            const isQuiet = look(line) === 'other';
            return {
              type: 'line',
              name: line.code,
              symbol: 'circle',
              symbolSize: 5,
              showSymbol: true,
              connectNulls: false,
              lineStyle: { color, width: isQuiet ? 1 : 1.6 },
              itemStyle: { color },
              emphasis: { disabled: true },
              endLabel: {
                // Named at their end where they matter; the legend names them all.
                show: !isQuiet,
                formatter: line.code,
                color,
                fontSize: 11,
                distance: 6,
              },
              data: line.rows.map((row) => ({
                value: row?.lossShare === null || !row ? null : row.lossShare * 100,
                // What rests on gaps is an outline only.
                ...(row?.suspicion === 'incomplete'
                  ? {
                      symbolSize: 6,
                      itemStyle: { color: palette.surface, borderColor: color, borderWidth: 1.4 },
                    }
                  : { symbolSize: isQuiet ? 0 : 4 }),
              })),
              ...(line.mainId === opened &&
                line.usual !== null && {
                  markLine: {
                    silent: true,
                    symbol: 'none',
                    lineStyle: { color: palette.text3, type: [4, 3], width: 1 },
                    label: {
                      position: 'insideStartTop',
                      formatter: `${usualWord} ${percent(line.usual)} %`,
                      color: palette.text2,
                      fontSize: 11,
                    },
                    data: [{ yAxis: line.usual * 100 }],
                  },
                }),
            };
          }),
      ],
    }),
    [periods, lines, look, opened, language, t, usualWord, words, isRunning],
  );
  const found = lines.filter(({ suspect }) => suspect).map(({ code }) => code);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t(`report.losses.chart.${unit}`)}</h2>
        <span className="second">{t('report.losses.chartNote')}</span>
      </div>
      <div className="panel-body">
        <div className="legend chart-legend">
          {lines.map((line) => (
            <button
              type="button"
              key={line.mainId}
              className={`legend-line ${look(line)}`}
              aria-pressed={line.mainId === opened}
              onClick={() => onOpen(line.mainId)}
            >
              <i className="key-line" />
              {line.code}
            </button>
          ))}
          <span>
            <i className="key-ring" />
            {t('report.suspicion.incomplete')}
          </span>
          {periods.some(isRunning) && (
            <span>
              <i className="key-hatch" />
              {soFar}
            </span>
          )}
          {!rows && <Skeleton width={220} />}
        </div>
        <Chart
          option={option}
          height={phone ? 210 : 236}
          label={t(`report.losses.chart.${unit}`)}
          points={periods.length}
          cursorSeries={1}
          empty={!!rows && !periods.length && t('report.losses.none')}
          summary={
            found.length
              ? t('report.losses.summaryFound', { codes: found.join(t('mark.list')) })
              : t('report.losses.summaryNone')
          }
          table={{
            columns: [t('energy.period'), ...lines.map(({ code }) => `${code} %`)],
            rows: periods.map((period, index) => [
              words(period),
              ...lines.map((line) => percent(line.rows[index]?.lossShare, 2)),
            ]),
          }}
        />
      </div>
    </section>
  );
}

/** The period that is not over, hatched from edge to edge behind the lines. */
const runningBand = (palette: Palette, running: readonly boolean[]) => ({
  type: 'bar',
  yAxisIndex: 1,
  silent: true,
  barWidth: '100%',
  itemStyle: { color: palette.surface, decal: hatch(palette.line) },
  data: running.map((is) => (is ? 1 : null)),
});

/** A line per main, with a place for every period; nothing is drawn where nothing is known. */
function linesOf(rows: readonly LossRow[]): { periods: string[]; lines: Line[] } {
  const periods = [...new Set(rows.map(({ period }) => period))].sort();
  const at = new Map(periods.map((period, index) => [period, index]));
  const lines = new Map<string, Line>();
  for (const row of rows) {
    const line = lines.get(row.mainId) ?? {
      mainId: row.mainId,
      code: row.code,
      suspect: false,
      usual: row.baselineShare,
      rows: periods.map(() => undefined),
    };
    line.rows[at.get(row.period) ?? 0] = row;
    line.suspect ||= row.suspicion === 'suspect';
    lines.set(row.mainId, line);
  }
  return { periods, lines: [...lines.values()] };
}

export function indexOf(items: unknown): number {
  const first: unknown = Array.isArray(items) ? items[0] : items;
  const index = first && typeof first === 'object' && 'dataIndex' in first ? first.dataIndex : -1;
  return typeof index === 'number' ? index : -1;
}

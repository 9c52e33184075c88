/** Quarter-hours of a point around a range that is doubted or edited: the range found, before and after. */
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, dayStart, daysApart, day as dayText, localDay, moment } from '../../dates.ts';
import { number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { ProblemNotice, Waiting } from '../../parts/notice.tsx';
import { base, type Palette, quantityAxis } from '../../parts/palette.ts';
import { tip } from '../../parts/tip.ts';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import type { EditSlot } from '../../quality-shapes.ts';
import type { LoadRow, LoadTotals, Report } from '../../reports.ts';
import { useReport } from '../reports/use-report.ts';

const SLOT_MS = 900_000;
const HOUR_MS = 3_600_000;
/** Days drawn at most: the longest edit and a day on both sides. */
const DAYS_MAX = 33;
const GRID = { left: 52, right: 12, top: 26, bottom: 24 };

export function DaysChart({
  pointId,
  unit,
  from,
  to,
  slots = [],
  height,
  isPlain,
}: {
  pointId: string;
  unit: 'Wh' | 'l';
  from: string;
  /** Null: it goes on. */
  to: string | null;
  slots?: readonly EditSlot[];
  height?: number;
  /** Nothing in it is in question. */
  isPlain?: boolean;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const phone = useIsPhone();
  const now = useNow(60_000);
  const today = localDay(zone, now);
  const first = addDays(localDay(zone, new Date(from)), -1);
  const ends = [
    addDays(localDay(zone, to ? new Date(to) : now), 2),
    addDays(today, 1),
    addDays(first, DAYS_MAX),
  ];
  const last = ends.toSorted()[0] ?? today;
  const report = useReport<Report<LoadRow, LoadTotals>>('load-profile', {
    from: first,
    to: last,
    step: 'quarter',
    by: 'point',
    pointId,
  });
  const startMs = dayStart(zone, first);
  const count = Math.round((dayStart(zone, last) - startMs) / SLOT_MS);
  const isWater = unit === 'l';
  const axisUnit = isWater ? 'L' : 'kW';
  const drawn = useMemo(() => {
    const power = (quantity: number | null) =>
      quantity === null ? null : isWater ? quantity : (quantity * HOUR_MS) / SLOT_MS / 1000;
    const known: (number | null)[] = Array.from({ length: count }, () => null);
    const after: (number | null)[] = Array.from({ length: count }, () => null);
    const indexOf = (at: string) => Math.round((Date.parse(at) - startMs) / SLOT_MS);
    for (const row of report.data?.data ?? []) known[indexOf(row.startsAt)] = power(row.quantity);
    for (const slot of slots) {
      const index = indexOf(slot.at);
      known[index] = power(slot.before);
      after[index] = power(slot.quantity);
    }
    return { known, after };
  }, [report.data, slots, count, startMs, isWater]);
  const labels = useMemo(
    () => Array.from({ length: count }, (_, i) => new Date(startMs + i * SLOT_MS)),
    [count, startMs],
  );
  const range = useMemo(() => {
    const at = (ms: number) =>
      Math.min(count - 1, Math.max(0, Math.round((ms - startMs) / SLOT_MS)));
    return { from: at(Date.parse(from)), to: at(to ? Date.parse(to) : now.getTime()) };
  }, [from, to, now, count, startMs]);
  const hasEdit = slots.length > 0;
  const option = useCallback(
    (palette: Palette): EChartsCoreOption => ({
      ...base(palette),
      grid: GRID,
      tooltip: {
        ...base(palette).tooltip,
        formatter: (items: unknown) => {
          const index = indexAt(items);
          const at = labels[index];
          if (!at) return '';
          const value = (all: readonly (number | null)[]) =>
            `${number(all[index] ?? null, isWater ? 0 : 2)} ${axisUnit}`;
          return tip(moment(language, zone, at, now), [
            { color: palette.ink, name: t('exc.chart.now'), value: value(drawn.known) },
            ...(hasEdit
              ? [{ color: palette.accent, name: t('exc.chart.after'), value: value(drawn.after) }]
              : []),
          ]);
        },
      },
      xAxis: {
        type: 'category',
        data: labels.map((at) => at.toISOString()),
        boundaryGap: false,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: palette.lineStrong } },
        axisLabel: {
          color: palette.text2,
          fontSize: 11,
          hideOverlap: true,
          interval: (index: number) => isMidnight(zone, labels[index]),
          formatter: (text: string) => dayText(language, localDay(zone, new Date(text)), false),
          align: 'left',
        },
      },
      yAxis: quantityAxis(palette, axisUnit),
      series: [
        {
          type: 'line',
          name: t('exc.chart.now'),
          data: drawn.known,
          symbol: 'none',
          connectNulls: false,
          emphasis: { disabled: true },
          lineStyle: {
            color: hasEdit ? palette.text3 : palette.ink,
            width: hasEdit ? 1 : 1.3,
          },
          markArea: {
            silent: true,
            itemStyle: { color: palette.accent, opacity: 0.12 },
            data: isPlain ? [] : [[{ xAxis: range.from }, { xAxis: range.to }]],
          },
        },
        {
          type: 'line',
          name: t('exc.chart.after'),
          data: drawn.after,
          symbol: 'none',
          connectNulls: false,
          emphasis: { disabled: true },
          lineStyle: { color: palette.accent, width: 1.6 },
        },
      ],
    }),
    [drawn, labels, range, isPlain, hasEdit, zone, language, now, isWater, axisUnit, t],
  );
  const values = drawn.known.flatMap((value) => value ?? []);
  return (
    <div>
      {report.isError && !report.data && (
        <ProblemNotice error={report.error} retry={() => void report.refetch()} />
      )}
      <div className="legend chart-legend">
        <span>
          <i className={`key-line${hasEdit ? ' thin before' : ''}`} />
          {t(hasEdit ? 'exc.chart.original' : 'exc.chart.now')}
        </span>
        {hasEdit && (
          <span>
            <i className="key-line exc-after" />
            {t('exc.chart.after')}
          </span>
        )}
        {!isPlain && (
          <span>
            <i className="swatch exc-range" />
            {t('exc.chart.range')}
          </span>
        )}
      </div>
      <Chart
        option={option}
        height={height ?? (phone ? 170 : 190)}
        label={t('exc.chart.title')}
        points={count}
        empty={!!report.data && !values.length && !hasEdit && t('exc.chart.none')}
        summary={t('exc.chart.summary', {
          count: values.length,
          days: daysApart(first, last),
          high: number(values.length ? Math.max(...values) : null, isWater ? 0 : 1),
          unit: axisUnit,
        })}
        table={{
          columns: [t('meter.time'), `${t('exc.chart.now')} ${axisUnit}`, t('exc.chart.after')],
          rows: labels
            .map((at, i) => [
              moment(language, zone, at, now),
              number(drawn.known[i] ?? null, isWater ? 0 : 2),
              number(drawn.after[i] ?? null, isWater ? 0 : 2),
            ])
            .slice(range.from, range.from + 400),
        }}
      />
      {!report.data && !report.isError && <Waiting what={t('exc.chart.title')} />}
    </div>
  );
}

const isMidnight = (zone: string, at: Date | undefined): boolean =>
  !!at && dayStart(zone, localDay(zone, at)) === at.getTime();

/** The drawing tells its tip a list of items; the first one knows where the cursor stands. */
function indexAt(items: unknown): number {
  const [item] = Array.isArray(items) ? items : [];
  const index: unknown =
    item && typeof item === 'object' && 'dataIndex' in item ? item.dataIndex : -1;
  return typeof index === 'number' ? index : -1;
}

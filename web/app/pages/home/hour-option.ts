/** The drawing of a day by hour: stacked periods, the hour that is not over hatched, yesterday a step line. */
import type { EChartsCoreOption } from 'echarts/core';
import { thousands } from '../../format.ts';
import { base, hatch, type Palette, quantityAxis, stackOrder } from '../../parts/palette.ts';
import { tip } from '../../parts/tip.ts';
import type { Hour } from './hours.ts';

export const HOUR_GRID = { left: 46, right: 6, top: 26, bottom: 4 };

export interface HourWords {
  unit: string;
  now: string;
  yesterday: string;
  total: string;
  ranks: Record<string, string>;
}

export function hourOption(
  palette: Palette,
  {
    hours,
    minute,
    words,
    small,
  }: {
    hours: readonly Hour[];
    minute: number;
    words: HourWords;
    small: boolean;
  },
): EChartsCoreOption {
  const current = Math.floor(minute / 60);
  // Energy without a period (no tariff, or water) stands in grey.
  const rest = hours.map(({ quantity, ranks }) =>
    quantity === null ? 0 : quantity - Object.values(ranks).reduce((so, part) => so + part, 0),
  );
  const bars = stackOrder.map((rank) => ({
    type: 'bar',
    stack: 'day',
    name: words.ranks[rank],
    barWidth: '84%',
    itemStyle: { color: palette.rank(rank) },
    emphasis: { disabled: true },
    data: hours.map((hour) => ({
      value: (hour.ranks[rank] ?? 0) / 1000,
      ...(hour.hour === current && { itemStyle: { decal: hatch(palette.surface) } }),
    })),
  }));
  return {
    ...base(palette),
    grid: HOUR_GRID,
    tooltip: {
      ...base(palette).tooltip,
      axisPointer: { type: 'shadow', shadowStyle: { color: 'rgba(128,140,155,0.12)' } },
      formatter: (items: unknown) => {
        const index = indexOf(items);
        const hour = hours[index];
        if (!hour) return '';
        return tip(`${two(index)}:00 – ${two(index + 1)}:00`, [
          ...stackOrder
            .toReversed()
            .filter((rank) => hour.ranks[rank])
            .map((rank) => ({
              color: palette.rank(rank),
              name: words.ranks[rank] ?? rank,
              value: `${thousands(hour.ranks[rank])} kWh`,
            })),
          { name: words.total, value: `${thousands(hour.quantity)} kWh` },
          { name: words.yesterday, value: `${thousands(hour.previous)} kWh` },
        ]);
      },
    },
    xAxis: [
      {
        type: 'category',
        data: hours.map((_, index) => two(index)),
        axisLabel: { show: false },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: palette.lineStrong } },
      },
      { type: 'value', min: 0, max: 24, show: false },
    ],
    yAxis: quantityAxis(palette, words.unit),
    series: [
      ...bars,
      {
        type: 'bar',
        stack: 'day',
        barWidth: '84%',
        itemStyle: { color: palette.estimated },
        emphasis: { disabled: true },
        data: rest.map((wh) => Math.max(0, wh) / 1000),
      },
      {
        type: 'line',
        name: words.yesterday,
        xAxisIndex: 1,
        step: 'end',
        symbol: 'none',
        silent: true,
        lineStyle: { color: palette.text2, width: 1.2 },
        data: stepLine(hours),
        tooltip: { show: false },
        markLine: {
          silent: true,
          symbol: 'none',
          lineStyle: { color: palette.text3, type: [2, 3], width: 1 },
          label: {
            formatter: `${two(current)}:${two(minute % 60)} ${words.now}`,
            color: palette.text2,
            fontSize: small ? 10 : 11,
            distance: 4,
          },
          data: [{ xAxis: minute / 60 }],
        },
      },
    ],
  };
}

/** Steps from edge to edge of the hours; the line breaks where nothing is known. */
function stepLine(hours: readonly Hour[]): [number, number | null][] {
  const points = hours.map(({ hour, previous }): [number, number | null] => [
    hour,
    previous === null ? null : previous / 1000,
  ]);
  const last = points.at(-1);
  return last ? [...points, [24, last[1]]] : points;
}

function indexOf(items: unknown): number {
  const first: unknown = Array.isArray(items) ? items[0] : items;
  const index = first && typeof first === 'object' && 'dataIndex' in first ? first.dataIndex : -1;
  return typeof index === 'number' ? index : -1;
}

const two = (value: number): string => String(value).padStart(2, '0');

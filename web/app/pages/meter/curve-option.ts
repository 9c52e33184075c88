/** The drawing of a day minute by minute over the tints of the periods; gaps stay gaps. */
import type { EChartsCoreOption } from 'echarts/core';
import { number } from '../../format.ts';
import { base, type Palette, quantityAxis } from '../../parts/palette.ts';
import { type Band, clock } from '../../parts/ribbon.tsx';
import { tip } from '../../parts/tip.ts';
import type { Spot } from './samples.ts';

export const CURVE_GRID = { left: 46, right: 12, top: 26, bottom: 4 };

export interface CurveLine {
  name: string;
  spots: readonly Spot[];
  /** now: ink, strong; before: thin and quiet; phases: of one strength. */
  look: 'now' | 'before' | 'phase1' | 'phase2' | 'phase3';
}

export interface CurveParts {
  lines: readonly CurveLine[];
  bands: readonly Band[];
  gaps: readonly { from: number; to: number; text: string }[];
  /** Length of the day in minutes. */
  minutes: number;
  now: { minute: number; text: string } | null;
  threshold: { value: number; text: string } | null;
  unit: string;
  decimals: number;
  /** Voltage and power factor do not begin at zero. */
  fromZero: boolean;
}

const widths = { now: 1.3, before: 1, phase1: 1.4, phase2: 1.2, phase3: 1.2 };

export function curveOption(palette: Palette, parts: CurveParts): EChartsCoreOption {
  const colors = {
    now: palette.ink,
    before: palette.lineStrong,
    phase1: palette.ink,
    phase2: palette.text3,
    phase3: palette.accent,
  };
  return {
    ...base(palette),
    grid: CURVE_GRID,
    tooltip: {
      ...base(palette).tooltip,
      formatter: (items: unknown) => tipOf(items, parts),
    },
    xAxis: {
      type: 'value',
      min: 0,
      max: parts.minutes,
      axisLabel: { show: false },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLine: { lineStyle: { color: palette.lineStrong } },
    },
    yAxis: {
      ...quantityAxis(palette, parts.unit),
      ...(!parts.fromZero && { min: undefined, scale: true }),
      ...(parts.threshold && { max: (range: { max: number }) => ceiling(range.max, parts) }),
    },
    series: [
      {
        type: 'line',
        data: [],
        silent: true,
        markArea: {
          silent: true,
          data: parts.bands.map(({ from, to, rank }) => [
            { xAxis: from, itemStyle: { color: palette.tint(rank) } },
            { xAxis: to },
          ]),
        },
      },
      {
        type: 'line',
        data: [],
        silent: true,
        markArea: {
          silent: true,
          itemStyle: { color: palette.line, opacity: 0.75 },
          label: { color: palette.text2, fontSize: 11, lineHeight: 14, position: 'insideTop' },
          data: parts.gaps.map(({ from, to, text }) => [
            { xAxis: from, name: to - from > 90 ? text : '' },
            { xAxis: to },
          ]),
        },
        markLine: {
          silent: true,
          symbol: 'none',
          data: [
            ...(parts.now
              ? [
                  {
                    xAxis: parts.now.minute,
                    lineStyle: { color: palette.text3, type: [2, 3], width: 1 },
                    label: {
                      formatter: parts.now.text,
                      color: palette.text2,
                      fontSize: 11,
                      distance: 4,
                    },
                  },
                ]
              : []),
            ...(parts.threshold
              ? [
                  {
                    yAxis: parts.threshold.value,
                    lineStyle: { color: palette.arrears, type: [5, 4], width: 1 },
                    label: {
                      formatter: parts.threshold.text,
                      position: 'insideEndTop',
                      color: palette.arrears,
                      fontSize: 11,
                    },
                  },
                ]
              : []),
          ],
        },
      },
      ...parts.lines.map(({ name, spots, look }) => ({
        type: 'line',
        name,
        data: spots,
        symbol: 'none',
        connectNulls: false,
        sampling: 'none',
        lineStyle: { color: colors[look], width: widths[look] },
        itemStyle: { color: colors[look] },
        emphasis: { disabled: true },
        z: look === 'before' ? 2 : 3,
      })),
    ],
  };
}

/** Room for the threshold only where the load comes near it. */
function ceiling(max: number, { threshold }: CurveParts): number | undefined {
  if (!threshold || max < threshold.value * 0.4) return undefined;
  return niceAbove(Math.max(max, threshold.value * 1.05));
}

function niceAbove(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value)) / 4;
  return Math.ceil(value / unit) * unit;
}

function tipOf(items: unknown, parts: CurveParts): string {
  if (!Array.isArray(items)) return '';
  const spots = items.flatMap((item: unknown) => spotOf(item) ?? []);
  const minute = spots[0]?.minute ?? 0;
  return tip(
    clock(Math.floor(minute) % 1440),
    spots.map(({ name, value }) => ({
      name,
      value: `${number(value, parts.decimals)} ${parts.unit}`,
    })),
  );
}

function spotOf(item: unknown): { name: string; minute: number; value: number | null } | null {
  if (!item || typeof item !== 'object' || !('value' in item) || !('seriesName' in item))
    return null;
  const spot: unknown = item.value;
  if (!Array.isArray(spot)) return null;
  const [minute, value] = spot;
  return {
    name: String(item.seriesName),
    minute: Number(minute),
    value: typeof value === 'number' ? value : null,
  };
}

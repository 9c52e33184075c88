/** The drawing of energy by period: stacked ranks, estimated grey and hatched on top, missing dashed. */
import type { EChartsCoreOption } from 'echarts/core';
import { thousands } from '../../format.ts';
import { base, hatch, type Palette, quantityAxis, stackOrder } from '../../parts/palette.ts';
import { tip } from '../../parts/tip.ts';
import { type Bar, isOpen, isSunday } from './bars.ts';

export interface EnergyWords {
  unit: string;
  total: string;
  previous: string;
  estimated: string;
  missing: string;
  noPeriod: string;
  /** Written over a bar of which much is missing or estimated. */
  noteMissing?: (bar: Bar) => string;
  noteEstimated?: (bar: Bar) => string;
  ranks: Record<string, string>;
}

export function energyOption(
  palette: Palette,
  {
    bars,
    words,
    open,
    compare,
    small,
  }: {
    bars: readonly Bar[];
    words: EnergyWords;
    /** The day or hour that is not over yet, as far as a period names it: hatched. */
    open: string | null;
    compare: boolean;
    small: boolean;
  },
): EChartsCoreOption {
  const noted = small ? new Set<Bar>() : notedOf(bars);
  const barWidth = bars.length > 14 ? '62%' : bars.length > 6 ? '56%' : '34%';
  const series = (name: string, color: string, heightOf: (bar: Bar) => number) => ({
    type: 'bar',
    stack: 'energy',
    name,
    barWidth,
    barMaxWidth: 64,
    itemStyle: { color },
    emphasis: { disabled: true },
    data: bars.map((bar) => ({
      value: heightOf(bar) / 1000,
      ...(isOpen(bar, open) && { itemStyle: { decal: hatch(palette.surface) } }),
    })),
  });
  return {
    ...base(palette),
    grid: { left: 58, right: 8, top: 26, bottom: 24 },
    tooltip: {
      ...base(palette).tooltip,
      axisPointer: { type: 'shadow', shadowStyle: { color: 'rgba(128,140,155,0.12)' } },
      formatter: (items: unknown) => {
        const bar = bars[indexOf(items)];
        return bar ? tipOf(bar, palette, words) : '';
      },
    },
    xAxis: {
      type: 'category',
      data: bars.map(({ label }) => label),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: palette.lineStrong } },
      axisLabel: {
        color: palette.text2,
        fontSize: 11,
        interval: small || bars.length > 31 ? 'auto' : 0,
        formatter: (label: string, index: number) =>
          isSunday(bars[index]?.period ?? '') ? `{sunday|${label}}` : label,
        rich: { sunday: { fontWeight: 600, color: palette.ink, fontSize: 11 } },
      },
    },
    yAxis: quantityAxis(palette, words.unit),
    series: [
      ...stackOrder.map((rank) =>
        series(words.ranks[rank] ?? rank, palette.rank(rank), (bar) =>
          sure(bar, bar.ranks[rank] ?? 0),
        ),
      ),
      series(words.noPeriod, palette.text3, (bar) => sure(bar, withoutPeriod(bar))),
      {
        ...series(words.estimated, palette.surface, (bar) => bar.estimatedQuantity ?? 0),
        itemStyle: {
          color: palette.surface,
          borderColor: palette.estimated,
          borderWidth: 1,
          decal: hatch(palette.estimated),
        },
        data: bars.map((bar) =>
          bar.estimatedQuantity
            ? {
                value: bar.estimatedQuantity / 1000,
                ...(noted.has(bar) && note(words.noteEstimated?.(bar), palette.text2)),
              }
            : { value: 0, itemStyle: { borderWidth: 0 } },
        ),
      },
      {
        ...series(words.missing, 'transparent', () => 0),
        itemStyle: {
          color: 'transparent',
          borderColor: palette.text3,
          borderWidth: 1,
          borderType: 'dashed',
        },
        data: bars.map((bar) => {
          const wh = missingLike(bar);
          return wh
            ? {
                value: wh / 1000,
                ...(noted.has(bar) && note(words.noteMissing?.(bar), palette.old)),
              }
            : { value: 0, itemStyle: { borderWidth: 0 } };
        }),
      },
      ...(compare
        ? [
            {
              type: 'line',
              name: words.previous,
              step: 'middle',
              symbol: 'none',
              silent: true,
              lineStyle: { color: palette.ink, width: 1.1 },
              data: bars.map(({ previous }) => (previous === null ? null : previous / 1000)),
            },
          ]
        : []),
    ],
  };
}

/** Notes are written where they do not crowd. */
const NOTES_MAX = 4;
const NOTE_SHARE = 0.02;
/** A note is wider than its bar. */
const NOTE_BARS = 2;

/** The bars of which most is missing or estimated, if it is worth a word. */
function notedOf(bars: readonly Bar[]): Set<Bar> {
  const share = ({ measured, estimated, missing }: Bar) =>
    (missing + estimated) / Math.max(1, measured + estimated + missing);
  const found = bars.filter((bar) => share(bar) >= NOTE_SHARE);
  const noted: Bar[] = [];
  for (const bar of found.sort((a, b) => share(b) - share(a))) {
    const at = bars.indexOf(bar);
    const crowds = noted.some((other) => Math.abs(bars.indexOf(other) - at) < NOTE_BARS);
    if (!crowds && noted.length < NOTES_MAX) noted.push(bar);
  }
  return new Set(noted);
}

const note = (text: string | undefined, color: string) => ({
  label: { show: !!text, position: 'top', formatter: text, color, fontSize: 11, lineHeight: 14 },
});

/** The part of a quantity that was measured: what is estimated is drawn apart, on top. */
function sure({ quantity, estimatedQuantity }: Bar, part: number): number {
  return quantity && estimatedQuantity ? part * (1 - estimatedQuantity / quantity) : part;
}

/** Water, and energy for which no period is known. */
function withoutPeriod({ quantity, ranks }: Bar): number {
  const known = stackOrder.reduce((so, rank) => so + (ranks[rank] ?? 0), 0);
  return Math.max(0, (quantity ?? 0) - known);
}

/** The room that the missing quarter-hours would take if they were like the others: an outline only. */
function missingLike({ quantity, measured, estimated, missing }: Bar): number {
  return quantity && missing ? (quantity * missing) / (measured + estimated) : 0;
}

function tipOf(bar: Bar, palette: Palette, words: EnergyWords): string {
  const quantity = (wh: number | null | undefined) => `${thousands(wh)} ${words.unit}`;
  return tip(bar.title, [
    ...stackOrder
      .toReversed()
      .filter((rank) => bar.ranks[rank])
      .map((rank) => ({
        color: palette.rank(rank),
        name: words.ranks[rank] ?? rank,
        value: quantity(bar.ranks[rank]),
      })),
    { name: words.total, value: quantity(bar.quantity) },
    ...(bar.estimatedQuantity
      ? [{ name: words.estimated, value: quantity(bar.estimatedQuantity) }]
      : []),
    ...(bar.missing
      ? [{ name: words.missing, value: `${thousands(bar.missing * 250, 1)} h` }]
      : []),
    ...(bar.previous === null ? [] : [{ name: words.previous, value: quantity(bar.previous) }]),
  ]);
}

function indexOf(items: unknown): number {
  const first: unknown = Array.isArray(items) ? items[0] : items;
  const index = first && typeof first === 'object' && 'dataIndex' in first ? first.dataIndex : -1;
  return typeof index === 'number' ? index : -1;
}

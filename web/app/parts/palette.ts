/** The colours of charts, read from the tokens at the time of drawing, and the parts all charts share. */

import type { Rank } from '../tariff-shapes.ts';
import { token } from '../theme.ts';

export type { Rank };
export const ranks: readonly Rank[] = ['1', '2', '3', '4', '5'];
/** From below: deep valley, valley, flat, peak, spike. */
export const stackOrder: readonly Rank[] = ['5', '4', '3', '2', '1'];

const names: Record<Rank, string> = { 1: 'spike', 2: 'peak', 3: 'flat', 4: 'valley', 5: 'deep' };
const ons: Record<Rank, string> = {
  1: 'onSpike',
  2: 'onPeak',
  3: 'onFlat',
  4: 'onValley',
  5: 'onDeep',
};

export const rankVar = (rank: Rank): string => `var(--${names[rank]})`;
export const onRankVar = (rank: Rank): string => `var(--${ons[rank]})`;
export const isRank = (value: unknown): value is Rank =>
  ranks.some((rank) => rank === String(value));

export interface Palette {
  ink: string;
  text2: string;
  text3: string;
  line: string;
  lineStrong: string;
  grid: string;
  surface: string;
  sunken: string;
  accent: string;
  arrears: string;
  estimated: string;
  /** Of text about what is missing. */
  old: string;
  raised: string;
  rank: (rank: Rank) => string;
  tint: (rank: Rank) => string;
}

export function readPalette(): Palette {
  return {
    ink: token('ink'),
    text2: token('text2'),
    text3: token('text3'),
    line: token('line'),
    lineStrong: token('lineStrong'),
    grid: token('grid'),
    surface: token('surface'),
    sunken: token('sunken'),
    accent: token('accent'),
    arrears: token('arrears'),
    estimated: token('estimated'),
    old: token('alarm2Text'),
    raised: token('raised'),
    rank: (rank) => token(names[rank]),
    tint: (rank) => token(`${names[rank]}Tint`),
  };
}

const FONT =
  '"IBM Plex Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "WenQuanYi Micro Hei", sans-serif';

/** What every chart begins with: no animation, our type, a tooltip of our own. */
export const base = (palette: Palette) => ({
  animation: false,
  textStyle: { fontFamily: FONT, fontSize: 11, color: palette.text3 },
  tooltip: {
    trigger: 'axis' as const,
    confine: true,
    className: 'chart-tip',
    backgroundColor: palette.raised,
    borderColor: palette.line,
    borderWidth: 1,
    padding: [8, 12],
    textStyle: { color: palette.ink, fontSize: 12, fontFamily: FONT, lineHeight: 18 },
    extraCssText: 'border-radius:8px;box-shadow:var(--shadow)',
    axisPointer: { type: 'line' as const, lineStyle: { color: palette.ink, width: 1 } },
  },
});

/** The axis of quantities: four horizontal lines, from zero, unit above. */
export const quantityAxis = (palette: Palette, unit: string) => ({
  type: 'value' as const,
  min: 0,
  splitNumber: 4,
  axisLine: { show: false },
  axisTick: { show: false },
  name: unit,
  nameGap: 10,
  nameTextStyle: {
    color: palette.text3,
    fontSize: 11,
    align: 'right' as const,
    padding: [0, 6, 0, 0],
  },
  axisLabel: { color: palette.text2, fontSize: 11, margin: 8 },
  splitLine: { lineStyle: { color: palette.grid } },
});

/** A hatch over a colour: not over yet, or estimated. */
export const hatch = (color: string) => ({
  symbol: 'rect',
  dashArrayX: [1, 0],
  dashArrayY: [1.6, 3.2],
  rotation: -Math.PI / 4,
  color,
});

/** The same hatch as a fill, for areas: these take no decal. */
export function hatchFill(color: string) {
  const tile = document.createElement('canvas');
  tile.width = 6;
  tile.height = 6;
  const pen = tile.getContext('2d');
  if (pen) {
    pen.strokeStyle = color;
    pen.beginPath();
    for (const x of [-6, 0, 6]) {
      pen.moveTo(x, 6);
      pen.lineTo(x + 6, 0);
    }
    pen.stroke();
  }
  return { image: tile, repeat: 'repeat' as const };
}

/** Text that goes into a tooltip: names may hold anything. */
export const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

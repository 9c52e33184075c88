/** Report rows as the bars of a chart (one per period) and as the lines of a table (one per place). Pure. */
import type { EnergyFigures, EnergyRow, EnergyUnit, Ranks } from '../../api.ts';
import { day, type Language, month, weekday } from '../../dates.ts';
import { change } from '../../format.ts';
import { ranks } from '../../parts/palette.ts';

export interface Bar extends EnergyFigures {
  period: string;
  /** On the axis. */
  label: string;
  /** In words, at the cursor. */
  title: string;
  ranks: Ranks;
}

/** One bar a period, added up over the places of the rows. */
export function toBars(rows: readonly EnergyRow[], unit: EnergyUnit, language: Language): Bar[] {
  const bars = new Map<string, Bar>();
  for (const row of rows) {
    const bar = bars.get(row.period);
    if (bar) Object.assign(bar, added(bar, row));
    else {
      bars.set(row.period, {
        ...row,
        ranks: { ...row.ranks },
        label: axisLabel(row.period, unit, language),
        title: titleOf(row.period, unit, language),
      });
    }
  }
  return [...bars.values()];
}

export interface Line extends EnergyFigures {
  /** A floor below its building. */
  nested?: boolean;
  key: string;
  code: string;
  label: string;
  labelZh: string | null;
  ranks: Ranks;
  compared: Comparison;
}

/** One line a place, added up over the periods of the rows; exact, the figures are integers. */
export function toLines(rows: readonly EnergyRow[], open: string | null): Line[] {
  const lines = new Map<string, Line>();
  const periods = new Map<string, EnergyRow[]>();
  for (const row of rows) {
    const key = row.key ?? row.code;
    const line = lines.get(key);
    if (line) Object.assign(line, added(line, row));
    else lines.set(key, { ...row, key, ranks: { ...row.ranks }, compared: nothingCompared });
    periods.set(key, [...(periods.get(key) ?? []), row]);
  }
  return [...lines.values()].map((line) => ({
    ...line,
    compared: comparisonOf(periods.get(line.key) ?? [], open),
  }));
}

function added(a: EnergyFigures & { ranks: Ranks }, b: EnergyFigures): EnergyFigures {
  const sums: Ranks = { ...a.ranks };
  for (const rank of ['0', ...ranks] as const) {
    const more = b.ranks?.[rank];
    if (more !== undefined) sums[rank] = (sums[rank] ?? 0) + more;
  }
  return {
    quantity: plus(a.quantity, b.quantity),
    ranks: sums,
    estimatedQuantity: plus(a.estimatedQuantity, b.estimatedQuantity),
    measured: a.measured + b.measured,
    estimated: a.estimated + b.estimated,
    missing: a.missing + b.missing,
    previous: plus(a.previous, b.previous),
  };
}

/** Missing and missing is missing; missing and something is something. */
const plus = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : a + b;

export interface Comparison {
  /** Bars that are over and known on both sides, and all that are over. */
  compared: number;
  over: number;
  quantity: number;
  previous: number;
}

export const nothingCompared: Comparison = { compared: 0, over: 0, quantity: 0, previous: 0 };

type Pair = Pick<Bar, 'period' | 'quantity' | 'previous'>;

/** What can honestly be compared: periods that are over, where both times are known. */
export function comparisonOf(bars: readonly Pair[], open: string | null): Comparison {
  const over = bars.filter((bar) => bar.quantity !== null && !isOpen(bar, open));
  const pairs = over.filter(({ previous }) => previous !== null);
  const sum = (of: (bar: Pair) => number | null) =>
    pairs.reduce((so, bar) => so + (of(bar) ?? 0), 0);
  return {
    compared: pairs.length,
    over: over.length,
    quantity: sum(({ quantity }) => quantity),
    previous: sum(({ previous }) => previous),
  };
}

/** In per cent, as it is shown everywhere; null where nothing can be compared. */
export const changeOf = ({ quantity, previous, compared }: Comparison): number | null =>
  compared ? change(quantity, previous) : null;

/**
 * Whether a period is not over: `open` is today, or the hour that runs, as far as a period names it;
 * null in a range that is over.
 */
export const isOpen = ({ period }: Pick<Bar, 'period'>, open: string | null): boolean =>
  open !== null && (open.startsWith(period) || period.startsWith(open));

/** Part of the quarter-hours that are known, per cent; null when none was due. */
export function completeness({ measured, estimated, missing }: EnergyFigures): number | null {
  const all = measured + estimated + missing;
  return all ? ((measured + estimated) / all) * 100 : null;
}

function axisLabel(period: string, unit: EnergyUnit, language: Language): string {
  if (unit === 'hour') return period.slice(11, 13);
  if (unit === 'day') return String(Number(period.slice(8, 10)));
  if (unit === 'week') {
    const week = Number(period.slice(6));
    return language === 'zh' ? `${week}周` : `W${week}`;
  }
  if (unit === 'month') {
    return language === 'zh' ? `${Number(period.slice(5, 7))}月` : month('en', period).slice(0, 3);
  }
  return period.slice(0, 4);
}

function titleOf(period: string, unit: EnergyUnit, language: Language): string {
  if (unit === 'hour') return `${day(language, period)} ${period.slice(11, 16)}`;
  if (unit === 'day') return `${weekday(language, period)} ${day(language, period)}`;
  if (unit === 'week') {
    const week = Number(period.slice(6));
    return language === 'zh'
      ? `${period.slice(0, 4)} 年第 ${week} 周`
      : `Week ${week}, ${period.slice(0, 4)}`;
  }
  return unit === 'month' ? month(language, period) : period;
}

/** ISO 8601: '2026-W47' of a local day; a week belongs to the year of its Thursday. */
export function weekOf(localDate: string): string {
  const date = new Date(`${localDate}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const year = date.getUTCFullYear();
  const dayOfYear = (date.getTime() - Date.UTC(year, 0, 1, 12)) / 86_400_000;
  return `${year}-W${String(Math.floor(dayOfYear / 7) + 1).padStart(2, '0')}`;
}

/** The period of a range that runs, as far as one names it; null when the range is over. */
export function openPeriod(
  { unit, to }: { unit: EnergyUnit; to: string },
  today: string,
  hour: string,
): string | null {
  if (to <= today) return null;
  if (unit === 'hour') return `${today}T${hour}`;
  return unit === 'week' ? weekOf(today) : today;
}

export const isSunday = (period: string): boolean =>
  period.length === 10 && new Date(`${period}T12:00:00Z`).getUTCDay() === 0;

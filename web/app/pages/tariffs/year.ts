/** The year as its seasons, edited: days counted in a leap year, borders that touch move together. Pure. */
import type { Season } from '../../tariff-shapes.ts';

export const YEAR_DAYS = 366;
const FIRST = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** Days since the first of January of a leap year; NaN where it is no day. */
export function ordinal(monthDay: string): number {
  if (!/^\d{2}-\d{2}$/.test(monthDay)) return Number.NaN;
  const at = new Date(`2024-${monthDay}T00:00:00Z`);
  return at.toISOString().slice(5, 10) === monthDay ? (at.getTime() - FIRST) / DAY_MS : Number.NaN;
}

const around = (day: number): number => ((day % YEAR_DAYS) + YEAR_DAYS) % YEAR_DAYS;
export const monthDayOf = (day: number): string =>
  new Date(FIRST + around(day) * DAY_MS).toISOString().slice(5, 10);

/** A season as one or two stretches of the year, [from, to) in days. */
export function stretchesOf({ from, to }: Pick<Season, 'from' | 'to'>) {
  const start = ordinal(from);
  const end = ordinal(to) + 1;
  if (Number.isNaN(start) || Number.isNaN(end)) return [];
  return start < end
    ? [{ from: start, to: end }]
    : [
        { from: 0, to: end },
        { from: start, to: YEAR_DAYS },
      ].filter((each) => each.to > each.from);
}

const lengthOf = (season: Pick<Season, 'from' | 'to'>): number =>
  stretchesOf(season).reduce((so, { from, to }) => so + to - from, 0);

/** Moves the first day of a season by days; the season that ends there follows. None is made empty. */
export function moveStart(seasons: readonly Season[], index: number, toDay: number): Season[] {
  const season = seasons[index];
  if (!season) return [...seasons];
  const start = ordinal(season.from);
  const before = seasons.findIndex(
    (each, i) => i !== index && around(ordinal(each.to) + 1) === start,
  );
  const beforeSeason = seasons[before];
  // The shorter way round: a border is dragged, not thrown across the year.
  const move = around(toDay - start + YEAR_DAYS / 2) - YEAR_DAYS / 2;
  const most = lengthOf(season) - 1;
  const least = beforeSeason ? 1 - lengthOf(beforeSeason) : lengthOf(season) - YEAR_DAYS;
  const by = Math.min(most, Math.max(least, Math.round(move)));
  return seasons.map((each, i) =>
    i === index
      ? { ...each, from: monthDayOf(start + by) }
      : i === before
        ? { ...each, to: monthDayOf(start + by - 1) }
        : each,
  );
}

/** Two from one; both keep the day plans. */
export function splitSeason(seasons: readonly Season[], index: number, name: string): Season[] {
  const season = seasons[index];
  if (!season || lengthOf(season) < 2) return [...seasons];
  const middle = ordinal(season.from) + Math.floor(lengthOf(season) / 2);
  return seasons.flatMap((each, i) =>
    i === index
      ? [
          { ...each, to: monthDayOf(middle - 1) },
          { ...structuredClone(each), name, nameZh: undefined, from: monthDayOf(middle) },
        ]
      : [each],
  );
}

/** Takes a season away; the one before it takes its days, where there is one. */
export function withoutSeason(seasons: readonly Season[], index: number): Season[] {
  const gone = seasons[index];
  if (!gone || seasons.length < 2) return [...seasons];
  const before = seasons.findIndex(
    (each, i) => i !== index && around(ordinal(each.to) + 1) === ordinal(gone.from),
  );
  return seasons
    .map((each, i) => (i === before ? { ...each, to: gone.to } : each))
    .filter((_, i) => i !== index);
}

/** Days of the year that no season holds, or more than one, as stretches. */
export function yearFaults(seasons: readonly Pick<Season, 'from' | 'to'>[]) {
  const count = new Array<number>(YEAR_DAYS).fill(0);
  for (const { from, to } of seasons.flatMap(stretchesOf)) {
    for (let day = from; day < to; day++) count[day] = (count[day] ?? 0) + 1;
  }
  const stretches = (isWrong: (n: number) => boolean) => {
    const out: { from: number; to: number }[] = [];
    count.forEach((n, day) => {
      if (!isWrong(n)) return;
      const last = out.at(-1);
      if (last?.to === day) last.to = day + 1;
      else out.push({ from: day, to: day + 1 });
    });
    return out;
  };
  return { holes: stretches((n) => n === 0), overlaps: stretches((n) => n > 1) };
}

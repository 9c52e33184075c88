/** A tariff version's calendar read for the eye: which season and bands hold on a day. Pure. */
import { isRank } from '../../parts/palette.ts';
import type { Band } from '../../parts/ribbon.tsx';
import type { BandText, DayType, Season, TariffCalendar } from '../../tariff-shapes.ts';

/** The version in force on a day: the newest whose beginning is not after it. */
export const versionOn = <Version extends { effectiveFrom: string }>(
  versions: readonly Version[],
  day: string,
): Version | undefined =>
  versions
    .filter(({ effectiveFrom }) => effectiveFrom <= day)
    .sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? 1 : -1))[0];

/** The season of a day 'YYYY-MM-DD'; a season may run over the new year. */
export const seasonOn = ({ seasons }: TariffCalendar, day: string): Season | undefined => {
  const monthDay = day.slice(5);
  return seasons.find(({ from, to }) =>
    from <= to ? from <= monthDay && monthDay <= to : monthDay >= from || monthDay <= to,
  );
};

/** What a day can be; `everyday` is only a way to give bands to several of them at once. */
export type DayKind = Exclude<DayType, 'everyday'>;

const fallbacks: Record<DayKind, readonly DayType[]> = {
  event: ['event', 'weekday', 'everyday'],
  holiday: ['holiday', 'weekend', 'everyday'],
  weekend: ['weekend', 'everyday'],
  weekday: ['weekday', 'everyday'],
};

/** What kind of day it is: holidays and make-up workdays come before the week. */
export function dayTypeOn(calendar: TariffCalendar, day: string): Exclude<DayKind, 'event'> {
  if (calendar.holidays.includes(day)) return 'holiday';
  if (calendar.workdays.includes(day)) return 'weekday';
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay() || 7;
  return calendar.weekend.includes(weekday) ? 'weekend' : 'weekday';
}

/** The day plan of a season that serves a kind of day; its own, or the one that it falls back to. */
export const planOf = (season: Season, kind: DayKind) =>
  fallbacks[kind].flatMap((each) => season.days.filter((d) => d.type === each))[0];

/** The bands of a season for a type of day, cut at midnight and in order of the clock. */
export const bandsOf = (season: Season, kind: DayKind): Band[] =>
  (planOf(season, kind)?.bands ?? []).flatMap(toBands).sort((a, b) => a.from - b.from);

export function bandsOn(calendar: TariffCalendar, day: string): Band[] {
  const season = seasonOn(calendar, day);
  return season ? bandsOf(season, dayTypeOn(calendar, day)) : [];
}

/** A band over midnight belongs to the clock hours of each date: it is drawn as two. */
export function toBands({ from, to, rank }: BandText): Band[] {
  const start = minuteOf(from);
  const end = minuteOf(to) || 1440;
  const text = String(rank);
  if (!isRank(text)) return [];
  if (start < end) return [{ from: start, to: end, rank: text }];
  return [
    { from: 0, to: end === 1440 ? 0 : end, rank: text },
    { from: start, to: 1440, rank: text },
  ].filter((band) => band.to > band.from);
}

export function minuteOf(clock: string): number {
  const [hours = '0', minutes = '0'] = clock.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/**
 * The period calendar of a tariff: seasons, day types and bands over the clock, and from them the rank
 * of every quarter-hour of a local day. A band over midnight belongs to the clock hours of each date.
 */
import { z } from 'zod';
import { daySpan, type LocalDay, SLOT_MS, standardMinutes, wallMinutes } from './local-day.ts';
import type { Fault } from './problem.ts';

/** Ranks 1 spike, 2 peak, 3 flat, 4 valley, 5 deep valley: colour and order; a tariff may label them. */
export const RANKS = [1, 2, 3, 4, 5] as const;
export type Rank = (typeof RANKS)[number];

const SLOT_MINUTES = SLOT_MS / 60_000;
const DAY_MINUTES = 24 * 60;
const QUARTERS = DAY_MINUTES / SLOT_MINUTES;

/** What the shape of a calendar's parts asks, by the code of the fault. */
export const calendarSentences = {
  'month-day': 'a day of the year is written MM-DD',
  'clock-time': 'a time is written HH:MM, 00:00 to 24:00',
  'list-code': 'a code is lower case, digits and hyphens',
  rank: 'a rank is 1 spike, 2 peak, 3 flat, 4 valley or 5 deep valley',
} as const;
const monthDay = z
  .string()
  .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, calendarSentences['month-day']);
const clockTime = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, calendarSentences['clock-time']);
/** Names a published list of days or a monthly index. */
export const listCodeSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, calendarSentences['list-code']);
const bandSchema = z.strictObject({
  from: clockTime,
  to: clockTime,
  rank: z.literal(RANKS, calendarSentences.rank),
});
const dayTypeSchema = z.enum(['everyday', 'weekday', 'weekend', 'holiday', 'event']);
export type DayType = z.infer<typeof dayTypeSchema>;

/** A calendar as it is entered and stored; `to` of a season is its last day, of a band its end. */
export const calendarSchema = z.strictObject({
  seasons: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(60),
        nameZh: z.string().max(60).optional(),
        from: monthDay,
        to: monthDay,
        days: z
          .array(z.strictObject({ type: dayTypeSchema, bands: z.array(bandSchema).min(1).max(96) }))
          .min(1)
          .max(dayTypeSchema.options.length),
      }),
    )
    .min(1)
    .max(24),
  /** Days of the week without work, 1 Monday to 7 Sunday. */
  weekend: z.array(z.int().min(1).max(7)).max(6).default([6, 7]),
  /** Dates with the bands of `holiday` where a season has them, else of a weekend. */
  holidays: z.array(z.iso.date()).max(2000).default([]),
  /** Make-up working days: weekends with the bands of a weekday. */
  workdays: z.array(z.iso.date()).max(2000).default([]),
  /** What the bands run by: the clock on the wall (also where it is not said), or standard time all year. */
  clock: z.enum(['local', 'standard']).optional(),
  /** The list whose days have the bands of `event` where a season has them, before all other types. */
  eventDays: listCodeSchema.optional(),
});
export type Calendar = z.infer<typeof calendarSchema>;
type Season = Calendar['seasons'][number];

/** What is wrong with a calendar, each fault naming season, day type and time; empty when it holds. */
export function calendarFaults(calendar: Calendar): Fault[] {
  const faults = seasonFaults(calendar.seasons);
  const both = calendar.holidays.find((day) => calendar.workdays.includes(day));
  if (both) {
    const message = `${both} is both a holiday and a workday`;
    const parameters = { day: both };
    faults.push({ at: '/calendar/workdays', message, code: 'both-kinds', parameters });
  }
  calendar.seasons.forEach((season, s) => {
    const types = season.days.map((d) => d.type);
    const at = `/calendar/seasons/${s}/days`;
    const place = `season “${season.name}”`;
    const say = (code: string, dayType: DayType, message: string) => {
      const parameters = { season: season.name, dayType };
      faults.push({ at, message: `${place}: ${message}`, code, parameters });
    };
    const twice = types.find((type, i) => types.indexOf(type) !== i);
    if (twice) say('day-type-twice', twice, `${dayTypeNames[twice]} is there twice`);
    if (types.includes('event') && calendar.eventDays === undefined) {
      say('event-days-unnamed', 'event', 'event days have bands, but no list names them');
    }
    if (types.includes('everyday')) {
      const more = types.find((type) => type === 'weekday' || type === 'weekend');
      if (more) say('overlaps-every-day', more, `${dayTypeNames[more]} overlap with every day`);
    } else {
      for (const type of ['weekday', 'weekend'] as const) {
        if (types.includes(type)) continue;
        say('day-type-missing', type, `${dayTypeNames[type]} have no bands`);
      }
    }
    season.days.forEach((day, d) => {
      for (const { message, code, parameters } of bandFaults(day.bands)) {
        faults.push({
          at: `${at}/${d}/bands`,
          message: `${place}, ${dayTypeNames[day.type]}, ${message}`,
          code,
          parameters: { ...parameters, season: season.name, dayType: day.type },
        });
      }
    });
  });
  return faults;
}

/** The ranks that a calendar uses. */
export function ranksUsed(calendar: Calendar): Set<Rank> {
  return new Set(
    calendar.seasons.flatMap((s) => s.days.flatMap((d) => d.bands.map((b) => b.rank))),
  );
}

/**
 * Opens a calendar for a zone: the returned function gives the rank of each `local_slot` of a day (92
 * to 100 of them, by the clock at the slot's start). Equal days share one array; do not write to it.
 * `events` are the days of the calendar's list of event days.
 * @example openCalendar(calendar, 'Europe/Berlin')('2026-03-29').length // 92
 */
export function openCalendar(
  calendar: Calendar,
  zone: string,
  events: ReadonlySet<LocalDay> = new Set(),
): (day: LocalDay) => Int8Array {
  const tables = new Map<Season['days'][number], Int8Array>();
  const holidays = new Set(calendar.holidays);
  const workdays = new Set(calendar.workdays);
  const days = new Map<LocalDay, Int8Array>();
  return (day) => {
    const known = days.get(day);
    if (known) return known;
    const season = calendar.seasons.find((s) => inSeason(s, day.slice(5)));
    if (!season) throw new Error(`the calendar has no season for ${day}`);
    const type = dayTypeOf(day, { holidays, workdays, weekend: calendar.weekend });
    const types = events.has(day) ? (['event', ...fallbacks[type]] as const) : fallbacks[type];
    const bands = types.flatMap((t) => season.days.filter((d) => d.type === t))[0];
    if (!bands) throw new Error(`the calendar has no bands for ${day}`);
    const byClock = tables.get(bands) ?? clockRanks(bands.bands);
    tables.set(bands, byClock);
    const ranks = byLocalSlot(byClock, calendar.clock ?? 'local', { zone, day });
    days.set(day, ranks);
    return ranks;
  };
}

/** The season that a day lies in, and the bands that hold on it with the type of day they are of. */
export function dayKindOf(
  calendar: Calendar,
  day: LocalDay,
  events: ReadonlySet<LocalDay>,
): { season: Season; type: DayType; bands: Season['days'][number]['bands'] } | undefined {
  const season = calendar.seasons.find((s) => inSeason(s, day.slice(5)));
  const type = dayTypeOf(day, {
    holidays: new Set(calendar.holidays),
    workdays: new Set(calendar.workdays),
    weekend: calendar.weekend,
  });
  const types = events.has(day) ? (['event', ...fallbacks[type]] as const) : fallbacks[type];
  const found = types.flatMap((t) => season?.days.filter((d) => d.type === t) ?? [])[0];
  return season && found ? { season, type: found.type, bands: found.bands } : undefined;
}

const dayTypeNames: Record<DayType, string> = {
  everyday: 'every day',
  weekday: 'weekdays',
  weekend: 'weekends',
  holiday: 'holidays',
  event: 'event days',
};

type PlainType = Exclude<DayType, 'everyday' | 'event'>;

const fallbacks: Record<PlainType, DayType[]> = {
  holiday: ['holiday', 'weekend', 'everyday'],
  weekend: ['weekend', 'everyday'],
  weekday: ['weekday', 'everyday'],
};

function dayTypeOf(
  day: LocalDay,
  {
    holidays,
    workdays,
    weekend,
  }: { holidays: Set<string>; workdays: Set<string>; weekend: number[] },
): PlainType {
  if (holidays.has(day)) return 'holiday';
  if (workdays.has(day)) return 'weekday';
  // Midnight UTC of a date has the weekday of the date itself.
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
  return weekend.includes(weekday) ? 'weekend' : 'weekday';
}

/** A season may go over the new year: 12-01 to 02-29. */
const inSeason = ({ from, to }: Season, day: string): boolean =>
  from <= to ? from <= day && day <= to : day >= from || day <= to;

/** The year is walked with its leap day, so that “to 02-28” beside “from 03-01” shows as a hole. */
function seasonFaults(seasons: Season[]): Fault[] {
  const faults: Fault[] = [];
  const at = '/calendar/seasons';
  for (const [s, season] of seasons.entries()) {
    for (const edge of ['from', 'to'] as const) {
      if (leapYearDays.includes(season[edge])) continue;
      const message = `season “${season.name}”: ${season[edge]} is no day of a year`;
      const parameters = { season: season.name, day: season[edge] };
      faults.push({ at: `${at}/${s}/${edge}`, message, code: 'season-no-day', parameters });
    }
  }
  if (faults.length > 0) return faults;
  for (const day of leapYearDays) {
    const inside = seasons.filter((s) => inSeason(s, day));
    if (inside.length === 1) continue;
    const names = inside.map((s) => `“${s.name}”`).join(' and ');
    const message = names ? `${names} overlap on ${day}` : `no season holds on ${day}: a hole`;
    const [first, second] = inside;
    // The first day of a hole or overlap says where; its other days would only repeat it.
    return [
      first && second
        ? {
            ...{ at, message, code: 'seasons-overlap' },
            parameters: { day, first: first.name, second: second.name },
          }
        : { at, message, code: 'seasons-hole', parameters: { day } },
    ];
  }
  return [];
}

const leapYearDays = Array.from({ length: 366 }, (_, i) =>
  new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(5, 10),
);

type BandFault = Required<Pick<Fault, 'message' | 'code' | 'parameters'>>;

function bandFaults(bands: Season['days'][number]['bands']): BandFault[] {
  const faults: BandFault[] = [];
  const say = (code: string, parameters: Record<string, string | number>, message: string) =>
    faults.push({ message, code, parameters });
  for (const { from, to } of bands) {
    const time = [from, to].find((edge) => minutesOf(edge) % SLOT_MINUTES !== 0);
    if (time) {
      const message = `${time}: a period begins and ends on a quarter of an hour`;
      say('band-unaligned', { time }, message);
    }
    if (from === to || from === '24:00') {
      say('band-empty', { from, to }, `${from} to ${to}: an empty band`);
    }
  }
  if (faults.length > 0) return faults;
  const covers = Array.from({ length: QUARTERS }, (_, quarter) =>
    bands.filter((band) => covered(band, quarter * SLOT_MINUTES)),
  );
  for (let q = 0; q < QUARTERS; q++) {
    const count = covers[q]?.length ?? 0;
    if (count === 1 || (q > 0 && covers[q - 1]?.length === count)) continue;
    let end = q + 1;
    while (end < QUARTERS && covers[end]?.length === count) end++;
    const [from, to] = [clock(q * SLOT_MINUTES), clock(end * SLOT_MINUTES)];
    if (count === 0) say('band-hole', { from, to }, `${from} to ${to}: no band, a hole`);
    else say('band-overlap', { from, to, count }, `${from} to ${to}: ${count} bands overlap`);
  }
  return faults;
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

function covered({ from, to }: { from: string; to: string }, minute: number): boolean {
  const [start, end] = [minutesOf(from), minutesOf(to)];
  return start < end ? start <= minute && minute < end : minute >= start || minute < end;
}

function clockRanks(bands: Season['days'][number]['bands']): Int8Array {
  return Int8Array.from({ length: QUARTERS }, (_, quarter) => {
    const band = bands.find((b) => covered(b, quarter * SLOT_MINUTES));
    if (!band) throw new Error(`the calendar has a hole at ${clock(quarter * SLOT_MINUTES)}`);
    return band.rank;
  });
}

/** Where wall and bands run alike, slot and quarter are the same and the table serves as it is. */
function byLocalSlot(
  byClock: Int8Array,
  clock: 'local' | 'standard',
  { zone, day }: { zone: string; day: LocalDay },
): Int8Array {
  if (clock === 'local' && daySpan(zone, day).slots === QUARTERS) return byClock;
  const minutes = clock === 'local' ? wallMinutes(zone, day) : standardMinutes(zone, day);
  return Int8Array.from(minutes, (minute) => {
    const rank = byClock[Math.floor(minute / SLOT_MINUTES)];
    if (rank === undefined) throw new Error(`${day} has a slot at minute ${minute}`);
    return rank;
  });
}

/**
 * Which days have to be written: pure, so that every way in which a day becomes stale is seen in one
 * place. A pass writes a bounded number of them and says when there are more.
 */
import { addDays, type LocalDay } from '../sql/local-day.ts';
import { type DayTable, dayContent, daysOf, type Manifest } from './manifest.ts';
import { type PostingTable, postingTables } from './postgres-source.ts';
import type { Fingerprints } from './questdb-source.ts';
import type { ReportingCalendar } from './reporting-calendar.ts';

/** Local days of one table written before a manifest is published: bounds work, shows progress. */
const DAYS_A_VERSION = 40;
/** Dirty rows looked at in one pass. */
export const DIRTY_A_PASS = 100_000;
/**
 * Today's samples are written at most this share of the time: each writing takes in the whole day, in a
 * large park for long. Intervals and money, which are small, keep to the minute.
 */
const SAMPLES_SHARE = 1 / 20;

/** Fingerprints of the days that were looked at. */
export type Seen = Record<'intervals' | 'samples' | PostingTable, Fingerprints>;

export interface Work {
  intervals: LocalDay[];
  calendars: LocalDay[];
  samples: { day: LocalDay; whole: boolean }[];
  postings: Record<PostingTable, LocalDay[]>;
  dirtyIds: string[];
  more: boolean;
  /** Today's samples have changed and wait for their turn. */
  samplesWait: boolean;
}

/** The work of one pass; `due` when what changes all the time (today) is looked at. */
export function planWork({
  manifest,
  today,
  hotDays,
  now,
  dirty,
  seen,
  calendar,
  due,
}: {
  manifest: Manifest;
  today: LocalDay;
  /** Days for which QuestDB alone holds all channels of the samples. */
  hotDays: number;
  now: Date;
  dirty: readonly { id: string; localDay: LocalDay }[];
  seen: Seen;
  calendar: ReportingCalendar;
  due: boolean;
}): Work {
  const stale = new Set<LocalDay>();
  for (const { localDay } of dirty) if (due || localDay !== today) stale.add(localDay);
  if (due) {
    for (const day of changed(manifest, 'intervals', seen.intervals)) stale.add(day);
    // Even without an interval: today is there, empty, before anything has come.
    if (!manifest.days.intervals[today]) stale.add(today);
  }
  const intervals = newestFirst(stale);
  const written = new Set(intervals.slice(0, DAYS_A_VERSION));
  const days = new Set([...daysOf(manifest, 'intervals'), ...written]);
  const calendars = [...days].filter(
    (day) => dayContent(manifest, 'calendars', day)?.fingerprint !== calendar.sourceOn(day),
  );

  const staleSamples = new Set(changed(manifest, 'registers', seen.samples));
  const samplesWait = staleSamples.has(today) && (!due || !isSamplesTurn(manifest, today, now));
  if (samplesWait) staleSamples.delete(today);
  // All channels of a day are written when it leaves the hot time, or changes after it has.
  const coldBefore = addDays(today, -hotDays);
  const staleWhole = daysOf(manifest, 'registers').filter(
    (day) =>
      day < coldBefore &&
      dayContent(manifest, 'samples', day)?.fingerprint !==
        dayContent(manifest, 'registers', day)?.fingerprint,
  );
  const samples = newestFirst(new Set([...staleSamples, ...staleWhole]));
  const samplesWritten = new Set(samples.slice(0, DAYS_A_VERSION));
  const samplesLeft = samples.slice(DAYS_A_VERSION);

  const postings = Object.fromEntries(
    postingTables.map((table) => [table, changed(manifest, table, seen[table])]),
  ) as Record<PostingTable, LocalDay[]>; // Each of the tables, as the list says.
  const lists = [intervals, calendars, samples, ...Object.values(postings)];
  for (const table of postingTables) postings[table] = postings[table].slice(0, DAYS_A_VERSION);
  return {
    intervals: [...written],
    calendars: bounded(calendars, written),
    samples: [...samplesWritten].map((day) => ({ day, whole: day < coldBefore })),
    postings,
    dirtyIds: dirty
      .filter(({ localDay }) => written.has(localDay) && !samplesLeft.includes(localDay))
      .map(({ id }) => id),
    more: lists.some((list) => list.length > DAYS_A_VERSION) || dirty.length === DIRTY_A_PASS,
    samplesWait,
  };
}

/** Those are looked at. */
const newestFirst = (days: ReadonlySet<LocalDay>): LocalDay[] => [...days].sort().reverse();

/** A day written for the first time needs its calendar in the same version; the others wait their turn. */
function bounded(calendars: LocalDay[], written: Set<LocalDay>): LocalDay[] {
  const first = calendars.filter((day) => written.has(day));
  const rest = calendars.filter((day) => !written.has(day));
  return [...first, ...rest.slice(0, Math.max(0, DAYS_A_VERSION - first.length))];
}

const changed = (manifest: Manifest, table: DayTable, seen: Fingerprints): LocalDay[] =>
  [...seen]
    .filter(([day, mark]) => dayContent(manifest, table, day)?.fingerprint !== mark)
    .map(([day]) => day);

function isSamplesTurn(manifest: Manifest, today: LocalDay, now: Date): boolean {
  const before = manifest.days.registers[today];
  if (!before) return true;
  // Either way: a clock that was set back must not put it to sleep.
  const sinceMs = Math.abs(now.getTime() - Date.parse(before.asOf));
  return sinceMs * SAMPLES_SHARE >= (before.tookMs ?? 0);
}

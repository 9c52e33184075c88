/**
 * Which days have to be written: pure, so that every way in which a day becomes stale is seen in one
 * place. A pass writes a bounded number of them and says when there are more.
 */
import { addDays, type LocalDay } from '../sql/local-day.ts';
import { type DayTable, dayContent, daysOf, type Manifest, NEVER } from './manifest.ts';
import { type PostingTable, postingTables } from './postgres-source.ts';
import type { Fingerprints } from './questdb-source.ts';
import type { ReportingCalendar } from './reporting-calendar.ts';

/** Local days of one table written before a manifest is published: bounds work, shows progress. */
const DAYS_A_VERSION = 40;
/**
 * Days of samples, which are a hundred times as many rows: so that intervals and money, which are asked
 * for first, do not wait for them when a warehouse is begun.
 */
const SAMPLE_DAYS_A_VERSION = 7;
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
  /** Beside those whose intervals or calendar are written. */
  energyDays: LocalDay[];
  postings: Record<PostingTable, LocalDay[]>;
  dirtyIds: string[];
  /** Something other than samples is left for the next version. */
  more: boolean;
  /** Samples are left: too many days, or today's wait for their turn. */
  moreSamples: boolean;
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
  must,
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
  /** Days whose file is damaged or wrong: all of them are written. */
  must: Record<DayTable, ReadonlySet<LocalDay>>;
  due: boolean;
}): Work {
  const stale = new Set<LocalDay>();
  for (const { localDay } of dirty) if (due || localDay !== today) stale.add(localDay);
  if (due) {
    for (const day of changed(manifest, 'intervals', seen.intervals)) stale.add(day);
    // Even without an interval: today is there, empty, before anything has come.
    if (!manifest.days.intervals[today]) stale.add(today);
  }
  const intervals = inOrder(must.intervals, stale);
  const written = new Set(intervals.first(DAYS_A_VERSION));
  const days = new Set([...daysOf(manifest, 'intervals'), ...written]);
  const staleCalendars = [...days].filter(
    (day) => dayContent(manifest, 'calendars', day)?.fingerprint !== calendar.sourceOn(day),
  );
  // A day written for the first time needs its calendar in the same version; the others wait.
  const needed = staleCalendars.filter((day) => written.has(day));
  const calendars = inOrder(new Set([...must.calendars, ...needed]), staleCalendars);

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
  const samples = inOrder(new Set([...must.registers, ...must.electrical_days, ...must.samples]), [
    ...staleSamples,
    ...staleWhole,
  ]);
  // A warehouse that answers nothing yet is begun without them, where they are many.
  const isBegun = manifest.asOf !== NEVER || samples.all.length <= SAMPLE_DAYS_A_VERSION;
  const samplesWritten = samples.first(isBegun ? SAMPLE_DAYS_A_VERSION : 0);
  const samplesLeft = new Set(samples.all.slice(samplesWritten.length));

  const postings = Object.fromEntries(
    postingTables.map((table) => [
      table,
      inOrder(must[table], changed(manifest, table, seen[table])),
    ]),
  ) as Record<PostingTable, Ordered>; // Each of the tables, as the list says.
  const lists = [intervals, calendars, ...Object.values(postings)];
  return {
    intervals: [...written],
    calendars: calendars.first(DAYS_A_VERSION),
    energyDays: [...must.energy_days],
    samples: samplesWritten.map((day) => ({
      day,
      whole: day < coldBefore || must.samples.has(day),
    })),
    postings: {
      charges: postings.charges.first(DAYS_A_VERSION),
      entries: postings.entries.first(DAYS_A_VERSION),
      sales: postings.sales.first(DAYS_A_VERSION),
    },
    dirtyIds: dirty
      .filter(({ localDay }) => written.has(localDay) && !samplesLeft.has(localDay))
      .map(({ id }) => id),
    more: lists.some(({ all }) => all.length > DAYS_A_VERSION) || dirty.length === DIRTY_A_PASS,
    moreSamples: samplesLeft.size > 0,
    samplesWait,
  };
}

interface Ordered {
  all: LocalDay[];
  /** So many of them, but all that must be written. */
  first: (count: number) => LocalDay[];
}

/** What must be written, then the newest: those are looked at. */
function inOrder(must: ReadonlySet<LocalDay>, may: Iterable<LocalDay>): Ordered {
  const rest = [...new Set(may)].filter((day) => !must.has(day));
  const all = [...[...must].sort(), ...rest.sort().reverse()];
  return { all, first: (count) => all.slice(0, Math.max(count, must.size)) };
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

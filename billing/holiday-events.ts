/**
 * The events of an iCalendar file as holidays: whole days, an end that is excluded, yearly repeats within some
 * years. Each event is parsed by itself, so that a broken one costs no other.
 */
import ICAL from 'ical.js';
import { addDays, daysBetween, isLocalDay, type LocalDay } from '../sql/local-day.ts';
import type { Fault } from '../sql/problem.ts';

/** What a word in an event says; matched without regard to case. */
export interface EventWords {
  /** In summary, categories or kind: the day is worked, to make up for a holiday. */
  workday: string[];
  /** There or in the description: the event is no holiday at all. */
  none: string[];
}

/** As calendars of China, and those of the great providers, say it. */
export const eventWords: EventWords = {
  workday: ['班', 'workday', 'working day'],
  none: ['observance'],
};

export interface HolidayEvent {
  /** Where it begins. */
  line: number;
  kind: 'holiday' | 'workday';
  name: string;
  word: string | null;
  days: LocalDay[];
}

const EVENTS_MAX = 2000;
/** A holiday lasts no longer. */
const RANGE_DAYS_MAX = 31;
/** Years before and after today's for which repeats are read. */
const YEARS_BACK = 1;
const YEARS_AHEAD = 5;
/** Steps of all repeats of a file together. */
const REPEATS_MAX = 2000;
const YEAR_MIN = '1900';
/** What a yearly repeat may say; other parts are not read. */
const repeatParts = new Set([
  ...['FREQ', 'INTERVAL', 'COUNT', 'UNTIL'],
  ...['BYMONTH', 'BYMONTHDAY', 'BYDAY', 'WKST'],
]);

interface Refusal {
  code: string;
  message: string;
  parameters?: Record<string, string | number>;
}
class Refused extends Error {
  constructor(readonly why: Refusal) {
    super(why.message);
  }
}
const refuse = (code: string, message: string, parameters?: Refusal['parameters']): never => {
  throw new Refused({ code, message, ...(parameters && { parameters }) });
};

/** Events of the lines in their order, those left out by a word, and a fault for each that cannot be read. */
export function readEvents(
  lines: readonly string[],
  { today, words = {} }: { today: LocalDay; words?: Partial<EventWords> | undefined },
): {
  events: HolidayEvent[];
  leftOut: { line: number; name: string; word: string }[];
  faults: Fault[];
} {
  const events: HolidayEvent[] = [];
  const leftOut: { line: number; name: string; word: string }[] = [];
  const faults: Fault[] = [];
  const say = (line: number, { code, message, parameters }: Refusal) =>
    faults.push({ at: `/text/${line}`, message, code, ...(parameters && { parameters }) });
  const { blocks, open } = blocksOf(lines);
  if (open !== null) {
    say(open, { code: 'event-open', message: 'the event has no END:VEVENT' });
  }
  if (blocks.length === 0 && open === null) {
    say(1, { code: 'no-events', message: 'the calendar has no events' });
  }
  const readings = blocks.slice(0, EVENTS_MAX).map(({ line, text }) => ({
    line,
    event: read(() => new ICAL.Component(ICAL.parse(text))),
  }));
  if (blocks.length > EVENTS_MAX) {
    const line = blocks[EVENTS_MAX]?.line ?? 1;
    const message = `more than ${EVENTS_MAX} events: those from here on are not read`;
    say(line, { code: 'too-many-events', message, parameters: { limit: EVENTS_MAX } });
  }
  const year = Number(today.slice(0, 4));
  const span = { from: `${year - YEARS_BACK}-01-01`, to: `${year + YEARS_AHEAD + 1}-01-01` };
  const within = { span, left: { repeats: REPEATS_MAX }, moved: movedDays(readings) };
  for (const { line, event } of readings) {
    if (event instanceof Refused) say(line, event.why);
    if (event instanceof Refused || isCancelled(event)) continue;
    const name = textOf(event, 'summary').trim();
    const { kind, word } = kindOf(event, { ...eventWords, ...words });
    if (kind === 'none') {
      leftOut.push({ line, name, word: word ?? '' });
      continue;
    }
    const days = read(() => daysOf(event, within));
    if (days instanceof Refused) {
      const { message, parameters } = days.why;
      const named = name === '' ? message : `“${name.slice(0, NAME_SHOWN)}”: ${message}`;
      say(line, { ...days.why, message: named, parameters: { ...parameters, event: name } });
    } else events.push({ line, kind, name, word, days });
  }
  return { events, leftOut, faults };
}

const NAME_SHOWN = 40;

/** What is read, or why it is not: we refuse it, or the library throws over what it cannot read. */
function read<Value>(reading: () => Value): Value | Refused {
  try {
    return reading();
  } catch (error) {
    if (error instanceof Refused) return error;
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, 120);
    const message = `the event cannot be read: ${reason}`;
    return new Refused({ code: 'event-unread', message, parameters: { reason } });
  }
}

interface Block {
  line: number;
  text: string;
}

/** The lines of each event, and where it begins. */
function blocksOf(lines: readonly string[]): { blocks: Block[]; open: number | null } {
  const blocks: Block[] = [];
  let open: { line: number; lines: string[] } | null = null;
  for (const [n, line] of lines.entries()) {
    if (/^BEGIN:VEVENT\s*$/i.test(line)) open = { line: n + 1, lines: [] };
    open?.lines.push(line);
    if (open && /^END:VEVENT\s*$/i.test(line)) {
      blocks.push({ line: open.line, text: open.lines.join('\r\n') });
      open = null;
    }
  }
  return { blocks, open: open?.line ?? null };
}

const textOf = (event: ICAL.Component, name: string): string =>
  event
    .getAllProperties(name)
    .flatMap((property) => property.getValues())
    .map(String)
    .join('\n');

const isCancelled = (event: ICAL.Component): boolean =>
  textOf(event, 'status').toUpperCase() === 'CANCELLED';

const uidOf = (event: ICAL.Component): string => textOf(event, 'uid');

function kindOf(
  event: ICAL.Component,
  words: EventWords,
): { kind: 'holiday' | 'workday' | 'none'; word: string | null } {
  const said = ['summary', 'categories', 'x-apple-special-day'].map((name) => textOf(event, name));
  const workday = wordIn(said, words.workday);
  if (workday) return { kind: 'workday', word: workday };
  const none = wordIn([...said, textOf(event, 'description')], words.none);
  return none ? { kind: 'none', word: none } : { kind: 'holiday', word: null };
}

function wordIn(texts: readonly string[], words: readonly string[]): string | undefined {
  const all = texts.join('\n').toLowerCase();
  return words.find((word) => word.trim() !== '' && all.includes(word.trim().toLowerCase()));
}

/** Occurrences that an event of its own stands for, by uid. */
function movedDays(
  readings: readonly { event: ICAL.Component | Refused }[],
): Map<string, Set<LocalDay>> {
  const moved = new Map<string, Set<LocalDay>>();
  for (const { event } of readings) {
    if (event instanceof Refused) continue;
    const id = read(() => event.getFirstProperty('recurrence-id')?.getFirstValue());
    if (!(id instanceof ICAL.Time)) continue;
    const days = moved.get(uidOf(event)) ?? new Set();
    moved.set(uidOf(event), days.add(dayOf(id)));
  }
  return moved;
}

const dayOf = (time: ICAL.Time): LocalDay =>
  [String(time.year).padStart(4, '0'), pad(time.month), pad(time.day)].join('-');
const pad = (n: number): string => String(n).padStart(2, '0');

interface Within {
  span: { from: LocalDay; to: LocalDay };
  left: { repeats: number };
  moved: ReadonlyMap<string, ReadonlySet<LocalDay>>;
}

/** The days of an event; of one that repeats, those in the span. */
function daysOf(event: ICAL.Component, { span, left, moved }: Within): LocalDay[] {
  const start = timeOf(event, 'dtstart');
  if (!start) return refuse('event-no-start', 'has no DTSTART');
  const first = dayOf(start);
  if (first.slice(0, 4) < YEAR_MIN) refuse('event-year', `begins before ${YEAR_MIN}`);
  const length = lengthOf(event, start, first);
  const range = (day: LocalDay) => daysBetween(day, addDays(day, length));
  const rules = event.getAllProperties('rrule');
  const isRepeated = rules.length > 0 || event.hasProperty('rdate');
  if (!isRepeated) return range(first);
  const rule = rules[0]?.getFirstValue();
  if (rule instanceof ICAL.Recur) assertYearly(rule);
  if (rules.length > 1) refuse('repeat-unread', 'repeats by more than one rule');
  if (rule instanceof ICAL.Recur) beginNear(event, { start, rule, year: span.from.slice(0, 4) });
  const gone = moved.get(uidOf(event));
  const days: LocalDay[] = [];
  const occurrences = new ICAL.Event(event).iterator();
  for (let next = occurrences.next(); next; next = occurrences.next()) {
    if (left.repeats-- <= 0) {
      const message = `repeats too often: ${REPEATS_MAX} in a file are read`;
      refuse('repeat-too-often', message, { limit: REPEATS_MAX });
    }
    const day = dayOf(next);
    if (day >= span.to) break;
    if (day < span.from || gone?.has(day) || !isNamed(rule, next)) continue;
    days.push(...range(day));
  }
  return days;
}

function timeOf(event: ICAL.Component, name: string): ICAL.Time | null {
  const property = event.getFirstProperty(name);
  const time = property?.getFirstValue();
  if (!property || !(time instanceof ICAL.Time)) return null;
  // As it was written: the library takes 31 February for 3 March.
  const written = String(property.toJSON()[3]);
  const day = written.slice(0, 10);
  if (!isLocalDay(day)) refuse('event-no-day', `“${written}” is no day`, { text: written });
  if (!time.isDate && time.zone === ICAL.Timezone.utcTimezone) {
    refuse('event-utc', 'is given in UTC, which names no day here: write VALUE=DATE');
  }
  return time;
}

/** Days from the first to the end, which is excluded; an event of hours is of the days it touches. */
function lengthOf(event: ICAL.Component, start: ICAL.Time, first: LocalDay): number {
  const end = timeOf(event, 'dtend') ?? new ICAL.Event(event).endDate;
  const last = end ? dayOf(end) : first;
  const isInto = !!end && !end.isDate && end.hour * 60 + end.minute > 0;
  const to = isInto || last === first ? addDays(last, 1) : last;
  if (last < first || (end && end.compare(start) < 0)) {
    refuse('event-ends-first', 'ends before it begins');
  }
  const tooLong = addDays(first, RANGE_DAYS_MAX);
  if (to > tooLong) {
    const message = `lasts more than ${RANGE_DAYS_MAX} days`;
    refuse('event-too-long', message, { limit: RANGE_DAYS_MAX });
  }
  return daysBetween(first, to).length;
}

function assertYearly(rule: ICAL.Recur): void {
  const unread = rule
    .toString()
    .split(';')
    .map((part) => part.split('=')[0] ?? '')
    .find((part) => !repeatParts.has(part));
  if (rule.freq === 'YEARLY' && !unread) return;
  const text = rule.toString().slice(0, 80);
  refuse('repeat-unread', `repeats by “${text}”: only years are read`, { text });
}

/** A rule that does not count repeats as well from a year near the span as from long ago. */
function beginNear(
  event: ICAL.Component,
  { start, rule, year }: { start: ICAL.Time; rule: ICAL.Recur; year: string },
): void {
  const isLeapDay = start.month === 2 && start.day === 29;
  const ahead = Number(year) - start.year;
  if (rule.count !== null || isLeapDay || ahead <= 0) return;
  const near = start.clone();
  near.year += ahead - (ahead % Math.max(1, rule.interval));
  event.updatePropertyWithValue('dtstart', near);
}

/** The library takes 30 February for 1 March: an occurrence is one that its rule names. */
function isNamed(rule: unknown, time: ICAL.Time): boolean {
  if (!(rule instanceof ICAL.Recur)) return true;
  const months = rule.parts.BYMONTH;
  return !months?.length || months.includes(time.month);
}

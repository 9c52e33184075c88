/**
 * A published calendar of holidays, read from text: CSV of `date,kind,name`, or iCalendar (`holiday-events`).
 * What it says is for a person to see and to change before it is taken.
 */
import { isLocalDay, type LocalDay } from '../sql/local-day.ts';
import type { Fault } from '../sql/problem.ts';
import { type EventWords, readEvents } from './holiday-events.ts';

export interface HolidayRow {
  date: LocalDay;
  /** workday: a weekend day that is worked, to make up for a holiday. */
  kind: 'holiday' | 'workday';
  name: string;
  /** Line of the text, from 1: of an event, where it begins. */
  line: number;
  /** The word of an event that made it a workday; null where it is the rule. */
  word: string | null;
}

export interface HolidayText {
  format: 'csv' | 'icalendar';
  days: HolidayRow[];
  faults: Fault[];
  /** Events that are none by a word of theirs. */
  leftOut: { line: number; name: string; word: string }[];
}

/** Days of one calendar, at most: some twenty years of them. */
const DAYS_MAX = 2000;
const NAME_MAX = 80;
const kinds: Record<string, HolidayRow['kind']> = {
  holiday: 'holiday',
  workday: 'workday',
  休: 'holiday',
  班: 'workday',
};

/**
 * The days in the text, and each line or event that says none; its place is `/text/<line>`, from 1. Events that
 * repeat are read for the years around `today`; what makes an event a workday, or none, are `words`.
 */
export function parseHolidays(
  text: string,
  { today, words }: { today: LocalDay; words?: Partial<EventWords> },
): HolidayText {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const list = dayList();
  const first = lines.find((line) => line.trim() !== '') ?? '';
  if (!/^BEGIN:(VCALENDAR|VEVENT)\s*$/i.test(first)) {
    readRows(lines, list);
    return { format: 'csv', ...list.done(), leftOut: [] };
  }
  const { events, leftOut, faults } = readEvents(lines, { today, words });
  list.faults.push(...faults);
  for (const event of events) {
    const { line, kind, name, word } = event;
    for (const date of event.days) list.add({ date, kind, name, line, word });
  }
  return { format: 'icalendar', ...list.done(), leftOut };
}

type DayList = ReturnType<typeof dayList>;

/** Days in order, each once; names of one day stand beside each other. */
function dayList() {
  const days = new Map<LocalDay, HolidayRow>();
  const faults: Fault[] = [];
  let isFull = false;
  const add = (row: HolidayRow): void => {
    const { date, kind, line } = row;
    const at = `/text/${line}`;
    const before = days.get(date);
    if (before && before.kind !== kind) {
      const message = `${date} is both a holiday and a workday`;
      faults.push({ at, message, code: 'both-kinds', parameters: { day: date } });
    } else if (before) {
      const known = before.name.split(' / ');
      const name = known.includes(row.name) ? before.name : [...known, row.name].join(' / ');
      before.name = name.slice(0, NAME_MAX);
    } else if (days.size < DAYS_MAX) {
      days.set(date, { ...row, name: row.name.slice(0, NAME_MAX) });
    } else if (!isFull) {
      isFull = true;
      const message = `more than ${DAYS_MAX} days`;
      faults.push({ at, message, code: 'too-many-days', parameters: { limit: DAYS_MAX } });
    }
  };
  const done = () => ({
    days: [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1)),
    faults: faults.sort((a, b) => lineOf(a) - lineOf(b)),
  });
  return { add, faults, done };
}

const lineOf = ({ at }: Fault): number => Number(at.split('/').at(-1));

function readRows(lines: readonly string[], { add, faults }: DayList): void {
  for (const [n, text] of lines.entries()) {
    const line = n + 1;
    const say = (code: string, entered: string, message: string): void => {
      const parameters = { text: entered.slice(0, ENTERED_SHOWN) };
      faults.push({ at: `/text/${line}`, message, code, parameters });
    };
    if (text.trim() === '') continue;
    const [date = '', kind = '', name = ''] = fieldsOf(text);
    if (n === 0 && date.toLowerCase() === 'date') continue;
    const known = kinds[kind.toLowerCase()];
    if (!isLocalDay(date)) {
      say('no-day', date, `“${date.slice(0, ENTERED_SHOWN)}” is no day: write YYYY-MM-DD`);
    } else if (!known) {
      const message = `“${kind.slice(0, ENTERED_SHOWN)}” is neither holiday nor workday`;
      say('no-kind', kind, message);
    } else add({ date, kind: known, name, line, word: null });
  }
}

const ENTERED_SHOWN = 20;

/** Fields of a line; one in quotes may hold commas. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .slice(0, FIELDS_MAX)
    .map(([, field = '']) => {
      const trimmed = field.trim();
      return /^".*"$/.test(trimmed) ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed;
    });

const FIELDS_MAX = 10;

/** A published calendar of holidays, read from text: CSV of `date,kind,name`. What it says is for a person to see. */
import { isLocalDay, type LocalDay } from '../sql/local-day.ts';
import type { Fault } from '../sql/problem.ts';

export interface HolidayRow {
  date: LocalDay;
  /** workday: a weekend day that is worked, to make up for a holiday. */
  kind: 'holiday' | 'workday';
  name: string;
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

/** The days in the text, and each line that says none; a line's place is `/text/<line>`, from 1. */
export function parseHolidays(text: string): { days: HolidayRow[]; faults: Fault[] } {
  const days = new Map<LocalDay, HolidayRow>();
  const faults: Fault[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  if (/^BEGIN:VCALENDAR/i.test(lines[0] ?? '')) {
    const message = 'iCalendar is not read yet: save it as CSV with date, kind and name';
    return { days: [], faults: [{ at: '/text/1', message }] };
  }
  for (const [n, line] of lines.entries()) {
    const say = (message: string): void => {
      faults.push({ at: `/text/${n + 1}`, message });
    };
    if (line.trim() === '') continue;
    const [date = '', kind = '', name = ''] = fieldsOf(line);
    if (n === 0 && date.toLowerCase() === 'date') continue;
    const known = kinds[kind.toLowerCase()];
    const before = days.get(date);
    if (!isLocalDay(date)) say(`“${date.slice(0, 20)}” is no day: write YYYY-MM-DD`);
    else if (!known) say(`“${kind.slice(0, 20)}” is neither holiday nor workday`);
    else if (before && before.kind !== known) say(`${date} is both a holiday and a workday`);
    else if (days.size >= DAYS_MAX) say(`more than ${DAYS_MAX} days`);
    else days.set(date, { date, kind: known, name: name.slice(0, NAME_MAX) });
  }
  return { days: [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1)), faults };
}

/** Fields of a line; one in quotes may hold commas. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .slice(0, FIELDS_MAX)
    .map(([, field = '']) => {
      const trimmed = field.trim();
      return /^".*"$/.test(trimmed) ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed;
    });

const FIELDS_MAX = 10;

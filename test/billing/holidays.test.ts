/** Calendars of holidays, from CSV and from iCalendar as China's and Germany's are published. */
import { describe, expect, test } from 'vitest';
import { parseHolidays } from '../../billing/holidays.ts';
import { enFaults } from '../../web/app/language/en-faults.ts';

const today = '2026-11-24';
const read = (text: string, words = {}) => parseHolidays(text, { today, words });
const calendar = (...events: string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//DE', ...events, 'END:VCALENDAR', ''].join(
    '\r\n',
  );
const event = (...lines: string[]) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\r\n');
const wholeDays = (from: string, to: string | null, ...lines: string[]) =>
  event(`DTSTART;VALUE=DATE:${from}`, ...(to ? [`DTEND;VALUE=DATE:${to}`] : []), ...lines);
const shown = ({ days }: ReturnType<typeof read>) =>
  days.map(({ date, kind, name }) => `${date} ${kind} ${name}`);
/** Each with its code, for which a page has words. */
const faultsOf = ({ faults }: ReturnType<typeof read>) =>
  faults.map(({ at, code = '' }) => {
    expect(Object.keys(enFaults.fault)).toContain(code);
    return `${at} ${code}`;
  });

describe('China', () => {
  test('whole days with 休 and 班, a range whose end is excluded, a folded line', () => {
    const china = calendar(
      'X-WR-CALNAME;VALUE=TEXT:中国节假日',
      'BEGIN:VTIMEZONE',
      'TZID:Asia/Shanghai',
      'BEGIN:STANDARD',
      'DTSTART:19700101T000000',
      'TZOFFSETFROM:+0800',
      'TZOFFSETTO:+0800',
      'END:STANDARD',
      'END:VTIMEZONE',
      wholeDays('20270206', '20270213', 'SUMMARY;LANGUAGE=zh_CN:春节（休）', 'UID:1'),
      wholeDays(
        '20270220',
        null,
        'SUMMARY:春节',
        // A line that goes on in the next.
        'X-APPLE-SPECIAL-DAY:ALTERNATE-\r\n WORKDAY',
      ),
      // 上班 in what is told about it makes no workday of the holiday.
      wholeDays('20270101', '20270102', 'SUMMARY:元旦', 'DESCRIPTION:1月1日放假\\,1月3日上班'),
      // Make-up days are also published as the hours of work.
      event(
        'DTSTART;TZID=Asia/Shanghai:20270103T090000',
        'DTEND;TZID=Asia/Shanghai:20270103T180000',
        'SUMMARY:元旦 补班 第1天/共1天',
      ),
    );
    const found = read(china);
    expect(found.format).toBe('icalendar');
    expect(faultsOf(found)).toEqual([]);
    expect(shown(found)).toEqual([
      '2027-01-01 holiday 元旦',
      '2027-01-03 workday 元旦 补班 第1天/共1天',
      ...['06', '07', '08', '09', '10', '11', '12'].map((d) => `2027-02-${d} holiday 春节（休）`),
      '2027-02-20 workday 春节',
    ]);
    expect(found.days.find(({ kind }) => kind === 'workday')?.word).toBe('班');
    // Another word for it: 补班 is none then, and the two days of the year are holidays alike.
    expect(shown(read(china, { workday: ['ALTERNATE'] })).slice(0, 2)).toEqual([
      '2027-01-01 holiday 元旦',
      '2027-01-03 holiday 元旦 补班 第1天/共1天',
    ]);
  });
});

describe('Germany', () => {
  test('fixed days repeat from long ago, others by rule, observances are left out', () => {
    const germany = calendar(
      wholeDays('19900101', '19900102', 'RRULE:FREQ=YEARLY', 'SUMMARY:Neujahr'),
      wholeDays(
        '19901003',
        null,
        'RRULE:FREQ=YEARLY;UNTIL=20271231',
        'SUMMARY:Tag der Deutschen Einheit',
        'CATEGORIES:Feiertag,bundesweit',
      ),
      wholeDays('20260403', '20260404', 'SUMMARY:Karfreitag'),
      // The second day of Christmas is moved for a year, the third of Advent is none.
      wholeDays('20251226', null, 'UID:c', 'RRULE:FREQ=YEARLY;COUNT=3', 'SUMMARY:2. Feiertag'),
      wholeDays('20261228', null, 'UID:c', 'RECURRENCE-ID;VALUE=DATE:20261226', 'SUMMARY:Moved'),
      wholeDays('20261213', null, 'SUMMARY:3. Advent', 'DESCRIPTION:Observance\\nHide it'),
      wholeDays('20260501', null, 'SUMMARY:Tag der Arbeit', 'STATUS:CANCELLED'),
    );
    const found = read(germany);
    expect(faultsOf(found)).toEqual([]);
    expect(shown(found)).toEqual([
      '2025-01-01 holiday Neujahr',
      '2025-10-03 holiday Tag der Deutschen Einheit',
      '2025-12-26 holiday 2. Feiertag',
      '2026-01-01 holiday Neujahr',
      '2026-04-03 holiday Karfreitag',
      '2026-10-03 holiday Tag der Deutschen Einheit',
      '2026-12-28 holiday Moved',
      '2027-01-01 holiday Neujahr',
      '2027-10-03 holiday Tag der Deutschen Einheit',
      '2027-12-26 holiday 2. Feiertag',
      ...['2028', '2029', '2030', '2031'].map((year) => `${year}-01-01 holiday Neujahr`),
    ]);
    expect(found.leftOut).toEqual([{ line: 33, name: '3. Advent', word: 'observance' }]);
    expect(shown(read(germany, { none: [] }))).toContain('2026-12-13 holiday 3. Advent');
  });

  test('a Monday of May, and a 30 February that no year has', () => {
    const found = read(
      calendar(
        wholeDays('20200525', null, 'RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO', 'SUMMARY:Memorial'),
        wholeDays('20260201', null, 'RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'SUMMARY:None'),
      ),
    );
    expect(shown(found)).toEqual(
      ['2025-05-26', '2026-05-25', '2027-05-31', '2028-05-29', '2029-05-28', '2030-05-27']
        .map((day) => `${day} holiday Memorial`)
        .concat('2031-05-26 holiday Memorial'),
    );
  });
});

describe('a broken event is named by its line and costs no other', () => {
  test.each<[string, string, string]>([
    ['no such day', wholeDays('20260231', null, 'SUMMARY:x'), 'event-no-day'],
    ['no start', event('SUMMARY:x'), 'event-no-start'],
    ['no date at all', event('DTSTART:soon'), 'event-unread'],
    ['a line that is none', event('DTSTART;VALUE=DATE:20260101', 'nonsense'), 'event-unread'],
    ['an end before', wholeDays('20260105', '20260101'), 'event-ends-first'],
    ['a year long', wholeDays('20260101', '20270101'), 'event-too-long'],
    ['in UTC', event('DTSTART:20260101T160000Z', 'DTEND:20260102T160000Z'), 'event-utc'],
    ['before calendars', wholeDays('18990101', null), 'event-year'],
    ['daily', wholeDays('20260101', null, 'RRULE:FREQ=DAILY'), 'repeat-unread'],
    ['by week', wholeDays('20260101', null, 'RRULE:FREQ=YEARLY;BYWEEKNO=3'), 'repeat-unread'],
    ['a rule of no sense', wholeDays('20260101', null, 'RRULE:FREQ=OFTEN'), 'event-unread'],
  ])('%s', (_, broken, code) => {
    const found = read(calendar(wholeDays('20260106', null, 'SUMMARY:good'), broken));
    // Three lines of the calendar, four of the good event; the broken one begins on the eighth.
    expect(faultsOf(found)).toEqual([`/text/8 ${code}`]);
    expect(shown(found)).toEqual(['2026-01-06 holiday good']);
  });

  test('a day both ways, an event left open, none at all, and too many', () => {
    const day = wholeDays('20260106', null, 'SUMMARY:a');
    const work = wholeDays('20260106', null, 'SUMMARY:班');
    expect(faultsOf(read(calendar(day, work)))).toEqual(['/text/8 both-kinds']);
    expect(faultsOf(read(`BEGIN:VCALENDAR\n${day}\nBEGIN:VEVENT\nSUMMARY:x`))).toEqual([
      '/text/6 event-open',
    ]);
    expect(faultsOf(read(calendar()))).toEqual(['/text/1 no-events']);
    const many = Array.from({ length: 2001 }, () => day);
    expect(faultsOf(read(calendar(...many)))).toEqual(['/text/8004 too-many-events']);
    const often = Array.from({ length: 300 }, () =>
      wholeDays('19500101', null, 'RRULE:FREQ=YEARLY'),
    );
    expect(read(calendar(...often)).faults[0]?.code).toBe('repeat-too-often');
  });
});

test('CSV is read line by line', () => {
  const text =
    'date,kind,name\r\n2026-10-01,holiday,"National Day, first"\n2026-10-10,班,make-up\n\n2026-13-01,holiday,x\n2026-10-02,party,y\n2026-10-01,workday,z\n';
  const found = read(text);
  expect(found.format).toBe('csv');
  expect(shown(found)).toEqual([
    '2026-10-01 holiday National Day, first',
    '2026-10-10 workday make-up',
  ]);
  expect(faultsOf(found)).toEqual(['/text/5 no-day', '/text/6 no-kind', '/text/7 both-kinds']);
});

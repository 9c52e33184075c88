/** Ranks by local slot: seasons, day types, bands over midnight, days of 23, 25, 23.5 and 24.5 hours. */
import { describe, expect, test } from 'vitest';
import { reportingCalendar } from '../../analytics/reporting-calendar.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { calendarSchema, openCalendar } from '../../sql/period-calendar.ts';
import { jiangsu } from '../billing/jiangsu.ts';

const ranksIn = (zone: string, calendar: unknown = jiangsu.calendar) =>
  openCalendar(calendarSchema.parse(calendar), zone);

/** '4×24 3×20 …': ranks and how many slots each holds in a row. */
function runs(ranks: Int8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < ranks.length; ) {
    let end = i;
    while (ranks[end] === ranks[i]) end++;
    parts.push(`${ranks[i]}×${end - i}`);
    i = end;
  }
  return parts.join(' ');
}

describe('Jiangsu', () => {
  const ranksOf = ranksIn('Asia/Shanghai');

  test.each([
    ['2026-07-15', '4×24 3×20 4×8 3×4 2×32 3×8'],
    ['2026-01-15', '4×24 3×20 4×8 3×4 2×32 3×8'],
    ['2026-04-15', '3×8 4×16 3×16 4×16 3×4 2×28 3×8'],
  ])('on %s the quarter-hours are %s', (day, expected) => {
    expect(runs(ranksOf(day))).toBe(expected);
  });

  test('a band over midnight belongs to the clock hours of each date, so a season ends at midnight', () => {
    // 22–02 is flat in spring; June 1 is summer and begins with valley.
    expect(runs(ranksOf('2026-05-31'))).toMatch(/2×28 3×8$/);
    expect(runs(ranksOf('2026-06-01'))).toMatch(/^4×24 /);
    expect(runs(ranksOf('2026-03-01'))).toMatch(/^3×8 4×16 /);
  });

  test('every day of four years has one season', () => {
    for (const day of daysBetween('2024-01-01', '2028-01-01')) {
      expect(ranksOf(day).length).toBe(96);
    }
  });
});

describe('days on which the clock changes', () => {
  // Rank 2 from 02:00 to 03:00, rank 4 else: the hour that Berlin skips in spring and has twice in autumn.
  const night = {
    seasons: [
      {
        name: 'year',
        from: '01-01',
        to: '12-31',
        days: [
          {
            type: 'everyday',
            bands: [
              { from: '02:00', to: '03:00', rank: 2 },
              { from: '03:00', to: '02:00', rank: 4 },
            ],
          },
        ],
      },
    ],
  };
  test.each([
    ['Europe/Berlin', '2026-03-29', 92, '4×92'],
    ['Europe/Berlin', '2026-10-25', 100, '4×8 2×8 4×84'],
    ['Europe/Berlin', '2026-10-26', 96, '4×8 2×4 4×84'],
    // The day begins at 01:00.
    ['America/Sao_Paulo', '2018-11-04', 92, '4×4 2×4 4×84'],
    // Half an hour forward at 02:00, half an hour back, from 02:00 to 01:30.
    ['Australia/Lord_Howe', '2026-10-04', 94, '4×8 2×2 4×84'],
    ['Australia/Lord_Howe', '2026-04-05', 98, '4×10 2×4 4×84'],
    ['Asia/Shanghai', '2026-03-29', 96, '4×8 2×4 4×84'],
  ])('%s %s has %i slots: %s', (zone, day, slots, expected) => {
    const ranks = ranksIn(zone, night)(day);
    expect(ranks.length).toBe(slots);
    expect(runs(ranks)).toBe(expected);
  });
});

describe('day types', () => {
  const all = (rank: number) => [{ from: '00:00', to: '24:00', rank }];
  const calendar = {
    holidays: ['2026-10-01', '2026-10-03'],
    workdays: ['2026-10-10'],
    seasons: [
      {
        name: 'year',
        from: '01-01',
        to: '12-31',
        days: [
          { type: 'weekday', bands: all(2) },
          { type: 'weekend', bands: all(4) },
          { type: 'holiday', bands: all(5) },
        ],
      },
    ],
  };
  test.each([
    ['2026-10-01', 5, 'a holiday on a Thursday'],
    ['2026-10-03', 5, 'a holiday on a Saturday'],
    ['2026-10-04', 4, 'a Sunday'],
    ['2026-10-05', 2, 'a Monday'],
    ['2026-10-10', 2, 'a make-up working Saturday'],
  ])('%s has rank %i: %s', (day, rank) => {
    expect(ranksIn('Asia/Shanghai', calendar)(day)[0]).toBe(rank);
  });

  test('a band over midnight on a weekday does not reach into the weekend', () => {
    const split = structuredClone(calendar);
    const days = split.seasons[0]?.days ?? [];
    days[0] = {
      type: 'weekday',
      bands: [
        { from: '22:00', to: '06:00', rank: 4 },
        { from: '06:00', to: '22:00', rank: 2 },
      ],
    };
    days[1] = { type: 'weekend', bands: all(3) };
    const ranksOf = ranksIn('Asia/Shanghai', split);
    expect(runs(ranksOf('2026-10-09'))).toBe('4×24 2×64 4×8');
    expect(runs(ranksOf('2026-10-11'))).toBe('3×96');
    expect(runs(ranksOf('2026-10-12'))).toBe('4×24 2×64 4×8');
  });

  test('a holiday without bands of its own is a weekend', () => {
    const plain = structuredClone(calendar);
    plain.seasons[0]?.days.pop();
    expect(ranksIn('Asia/Shanghai', plain)('2026-10-01')[0]).toBe(4);
  });
});

describe('standard time', () => {
  // Economy 7: 00–07 GMT all year, so 01–08 by the summer clock.
  const economy = {
    clock: 'standard',
    seasons: [
      {
        name: 'year',
        from: '01-01',
        to: '12-31',
        days: [
          {
            type: 'everyday',
            bands: [
              { from: '00:00', to: '07:00', rank: 4 },
              { from: '07:00', to: '24:00', rank: 2 },
            ],
          },
        ],
      },
    ],
  };
  test.each([
    ['2026-01-15', '4×28 2×68'],
    // The local day begins at 23:00 GMT.
    ['2026-07-15', '2×4 4×28 2×64'],
    ['2026-03-29', '4×28 2×64'],
    ['2026-10-25', '2×4 4×28 2×68'],
  ])('London on %s: %s', (day, expected) => {
    expect(runs(ranksIn('Europe/London', economy)(day))).toBe(expected);
  });

  test('a zone without summer time has no other clock', () => {
    expect(runs(ranksIn('Asia/Shanghai', economy)('2026-07-15'))).toBe('4×28 2×68');
  });
});

test('days of a list have the bands of event days, before all other types', () => {
  const all = (rank: number) => [{ from: '00:00', to: '24:00', rank }];
  const calendar = calendarSchema.parse({
    eventDays: 'hot',
    holidays: ['2026-07-02'],
    seasons: [
      {
        name: 'summer',
        from: '07-01',
        to: '09-30',
        days: [
          { type: 'everyday', bands: all(3) },
          { type: 'event', bands: all(1) },
        ],
      },
      { name: 'rest', from: '10-01', to: '06-30', days: [{ type: 'everyday', bands: all(4) }] },
    ],
  });
  const events = new Set(['2026-07-02', '2026-12-01']);
  const ranksOf = openCalendar(calendar, 'Asia/Shanghai', events);
  const first = (day: string) => ranksOf(day)[0];
  expect(['2026-07-01', '2026-07-02', '2026-12-01'].map(first)).toEqual([3, 1, 4]);
  // Reports know them too, and that such a day is another one than before.
  const reported = reportingCalendar({
    zone: 'Asia/Shanghai',
    lists: new Map([['hot', events]]),
    assignments: [{ tariffId: 't', validFrom: '2026-01-01', validTo: null }],
    versions: [{ id: 'v', tariffId: 't', effectiveFrom: '2026-01-01', calendar }],
  });
  expect([reported.on('2026-07-02').ranks[0], reported.sourceOn('2026-07-02')]).toEqual([
    1,
    'v/event',
  ]);
  expect(reported.sourceOn('2026-07-01')).toBe('v');
});

test('reports cut their periods as charges do', () => {
  const calendar = calendarSchema.parse({ ...jiangsu.calendar, holidays: ['2026-10-01'] });
  for (const zone of ['Asia/Shanghai', 'Europe/Berlin', 'Australia/Lord_Howe']) {
    const charged = openCalendar(calendar, zone);
    const reported = reportingCalendar({
      zone,
      assignments: [{ tariffId: 't', validFrom: '2026-01-01', validTo: null }],
      versions: [{ id: 'v', tariffId: 't', effectiveFrom: '2026-01-01', calendar }],
    });
    for (const day of daysBetween('2026-01-01', '2027-01-01')) {
      expect([day, ...reported.on(day).ranks]).toEqual([day, ...charged(day)]);
    }
  }
});

/** How a range of local days is cut into cells, on days of every length and in odd zones. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Against, axisOf, BEYOND, type Unit } from '../../analytics/periods.ts';
import { reportingCalendar } from '../../analytics/reporting-calendar.ts';
import { addDays } from '../../sql/local-day.ts';
import type { Rank } from '../../sql/period-calendar.ts';

const SEED = 20261124;

const cut = (zone: string, from: string, to: string, unit: Unit, against: Against = 'none') =>
  axisOf({ zone, from, to, unit, against });
const hoursOf = (zone: string, day: string) =>
  cut(zone, day, addDays(day, 1), 'hour').periods.map(
    (p) => `${p.label.slice(11)} ${p.toQuarter - p.fromQuarter}`,
  );

describe('hours', () => {
  test('a day of 23 hours has no second hour, one of 25 has it twice', () => {
    const spring = hoursOf('Europe/Berlin', '2026-03-29');
    expect(spring).toHaveLength(23);
    expect(spring.slice(1, 3)).toEqual(['01:00+01:00 4', '03:00+02:00 4']);
    const autumn = hoursOf('Europe/Berlin', '2026-10-25');
    expect(autumn).toHaveLength(25);
    expect(autumn.slice(1, 5)).toEqual([
      '01:00+02:00 4',
      '02:00+02:00 4',
      '02:00+01:00 4',
      '03:00+01:00 4',
    ]);
  });

  test('a day may begin at one o’clock, and the clock may change by half an hour', () => {
    expect(hoursOf('America/Sao_Paulo', '2018-11-04')[0]).toBe('01:00-02:00 4');
    expect(hoursOf('Australia/Lord_Howe', '2026-04-05').slice(1, 4)).toEqual([
      '01:00+11:00 4',
      '01:30+10:30 2',
      '02:00+10:30 4',
    ]);
    expect(hoursOf('Australia/Lord_Howe', '2026-10-04').slice(1, 4)).toEqual([
      '01:00+10:30 4',
      '02:30+11:00 2',
      '03:00+11:00 4',
    ]);
  });

  test('the hour that comes twice is compared once, the second time it has no counterpart', () => {
    const axis = cut('Europe/Berlin', '2026-10-25', '2026-10-26', 'hour', 'previous');
    const before = axis.days.find((d) => d.side === 'before');
    expect([...(before?.slots.slice(8, 16) ?? [])]).toEqual([2, 2, 2, 2, 4, 4, 4, 4]);
    const next = cut('Europe/Berlin', '2026-10-26', '2026-10-27', 'hour', 'previous');
    const long = next.days.find((d) => d.side === 'before');
    expect(long?.slots.filter((n) => n === BEYOND)).toHaveLength(4);
  });
});

test('weeks begin on Monday, across a year and in a zone where the clock changes within', () => {
  const axis = cut('Europe/Berlin', '2026-12-26', '2027-01-12', 'week', 'previous');
  const days = (p: { fromQuarter: number; toQuarter: number }) =>
    (p.toQuarter - p.fromQuarter) / 96;
  expect(axis.periods.map((p) => [p.label, days(p)])).toEqual([
    ['2026-W52', 2],
    ['2026-W53', 7],
    ['2027-W01', 7],
    ['2027-W02', 1],
  ]);
  const autumn = cut('Europe/Berlin', '2026-10-19', '2026-10-26', 'week');
  expect(autumn.periods.map((p) => [p.label, p.toQuarter - p.fromQuarter])).toEqual([
    ['2026-W43', 7 * 96 + 4],
  ]);
  // As many days before: each of them belongs to the week of its counterpart.
  const before = axis.days.filter((d) => d.side === 'before').map((d) => d.period);
  expect(before).toEqual([...Array(2).fill(0), ...Array(7).fill(1), ...Array(7).fill(2), 3]);
});

test('a range as one cell takes in every day, those before included', () => {
  const axis = cut('Asia/Shanghai', '2026-11-01', '2026-12-01', 'range', 'previous');
  expect(axis.periods).toHaveLength(1);
  // The 31st of October has no counterpart among the days of November, yet belongs to its month.
  expect(new Set(axis.days.map((d) => d.period))).toEqual(new Set([0]));
  expect(axis.days).toHaveLength(61);
});

describe('every axis', () => {
  const zones = [
    'Asia/Shanghai',
    'Europe/Berlin',
    'America/Sao_Paulo',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/St_Johns',
  ];
  test('covers each quarter-hour of its range once, in order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 9000 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom<Unit>('hour', 'day', 'month', 'year'),
        fc.constantFrom<Against>('previous', 'year', 'none'),
        (zone, start, length, unit, against) => {
          const from = addDays('2004-01-01', start);
          const to = addDays(from, length);
          const { periods, days } = cut(zone, from, to, unit, against);
          const own = days.filter((d) => d.side === 'this');
          expect(periods[0]?.fromQuarter).toBe(own[0]?.fromQuarter);
          expect(periods.at(-1)?.toQuarter).toBe(own.at(-1)?.toQuarter);
          periods.forEach((p, i) => {
            if (i > 0) expect(p.fromQuarter).toBe(periods[i - 1]?.toQuarter);
          });
          const counted = new Array<number>(periods.length).fill(0);
          for (const d of own) for (const n of d.slots) counted[n] = (counted[n] ?? 0) + 1;
          expect(counted).toEqual(periods.map((p) => p.toQuarter - p.fromQuarter));
          expect(new Set(periods.map((p) => p.label)).size).toBe(periods.length);
        },
      ),
      { seed: SEED, numRuns: 150 },
    );
  });
});

describe('comparison', () => {
  test.each([
    // from, to, against → kind, from, to
    ['2026-11-01', '2026-12-01', 'previous', 'months', '2026-10-01', '2026-11-01'],
    ['2026-03-01', '2026-04-01', 'previous', 'months', '2026-02-01', '2026-03-01'],
    ['2026-01-01', '2027-01-01', 'previous', 'years', '2025-01-01', '2026-01-01'],
    ['2026-10-01', '2027-01-01', 'previous', 'months', '2026-07-01', '2026-10-01'],
    ['2026-11-01', '2026-11-25', 'previous', 'months', '2026-10-01', '2026-10-25'],
    ['2026-03-01', '2026-03-31', 'previous', 'months', '2026-02-01', '2026-03-01'],
    ['2026-11-24', '2026-11-25', 'previous', 'days', '2026-11-23', '2026-11-24'],
    ['2026-11-16', '2026-11-23', 'previous', 'days', '2026-11-09', '2026-11-16'],
    ['2024-02-29', '2024-03-01', 'year', 'years', '2023-02-28', '2023-03-01'],
    ['2026-11-10', '2026-11-20', 'year', 'years', '2025-11-10', '2025-11-20'],
  ] as const)('%s to %s, %s: %s %s to %s', (from, to, against, kind, before, end) => {
    const { comparison } = cut('Asia/Shanghai', from, to, 'day', against);
    expect(comparison).toEqual({ kind, from: before, to: end });
  });

  test('days without a counterpart stand beyond the rows by day, and in their month by month', () => {
    const byDay = cut('Asia/Shanghai', '2026-02-01', '2026-03-01', 'day', 'previous');
    const beyond = byDay.days.filter((d) => d.side === 'before' && d.period === BEYOND);
    expect(beyond.map((d) => d.day)).toEqual(['2026-01-29', '2026-01-30', '2026-01-31']);
    const byMonth = cut('Asia/Shanghai', '2026-02-01', '2026-03-01', 'month', 'previous');
    expect(byMonth.days.every((d) => d.period === 0)).toBe(true);
  });
});

test('the tariff in force decides, and a day without one has no periods', () => {
  const bands = (rank: Rank) => ({
    seasons: [
      {
        name: 'all year',
        from: '01-01',
        to: '12-31',
        days: [{ type: 'everyday' as const, bands: [{ from: '00:00', to: '24:00', rank }] }],
      },
    ],
    weekend: [6, 7],
    holidays: [],
    workdays: [],
  });
  const { on, sourceOn } = reportingCalendar({
    zone: 'Asia/Shanghai',
    assignments: [
      { tariffId: '1', validFrom: '2026-02-01', validTo: '2026-03-01' },
      { tariffId: '2', validFrom: '2026-03-01', validTo: null },
    ],
    versions: [
      { id: '10', tariffId: '1', effectiveFrom: '2026-01-01', calendar: bands(1) },
      { id: '11', tariffId: '1', effectiveFrom: '2026-02-15', calendar: bands(2) },
      { id: '20', tariffId: '2', effectiveFrom: '2026-01-01', calendar: undefined },
    ],
  });
  const seen = ['2026-01-31', '2026-02-01', '2026-02-15', '2026-03-01'].map((day) => [
    sourceOn(day),
    on(day).ranks[0],
  ]);
  expect(seen).toEqual([
    ['none', 0],
    ['10', 1],
    ['11', 2],
    ['20', 0],
  ]);
});

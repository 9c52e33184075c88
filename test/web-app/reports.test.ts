/** What the pages of the reports make of their answers: ranges, weeks, sums that foot, gaps, cells. */
import { describe, expect, test } from 'vitest';
import { askedOf } from '../../web/app/pages/energy/asked.ts';
import { weekOf } from '../../web/app/pages/energy/bars.ts';
import { creditChange, reportFoots } from '../../web/app/pages/reports/finance-sums.ts';
import { accountsFoot, moneyFoots } from '../../web/app/pages/reports/integrated-sums.ts';
import { isGap, isPartial, runsOf, stepsFor } from '../../web/app/pages/reports/load-steps.ts';
import { isOff } from '../../web/app/pages/reports/power-limits.ts';
import { gridOf } from '../../web/app/pages/reports/quality-grid.ts';
import { askedRange, presets, rangeOf } from '../../web/app/range.ts';
import type {
  FinanceReport,
  IntegratedRow,
  LoadRow,
  PowerQualityRow,
  QualityRow,
} from '../../web/app/reports.ts';
import { reportSearch } from '../../web/app/search.ts';
import { financeReport, integratedReport } from './fixture/finance.ts';
import { makeMoney } from './fixture/money.ts';
import { makeWorld } from './fixture/world.ts';

const TODAY = '2026-11-24';

describe('the range that is asked for', () => {
  test.each([
    ['today', '2026-11-24', '2026-11-25'],
    ['yesterday', '2026-11-23', '2026-11-24'],
    ['week', '2026-11-18', '2026-11-25'],
    ['month', '2026-11-01', '2026-11-25'],
    ['lastMonth', '2026-10-01', '2026-11-01'],
    ['year', '2026-01-01', '2026-11-25'],
    ['lastYear', '2025-01-01', '2026-01-01'],
    ['twelve', '2025-12-01', '2026-11-25'],
    ['ten', '2017-01-01', '2026-11-25'],
  ] as const)('%s is %s to before %s', (preset, from, to) => {
    expect(rangeOf(preset, TODAY)).toEqual({ from, to });
  });

  test('a named range moves with the days, one of two days stands', () => {
    const named = { range: 'month' } as const;
    expect(askedRange(named, '2027-02-03', 'today').from).toBe('2027-02-01');
    const own = { from: '2026-03-01', to: '2026-04-01' };
    expect(askedRange(own, '2027-02-03', 'today')).toEqual({ ...own, preset: null });
  });

  test.each([
    ['nothing said', {}, '2026-11-01', '2026-11-25'],
    ['upside down', { from: '2026-11-20', to: '2026-11-10' }, '2026-11-20', '2026-11-21'],
    ['a century', { from: '1926-01-01', to: '2026-01-01' }, '1926-01-01', '1936-01-09'],
  ])('with %s there still is one', (_, search, from, to) => {
    expect(askedRange(search, TODAY, 'month')).toMatchObject({ from, to });
  });

  test('every name in an address is one that is known', () => {
    for (const range of presets) expect(reportSearch({ range }).range).toBe(range);
    expect(reportSearch({ range: 'eternity', unit: 'parsec', step: 5 })).toEqual({});
  });
});

test.each([
  ['2026-11-24', '2026-W48'],
  ['2026-11-23', '2026-W48'],
  ['2026-11-22', '2026-W47'],
  ['2027-01-03', '2026-W53'],
  ['2025-12-29', '2026-W01'],
])('%s lies in week %s', (day, week) => {
  expect(weekOf(day)).toBe(week);
});

test('the energy report draws as few bars as an eye can follow, and by the hour only a week', () => {
  const unitOf = (from: string, to: string, unit?: 'hour') =>
    askedOf({ from, to, ...(unit && { unit }) }, TODAY).unit;
  expect(unitOf('2026-11-24', '2026-11-25')).toBe('hour');
  expect(unitOf('2026-11-01', '2026-12-01')).toBe('day');
  expect(unitOf('2026-11-01', '2026-12-01', 'hour')).toBe('day');
  expect(unitOf('2026-01-01', '2027-01-01')).toBe('month');
  expect(unitOf('2017-01-01', '2027-01-01')).toBe('year');
});

const world = makeWorld(() => new Date('2026-11-24T14:32:08+08:00'));
const made = makeMoney(world);
const sold = () =>
  financeReport(world, made, { from: '2026-11-01', to: '2026-11-25' }) as FinanceReport;
const cent = (text: string) => (Number(text) + 0.01).toFixed(2);

describe('the sales report', () => {
  test('foots across and down, and one cent anywhere is noticed', () => {
    expect(reportFoots(sold())).toBe(true);
    const inRow = sold();
    const row = inRow.data[3];
    if (!row) throw new Error('no row');
    row.cash = { ...row.cash, amount: cent(row.cash.amount) };
    expect(reportFoots(inRow)).toBe(false);
    const inTotal = sold();
    inTotal.totals.charges = {
      amount: cent(inTotal.totals.charges?.amount ?? ''),
      currency: 'CNY',
    };
    expect(reportFoots(inTotal)).toBe(false);
  });

  test('credit changes by what was sold, less what was charged', () => {
    const money = (amount: string) => ({ amount, currency: 'CNY' });
    const figures = {
      ...sold().totals,
      net: money('100.00'),
      charges: money('30.25'),
      corrections: money('3.18'),
      otherPostings: money('-1.00'),
    };
    expect(creditChange(figures)?.amount).toBe('71.93');
  });
});

test('the sales of one cashier foot without what belongs to none', () => {
  const asked = { from: '2026-11-01', to: '2026-11-25', cashier: 'Wang Mei' };
  const part = financeReport(world, made, asked) as FinanceReport;
  expect(part.totals.receipts).toBeGreaterThan(0);
  expect(reportFoots(part)).toBe(true);
  expect([part.proof, part.totals.charges, creditChange(part.totals)]).toEqual([null, null, null]);
  const [row] = part.data;
  if (row) row.corrections = { amount: '0.01', currency: 'CNY' };
  expect(reportFoots(part)).toBe(false);
});

describe('the integrated report', () => {
  const asked = { from: '2026-11-20', to: '2026-11-25' };
  const report = integratedReport(world, made, { ...asked, by: 'account' });

  test('money foots for each account and for all', () => {
    expect(accountsFoot(report.data, report.totals)).toBe(true);
    const [first, ...rest] = report.data;
    if (!first?.topUps) throw new Error('no account');
    const wrong = { ...first, topUps: { amount: cent(first.topUps.amount), currency: 'CNY' } };
    expect(moneyFoots(wrong)).toBe(false);
    expect(accountsFoot([wrong, ...rest], report.totals)).toBe(false);
  });

  test('the points of an account make its energy, and bear no money', () => {
    const account = report.data.find(({ points }) => (points ?? 0) > 1);
    const accountId = account?.accountId ?? '';
    const points: IntegratedRow[] = integratedReport(world, made, {
      ...asked,
      by: 'point',
      accountId,
    }).data;
    expect(points.reduce((so, { quantity }) => so + (quantity ?? 0), 0)).toBe(account?.quantity);
    expect(points.every((row) => row.closingBalance === null && moneyFoots(row))).toBe(true);
  });
});

describe('a load', () => {
  const row = (averagePowerW: number | null, missing = 0): LoadRow => ({
    startsAt: '',
    averagePowerW,
    minPowerW: averagePowerW,
    maxPowerW: averagePowerW,
    quantity: null,
    measured: 1,
    estimated: 0,
    missing,
  });

  test('by the minute is asked of one point and two days only', () => {
    expect(stepsFor(2, true).steps).toContain('minute');
    expect(stepsFor(2, false).steps).not.toContain('minute');
    expect(stepsFor(3, true).steps).not.toContain('minute');
    expect(stepsFor(3000, true)).toEqual({ steps: ['day'], usual: 'day' });
    for (const days of [1, 8, 31, 62, 400, 3660]) {
      const { steps, usual } = stepsFor(days, false);
      expect(steps).toContain(usual);
    }
  });

  test('what is not known at all is a gap, what lacks a part is not', () => {
    const rows = [row(5), row(null, 4), row(null, 4), row(3, 1), row(null)];
    expect(runsOf(rows, isGap)).toEqual([{ from: 1, to: 2 }]);
    expect(runsOf(rows, isPartial)).toEqual([{ from: 3, to: 3 }]);
  });
});

describe('data quality', () => {
  const row = (code: string, day: string, missing: number, estimated = 0): QualityRow => ({
    day,
    pointId: code,
    code,
    label: code,
    labelZh: null,
    buildingId: null,
    measured: 96 - missing - estimated,
    estimated,
    missing,
    expected: 96,
    longestGapS: 0,
    quarantines: 0,
  });
  const data = [
    row('A10', '2026-11-01', 0),
    row('A10', '2026-11-02', 0),
    row('A2', '2026-11-01', 0, 96),
    row('A2', '2026-11-02', 0),
    row('B1', '2026-11-02', 1),
  ];

  test('the worst comes first: one missing quarter-hour before any number of estimated ones', () => {
    const grid = gridOf(data, { withGaps: true, worstFirst: true });
    expect(grid.rows.map(({ label }) => label)).toEqual(['B1', 'A2']);
    expect(grid.whole).toBe(1);
  });

  test('by code A2 stands before A10, and a day on which nothing was due has no cell', () => {
    const grid = gridOf(data, { withGaps: false, worstFirst: false });
    expect(grid.rows.map(({ label }) => label)).toEqual(['A2', 'A10', 'B1']);
    expect(grid.rows[2]?.cells).toEqual([null, { estimated: 0, missing: 1 / 96 }]);
  });
});

test.each([
  ['everything within limits', {}, false],
  ['a sag', { voltageLow: 1 }, true],
  ['a poor factor, also of power that flows back', { factorAvg: -0.85 }, true],
  ['phases that differ', { unbalanceMaxPct: 31 }, true],
  ['nothing known', { factorAvg: null, unbalanceMaxPct: null }, false],
])('power quality with %s: off is %s', (_, more, off) => {
  const row = { voltageLow: 0, voltageHigh: 0, factorAvg: 0.95, unbalanceMaxPct: 5 };
  // Only these four are looked at.
  expect(isOff({ ...row, ...more } as PowerQualityRow)).toBe(off);
});

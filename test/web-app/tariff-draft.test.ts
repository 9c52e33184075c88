/** What the tariff editor makes of bands, seasons, steps and prices before anything is sent. */
import { describe, expect, test } from 'vitest';
import { checkTariff } from '../../billing/tariff.ts';
import { foots, paired } from '../../web/app/pages/tariffs/bill-lines.ts';
import {
  cleanDecimal,
  fromBase,
  plus,
  shift,
  times,
  toBase,
} from '../../web/app/pages/tariffs/decimal.ts';
import {
  differences,
  faultsOf,
  filled,
  merged,
  minuteTyped,
  moveBorder,
  piecesOf,
  removed,
  split,
  tidied,
  toTexts,
  unalignedOf,
} from '../../web/app/pages/tariffs/edit/bands.ts';
import { beginningOf } from '../../web/app/pages/tariffs/edit/beginning.ts';
import { changesOf } from '../../web/app/pages/tariffs/edit/changes.ts';
import {
  asSent,
  inForm,
  newComponent,
  plainCalendar,
  priceFormOf,
  withOwnPlan,
  withSteps,
  withWeekends,
} from '../../web/app/pages/tariffs/edit/definition.ts';
import { taken } from '../../web/app/pages/tariffs/edit/holiday-import.tsx';
import { readDefinition } from '../../web/app/pages/tariffs/edit/text-drawer.tsx';
import { tariffExamples } from '../../web/app/pages/tariffs/examples/examples.ts';
import { monthsOf } from '../../web/app/pages/tariffs/published/newest.ts';
import { combined } from '../../web/app/pages/tariffs/steps.ts';
import {
  moveStart,
  splitSeason,
  withoutSeason,
  yearFaults,
} from '../../web/app/pages/tariffs/year.ts';
import type { Sample, TariffDefinition, Usage } from '../../web/app/tariff-shapes.ts';
import { tariffs } from './fixture/tariffs.ts';

const night = [
  { from: '22:00', to: '02:00', rank: 4 },
  { from: '02:00', to: '22:00', rank: 3 },
];

describe('the bands of a day', () => {
  test('a band over midnight is two pieces, and one band again', () => {
    expect(piecesOf(night).map(({ from, to }) => [from, to])).toEqual([
      [0, 120],
      [120, 1320],
      [1320, 1440],
    ]);
    expect(toTexts(piecesOf(night))).toEqual([...night].sort((a, b) => (a.from > b.from ? -1 : 1)));
  });

  test('a border takes its neighbour along and stops a quarter-hour before the next', () => {
    const moved = moveBorder(piecesOf(night), 1, 'from', 300);
    expect(moved.map(({ from, to }) => [from, to])).toEqual([
      [0, 300],
      [300, 1320],
      [1320, 1440],
    ]);
    expect(moveBorder(piecesOf(night), 1, 'to', 0)[1]).toMatchObject({ from: 120, to: 135 });
    expect(faultsOf(moved)).toEqual({ holes: [], overlaps: [] });
  });

  test.each([
    ['split', split(piecesOf(night), 1), 4, []],
    ['removed', removed(piecesOf(night), 1), 2, [{ from: 120, to: 1320 }]],
    ['merged', merged(piecesOf(night), 1), 2, []],
    ['filled', filled(removed(piecesOf(night), 1), { from: 120, to: 1320 }, '1'), 3, []],
  ])('%s: so many pieces, these holes', (_, pieces, count, holes) => {
    expect([pieces.length, faultsOf(pieces).holes]).toEqual([count, holes]);
  });

  test('overlaps and unaligned borders are found where they are', () => {
    const pieces = piecesOf([
      { from: '00:00', to: '08:10', rank: 4 },
      { from: '08:00', to: '24:00', rank: 3 },
    ]);
    expect(faultsOf(pieces).overlaps).toEqual([{ from: 480, to: 490 }]);
    expect(unalignedOf(pieces)).toEqual([490]);
  });

  test('what was split and left alike is one band when it is sent', () => {
    expect(tidied(toTexts(split(piecesOf(night), 1)))).toHaveLength(2);
    const whole = [{ from: '00:00', to: '24:00', rank: 3 }];
    expect(tidied(toTexts(split(piecesOf(whole), 0)))).toEqual(whole);
  });

  test('differences from the version before are stretches of one period', () => {
    const moved = moveBorder(piecesOf(night), 1, 'from', 180);
    expect(differences(moved, piecesOf(night))).toEqual([{ from: 120, to: 180 }]);
    expect(differences(piecesOf(night), piecesOf(night))).toEqual([]);
  });

  test.each([
    ['17:00', 1020],
    ['1715', 1035],
    ['7', 420],
    ['24:00', 1440],
    ['24:15', null],
    ['12:60', null],
    ['noon', null],
  ])('%s typed as a time', (text, minute) => expect(minuteTyped(text)).toBe(minute));
});

const seasons = [
  { name: 'Winter', from: '11-01', to: '02-29', days: [] },
  { name: 'Summer', from: '03-01', to: '10-31', days: [] },
];

describe('the seasons of a year', () => {
  test('a border moves both seasons, also over the new year, and none becomes empty', () => {
    expect(moveStart(seasons, 0, 335).map(({ from, to }) => [from, to])).toEqual([
      ['12-01', '02-29'],
      ['03-01', '11-30'],
    ]);
    const [winter, summer] = moveStart(seasons, 1, 10);
    expect([winter?.to, summer?.from]).toEqual(['01-10', '01-11']);
    expect(yearFaults(moveStart(seasons, 1, 310))).toEqual({ holes: [], overlaps: [] });
  });

  test('typed days leave holes and overlaps, each named by its days', () => {
    const typed = seasons.map((each, i) => (i === 1 ? { ...each, from: '03-11' } : each));
    expect(yearFaults(typed)).toEqual({ holes: [{ from: 60, to: 70 }], overlaps: [] });
    const over = seasons.map((each, i) => (i === 1 ? { ...each, from: '02-20' } : each));
    expect(yearFaults(over)).toEqual({ holes: [], overlaps: [{ from: 50, to: 60 }] });
  });

  test('one split and taken away again is the year that it was', () => {
    const parts = splitSeason(seasons, 0, 'Late');
    expect(parts).toHaveLength(3);
    expect(yearFaults(parts)).toEqual({ holes: [], overlaps: [] });
    expect(withoutSeason(parts, 1).map(({ from, to }) => [from, to])).toEqual(
      seasons.map(({ from, to }) => [from, to]),
    );
  });
});

describe('prices', () => {
  test.each([
    ['1,286.20', '1286.20'],
    ['.5', '0.5'],
    ['−0.3', '-0.3'],
    ['0.30x', null],
    ['', null],
  ])('%s typed as a decimal', (typed, clean) => expect(cleanDecimal(typed)).toBe(clean));

  test('arithmetic is exact', () => {
    expect(plus('0.5583', '0.05')).toBe('0.6083');
    expect(times('0.64', '1.5')).toBe('0.96');
    expect([shift('0.13', 2), shift('13', -2), shift('6', -2)]).toEqual(['13', '0.13', '0.06']);
    expect([toBase('2760'), toBase('0.001'), toBase('0.0001'), fromBase(2_760_500)]).toEqual([
      2_760_000,
      1,
      null,
      '2760.5',
    ]);
  });

  const usage: Usage = { kind: 'usage', code: 'energy', name: 'Energy', price: '0.5' };
  test('a price keeps what fits when it is said in another form', () => {
    const stepped = inForm(usage, 'steps', 3);
    expect(stepped).toMatchObject({ stepPrices: ['0.5', '0.5', '0.5'] });
    expect(stepped.price).toBeUndefined();
    expect(inForm(stepped, 'one', 3)).toMatchObject({ price: '0.5' });
  });

  test('steps taken on or away keep the arrays of prices in step', () => {
    const steps = {
      period: 'month' as const,
      scope: 'point' as const,
      limits: [1000],
      proRata: 'none' as const,
      order: 'tou-then-steps' as const,
    };
    const definition: TariffDefinition = { components: [inForm(usage, 'steps', 2)], steps };
    const more = withSteps(definition, { ...steps, limits: [1000, 2000] });
    expect(more.components[0]).toMatchObject({ stepPrices: ['0.5', '0.5', '0.5'] });
    expect(withSteps(more, undefined).components[0]).toMatchObject({ price: '0.5' });
  });

  test('the order is shown by a price of the draft itself', () => {
    const added = {
      ...usage,
      price: undefined,
      prices: { 4: '0.3583' },
      stepAdders: ['0', '0.05'],
    };
    expect(combined(added, '4', 1)).toEqual({ sign: '+', a: '0.3583', b: '0.05', price: '0.4083' });
    expect(combined(usage, '4', 1)).toBeNull();
  });
});

describe('a draft', () => {
  const park = tariffs[0]?.versions[1]?.definition as TariffDefinition;

  test('of the fixture, and one begun anew, hold by the rules of the server', () => {
    expect(checkTariff(asSent(park)).faults).toEqual([]);
    const calendar = plainCalendar('Whole year');
    const first = { ...newComponent('usage', 'Energy', []), price: '0.5' };
    expect(checkTariff(asSent({ components: [first as Usage], calendar })).faults).toEqual([]);
  });

  test('day plans are made and taken away', () => {
    const [season] = plainCalendar('Year').seasons;
    if (!season) throw new Error('no season');
    const apart = withOwnPlan(withWeekends(season, true), 'holiday', true);
    expect(apart.days.map(({ type }) => type)).toEqual(['weekday', 'weekend', 'holiday']);
    expect(withWeekends(apart, false).days.map(({ type }) => type)).toEqual([
      'everyday',
      'holiday',
    ]);
  });

  test('tells what it changes', () => {
    const next = structuredClone(park);
    const [energy] = next.components;
    if (energy?.kind === 'usage') energy.prices = { ...energy.prices, 1: '1.3' };
    next.calendar?.holidays.push('2027-01-01');
    const weekday = next.calendar?.seasons[0]?.days[0];
    if (weekday) weekday.bands = toTexts(moveBorder(piecesOf(weekday.bands), 1, 'to', 450));
    expect(changesOf(park, next)).toEqual([
      { kind: 'component', what: 'changed', name: 'Energy', nameZh: '电量电费' },
      { kind: 'bands', day: 'weekday', name: 'Winter', nameZh: '冬季', hours: 0.5 },
      { kind: 'days', what: 'holidays', added: 1, gone: 0 },
    ]);
    expect(changesOf(park, structuredClone(park))).toEqual([]);
  });

  test.each([
    ['2026-12-24', { kind: 'coming', days: 30 }],
    ['2026-12-01', { kind: 'too-soon', earliest: '2026-12-24' }],
    ['2026-11-04', { kind: 'correction', days: 20, to: '2026-11-24' }],
    ['2025-10-02', { kind: 'correction', days: 30, to: '2025-11-01' }],
    ['2025-11-01', { kind: 'taken' }],
    ['', { kind: 'unknown' }],
  ])('that begins on %s', (day, meaning) => {
    expect(beginningOf(day, '2026-11-24', 30, [{ effectiveFrom: '2025-11-01' }])).toEqual(meaning);
  });

  test('as text: what the editor cannot show is refused, what may be wrong is taken', () => {
    expect(readDefinition(JSON.stringify(park))).toEqual(park);
    expect(readDefinition('{"components":[{"kind":"usage","code":"energy"}]}')).not.toBeNull();
    for (const wrong of [
      '',
      '[]',
      '{"components":{}}',
      '{"components":[{"kind":"gift","code":"a"}]}',
    ])
      expect(readDefinition(wrong), wrong).toBeNull();
    const hostile = { ...park, calendar: { seasons: [{ name: 'x', from: 1 }] } };
    expect(readDefinition(JSON.stringify(hostile))).toBeNull();
  });

  test('one price with adders by step is a form of its own, and keeps both', () => {
    const usage = { kind: 'usage', code: 'energy', name: 'Energy', price: '0.5' } as const;
    const added = inForm(usage, 'adders', 3);
    expect(added).toEqual({ ...usage, stepAdders: ['0', '0', '0'] });
    expect(priceFormOf(added)).toBe('adders');
    expect(inForm(added, 'periods-adders', 3)).toMatchObject({ prices: { '3': '0.5' } });
  });

  test('every example holds, and each is of one code', () => {
    for (const { code, commodity, definition } of tariffExamples)
      expect(checkTariff(asSent(definition), commodity).faults, code).toEqual([]);
    expect(new Set(tariffExamples.map(({ code }) => code)).size).toBe(tariffExamples.length);
  });

  test('an imported calendar replaces its own years and leaves the others', () => {
    const calendar = { ...plainCalendar('Year'), holidays: ['2026-01-01', '2027-05-01'] };
    const days = [
      { date: '2027-01-01', kind: 'holiday' as const },
      { date: '2027-02-06', kind: 'workday' as const },
    ];
    expect(taken(calendar, days, true).holidays).toEqual(['2026-01-01', '2027-01-01']);
    expect(taken(calendar, days, false)).toMatchObject({
      holidays: ['2026-01-01', '2027-01-01', '2027-05-01'],
      workdays: ['2027-02-06'],
    });
  });
});

test('two bills stand beside each other; what one lacks is missing there and counts in the difference', () => {
  const yuan = (amount: string) => ({ amount, currency: 'CNY' });
  const line = (period: number | null, amount: string, component = 'energy') => ({
    component,
    name: component,
    kind: 'usage' as const,
    period,
    step: 1,
    quantity: 1000,
    unit: 'wh' as const,
    price: amount,
    amount: yuan(amount),
  });
  const sample: Sample = {
    month: '2026-10',
    before: { lines: [line(1, '3.00'), line(4, '1.00')], total: yuan('4.00'), tax: yuan('0.46') },
    after: {
      lines: [line(1, '3.50'), line(null, '0.30', 'levy')],
      total: yuan('3.80'),
      tax: yuan('0.44'),
    },
    difference: yuan('-0.20'),
  };
  expect(paired(sample).map(({ key, difference }) => [key, difference])).toEqual([
    ['energy/usage/1/1', '0.50'],
    ['energy/usage/4/1', '-1.00'],
    ['levy/usage//1', '0.30'],
  ]);
  expect(foots(sample.after)).toBe(true);
  expect(foots({ ...sample.after, total: yuan('3.81') })).toBe(false);
});

test('the newest row of a month holds, the others are its history', () => {
  const row = (month: string, value: string, at: string, holds = true) => ({
    ...{ id: at, code: 'coal', publishedBy: 'u1' },
    ...{ month, value, at, holds },
  });
  const months = monthsOf([
    row('2026-10', '1.02', '2026-10-02', false),
    row('2026-11', '1.04', '2026-11-02'),
    row('2026-10', '1.03', '2026-10-12'),
  ]);
  expect(months.map(({ month, holds, earlier }) => [month, holds.value, earlier.length])).toEqual([
    ['2026-11', '1.04', 0],
    ['2026-10', '1.03', 1],
  ]);
});

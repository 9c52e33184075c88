/** Data quality, ranking and power quality against counts over the same intervals and samples. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { daysBetween } from '../../sql/local-day.ts';
import type { TestInterval } from './park.ts';
import { FIRST, openWorks, type Row, startOf, sumOf, TODAY, type Works, zone } from './works.ts';

let works: Works;
beforeAll(async () => {
  works = await openWorks();
});
afterAll(() => works?.park.close());

const find = (data: Row[], code: string, day: string) =>
  data.find((r) => r.code === code && r.day === day);
const slotsOf = (code: string, day: string): TestInterval[] =>
  works.intervals.filter((i) => i.point === works.ids[code] && i.day === day);

/** Most quarter-hours in a row, of 96, of which nothing is known. */
function longestRun(known: Set<number>, slots: number): number {
  let longest = 0;
  let run = 0;
  for (let slot = 0; slot < slots; slot++) {
    run = known.has(slot) ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

test('each point and day is counted, and the longest gap is that between readings', async () => {
  const { data, totals } = await works.report('quality', `from=2026-10-30&to=${TODAY}`);
  const codes = ['a1', 'a2', 'a3', 'b1', 'b2', 'main-a', 'main-b', 'park'];
  let rows = 0;
  for (const day of daysBetween(FIRST, TODAY)) {
    for (const code of codes) {
      if (code === 'a3' && day > '2026-11-15') continue;
      rows += 1;
      const slots = slotsOf(code, day);
      const expected = code === 'a3' && day === '2026-11-15' ? 40 : 96;
      const known = slots.filter((i) => i.quantity !== null);
      const run = longestRun(new Set(known.map((i) => i.slot)), expected);
      expect(find(data, code, day), `${code} ${day}`).toMatchObject({
        measured: known.filter((i) => i.quality === 'measured').length,
        estimated: known.filter((i) => i.quality !== 'measured').length,
        missing: expected - known.length,
        expected,
        longestGapS: Math.max(run * 900, ...known.map((i) => i.gapS ?? 0)),
        quarantines: 0,
      });
    }
  }
  expect(data).toHaveLength(rows);
  const [b1, a1, a2] = [
    find(data, 'b1', '2026-11-05'),
    find(data, 'a1', '2026-11-06'),
    find(data, 'a2', '2026-11-07'),
  ];
  expect([b1?.longestGapS, a1?.longestGapS, a2?.longestGapS]).toEqual([9_000, 3_600, 5_460]);
  expect(totals).toMatchObject({ missing: 14, estimated: 6 });
  expect(totals.completeness).toBeCloseTo(Number(totals.measured) / Number(totals.expected), 12);
  const { data: gaps } = await works.report(
    'quality',
    `from=2026-10-30&to=${TODAY}&only=incomplete`,
  );
  expect(gaps.map((r) => [r.day, r.code])).toEqual([
    ['2026-11-05', 'b1'],
    ['2026-11-06', 'a1'],
    ['2026-11-07', 'a2'],
  ]);
});

test('a day without any row on which a meter was installed is missing as a whole', async () => {
  const { data } = await works.report(
    'quality',
    `from=2026-10-30&to=2026-11-03&commodity=water&buildingId=${works.ids.A}`,
  );
  expect(data.map((r) => [r.day, r.code, r.measured, r.missing, r.longestGapS])).toEqual([
    ['2026-11-01', 'w1', 96, 0, 60],
    ['2026-11-01', 'w2', 0, 96, 86_400],
    ['2026-11-02', 'w1', 96, 0, 60],
    ['2026-11-02', 'w2', 0, 96, 86_400],
  ]);
});

test('of today there is what has been built, and nothing is missing yet', async () => {
  const { data } = await works.report('quality', `from=${TODAY}&to=2026-11-25`);
  expect(data.map((r) => [r.code, r.measured, r.missing])).toEqual(
    ['a1', 'a2', 'b1', 'b2', 'main-a', 'main-b', 'park'].map((code) => [code, 57, 0]),
  );
});

test('quarantines are counted on the day of their reading', async () => {
  const { park, projectId, ids } = works;
  for (const slot of [0, 95]) {
    await park.insert('quarantines', {
      project_id: projectId,
      meter_id: ids['m-b2'],
      point_id: ids.b2,
      rule: 'spike',
      at: startOf('2026-11-20', slot),
    });
  }
  const { data } = await works.report('quality', `from=2026-11-19&to=2026-11-22&pointId=${ids.b2}`);
  expect(data.map((r) => r.quarantines)).toEqual([0, 2, 0]);
});

test('who used most, with shares and the place in the range before', async () => {
  const [from, to, before] = ['2026-11-13', '2026-11-20', '2026-11-06'];
  const used = (code: string, a: string, b: string) =>
    sumOf(works.intervals, (i) => i.point === works.ids[code] && i.day >= a && i.day < b) ?? 0;
  const codes = ['a1', 'a2', 'a3', 'b1', 'b2'];
  const order = (a: string, b: string) =>
    codes.toSorted((x, y) => used(y, a, b) - used(x, a, b) || (x < y ? -1 : 1));
  const whole = codes.reduce((sum, code) => sum + used(code, from, to), 0);
  const now = order(from, to);
  const then = order(before, from);
  const { data, totals } = await works.report('ranking', `from=${from}&to=${to}&top=4`);
  let soFar = 0;
  expect(data).toHaveLength(4);
  data.forEach((row, i) => {
    const code = now[i] ?? '';
    const quantity = used(code, from, to);
    soFar += quantity;
    expect(row).toMatchObject({
      ...{ rank: i + 1, code, quantity, previous: used(code, before, from) },
      previousRank: then.indexOf(code) + 1,
      share: quantity / whole,
    });
    expect(row.cumulativeShare).toBeCloseTo(soFar / whole, 12);
  });
  expect(totals).toMatchObject({ quantity: whole, keys: 5, missing: 0 });
  const least = await works.report('ranking', `from=${from}&to=${to}&order=least`);
  expect(least.data.map((r) => r.code)).toEqual(now.toReversed());
});

test('accounts and buildings are ranked too, accounts to the quarter-hour in which a point moved', async () => {
  const { a1, b1, b2, a2, a3 } = works.ids;
  const day = (i: TestInterval) => i.day === '2026-11-12';
  const accounts = await works.report('ranking', 'from=2026-11-12&to=2026-11-13&by=account');
  expect(accounts.data.map((r) => [r.code, r.quantity])).toEqual([
    [
      '002',
      sumOf(works.intervals, (i) => day(i) && (i.point === b1 || (i.point === a1 && i.slot >= 40))),
    ],
    ['001', sumOf(works.intervals, (i) => day(i) && i.point === a1 && i.slot < 40)],
  ]);
  const buildings = await works.report('ranking', 'from=2026-11-12&to=2026-11-13&by=building');
  const inside = (points: (string | undefined)[]) =>
    sumOf(works.intervals, (i) => day(i) && points.includes(i.point));
  expect(buildings.data.map((r) => [r.code, r.quantity])).toEqual([
    ['A', inside([a1, a2, a3])],
    ['B', inside([b1, b2])],
  ]);
  const future = await works.report('ranking', 'from=2027-01-04&to=2027-01-05&by=building');
  expect(future.data.map((r) => [r.code, r.quantity, r.share, r.previousRank])).toEqual([
    ['A', null, null, null],
    ['B', null, null, null],
  ]);
});

test('power quality comes from the samples of whichever meter was there, after CT', async () => {
  const { park, projectId, ids } = works;
  await park.owner.query('UPDATE installations SET ct = 20 WHERE point_id = $1', [ids.b1]);
  const sample = (
    meter: string,
    at: string,
    [voltage, current, power, factor]: [number, number, number, number],
  ) => ({
    meter: ids[meter] ?? '',
    at: new Date(`${at}:00+08:00`).toISOString(),
    values: {
      ...{ voltage_a_v: voltage, voltage_b_v: 220, voltage_c_v: 221 },
      ...{ current_a_a: current, current_b_a: 2, current_c_a: 2 },
      ...{ power_w: power, factor },
    },
  });
  await park.writeSamples(projectId, [
    sample('m-b1', '2026-11-10T08:00', [190, 2, 1_000, 0.95]),
    sample('m-b1', '2026-11-10T08:01', [240, 5, 3_000, 0.8]),
    sample('m-b1', '2026-11-10T08:02', [220, 2, 3_000, 0.85]),
    sample('m-b1', '2026-11-10T08:03', [220, 2, 50, 0.2]),
    sample('m-b1', '2026-11-11T08:00', [220, 2, 500, 1]),
    sample('m-a2-old', '2026-11-10T08:00', [225, 1, 400, 0.99]),
    sample('m-a2', '2026-11-10T10:00', [215, 1, 600, 0.97]),
  ]);
  await park.export(projectId, zone, true);
  const range = 'from=2026-11-10&to=2026-11-12';
  const { data } = await works.report('power-quality', `${range}&buildingId=${ids.B}`);
  expect(data.map((r) => [r.day, r.code, r.samples])).toEqual([
    ['2026-11-10', 'b1', 4],
    ['2026-11-10', 'b2', 0],
    ['2026-11-10', 'main-b', 0],
    ['2026-11-11', 'b1', 1],
    ['2026-11-11', 'b2', 0],
    ['2026-11-11', 'main-b', 0],
  ]);
  const day = data[0];
  expect(day).toMatchObject({
    ...{ voltageMinV: 190, voltageMaxV: 240, voltageLow: 1, voltageHigh: 1, voltageOutShare: 0.5 },
    ...{ currentMaxA: 100, powerMaxW: 60_000, powerMaxAt: '2026-11-10T00:01:00.000Z' },
    factorMin: 0.8,
  });
  const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const phaseA = average([190, 240, 220, 220]);
  expect(day?.voltageAvgV).toBeCloseTo(average([phaseA, 220, 221]), 9);
  expect(day?.unbalanceMaxPct).toBeCloseTo(((5 - 3) / 3) * 100, 9);
  expect(day?.factorAvg).toBeCloseTo(average([0.95, 0.8, 0.85]), 9);
  expect(day?.factorLowShare).toBeCloseTo(2 / 3, 9);
  expect(find(data, 'b2', '2026-11-10')).toMatchObject({
    ...{ voltageMinV: null, voltageOutShare: null, powerMaxW: null, factorAvg: null },
  });
  const one = await works.report('power-quality', `${range}&by=point&pointId=${ids.b1}`);
  expect(one.data).toHaveLength(1);
  expect(one.data[0]).toMatchObject({
    ...{ day: null, samples: 5, powerMaxW: 60_000, voltageMinV: 190, voltageOutShare: 0.4 },
  });
  expect(one.data[0]?.factorLowShare).toBeCloseTo(2 / 4, 9);
  const replaced = await works.report(
    'power-quality',
    `from=2026-11-10&to=2026-11-11&pointId=${ids.a2}`,
  );
  expect(replaced.data).toHaveLength(1);
  expect(replaced.data[0]).toMatchObject({
    ...{ samples: 2, voltageMinV: 215, voltageMaxV: 225, powerMaxW: 600 },
  });
});

test('what cannot be asked is told', async () => {
  const { ids } = works;
  const day = 'from=2026-11-01&to=2026-11-02';
  for (const name of ['quality', 'ranking', 'power-quality']) {
    expect(await works.refusal(name, 'from=2026-11-02&to=2026-11-01')).toEqual([
      400,
      'invalid-request',
    ]);
    expect(await works.refusal(name, 'from=2010-01-01&to=2026-11-01')).toEqual([
      422,
      'range-too-long',
    ]);
    expect(await works.refusal(name, `${day}&pointId=999`)).toEqual([404, 'not-found']);
  }
  expect(await works.refusal('power-quality', `${day}&pointId=${ids.w1}`)).toEqual([
    400,
    'invalid-request',
  ]);
  expect(await works.refusal('ranking', `${day}&top=0`)).toEqual([400, 'invalid-request']);
});

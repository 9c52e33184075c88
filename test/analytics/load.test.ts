/** Load profile, load duration and demand against sums over the same intervals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { daySpan, SLOT_MS } from '../../sql/local-day.ts';
import type { TestInterval } from './park.ts';
import { openWorks, type Report, startOf, sumOf, type Works, zone } from './works.ts';

let works: Works;
beforeAll(async () => {
  works = await openWorks();
});
afterAll(() => works?.park.close());

const codes = (...some: string[]) => new Set(some.map((code) => works.ids[code]));
const units = () => codes('a1', 'a2', 'a3', 'b1', 'b2');
/** Energy of each quarter-hour of days, by its start. */
function quarters(points: Set<string | undefined>, from: string, to: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { point, day, slot, quantity } of works.intervals) {
    if (!points.has(point) || day < from || day >= to || quantity === null) continue;
    const start = startOf(day, slot);
    sums.set(start, (sums.get(start) ?? 0) + quantity);
  }
  return sums;
}

test('by quarter-hour the load is four times the energy of all points, and what is missing is counted', async () => {
  const { data, totals } = await works.report(
    'load-profile',
    'from=2026-11-05&to=2026-11-08&step=quarter',
  );
  expect(data).toHaveLength(3 * 96);
  const sums = quarters(units(), '2026-11-05', '2026-11-08');
  for (const row of data) {
    const sum = sums.get(String(row.startsAt)) ?? null;
    expect([row.quantity, row.averagePowerW, row.minPowerW, row.maxPowerW]).toEqual([
      sum,
      ...Array(3).fill(sum === null ? null : sum * 4),
    ]);
  }
  // b1 has no rows for ten slots, a1 four that say they are missing, a2 six that are estimated.
  expect([data[40]?.measured, data[40]?.missing, data[96]?.missing]).toEqual([4, 1, 1]);
  expect([totals.measured, totals.estimated, totals.missing]).toEqual([3 * 96 * 5 - 20, 6, 14]);
  const highest = Math.max(...sums.values());
  const whole = [...sums.values()].reduce((a, b) => a + b, 0);
  expect(totals).toMatchObject({
    quantity: whole,
    slots: 288,
    maxPowerW: highest * 4,
    averagePowerW: whole / 72,
    loadFactor: whole / 72 / (highest * 4),
    knownTo: startOf('2026-11-08', 0),
  });
  expect(sums.get(String(totals.maxAt))).toBe(highest);
});

test('an hour and a day have the average of what is known and the extremes of their quarter-hours', async () => {
  const a1 = codes('a1');
  const ask = (step: string) =>
    works.report(
      'load-profile',
      `from=2026-11-06&to=2026-11-08&step=${step}&pointId=${works.ids.a1}`,
    );
  for (const [step, slots] of [
    ['hour', 4],
    ['day', 96],
  ] as const) {
    const { data } = await ask(step);
    expect(data).toHaveLength(192 / slots);
    const sums = quarters(a1, '2026-11-06', '2026-11-08');
    for (const row of data) {
      const start = Date.parse(String(row.startsAt));
      const known = Array.from({ length: slots }, (_, i) =>
        sums.get(new Date(start + i * SLOT_MS).toISOString()),
      ).filter((sum) => sum !== undefined);
      const sum = known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
      expect([row.quantity, row.averagePowerW, row.minPowerW, row.maxPowerW, row.missing]).toEqual([
        sum,
        sum === null ? null : (sum * 4) / known.length,
        sum === null ? null : Math.min(...known) * 4,
        sum === null ? null : Math.max(...known) * 4,
        slots - known.length,
      ]);
    }
  }
});

test('today comes up to the newest quarter-hour, also when it was built after the export', async () => {
  const today = 'from=2026-11-24&to=2026-11-25&step=quarter';
  const before = await works.report('load-profile', today);
  expect(before.totals.knownTo).toBe(startOf('2026-11-24', 57));
  expect([before.data[57]?.quantity, before.data[57]?.missing]).toEqual([null, 0]);
  works.park.setNow('2026-11-24T06:32:40Z');
  await works.park.writeIntervals(works.projectId, zone, [
    { point: works.ids.a1 ?? '', day: '2026-11-24', slot: 57, quantity: 700 },
    // Built anew, with another value than the file has.
    { point: works.ids.a1 ?? '', day: '2026-11-24', slot: 56, quantity: 5, version: 2 },
    // Of another project's day, or of water: not shown.
    { point: works.ids.w1 ?? '', day: '2026-11-24', slot: 57, quantity: 9 },
  ]);
  const after = await works.report('load-profile', today);
  expect([after.data[57]?.quantity, after.data[57]?.measured]).toEqual([700, 1]);
  const others = codes('a2', 'b1', 'b2');
  const rest = sumOf(
    works.intervals,
    (i) => i.day === '2026-11-24' && i.slot === 56 && others.has(i.point),
  );
  expect(after.data[56]?.quantity).toBe((rest ?? 0) + 5);
  expect(after.totals.knownTo).toBe(startOf('2026-11-24', 58));
});

test('an account has the load of its points only while it holds them', async () => {
  const { data } = await works.report(
    'load-profile',
    `from=2026-11-12&to=2026-11-13&step=hour&accountId=${works.ids.acme}`,
  );
  const mine = (i: TestInterval) => i.point === works.ids.a1 && i.day === '2026-11-12';
  expect(data[9]?.quantity).toBe(
    sumOf(works.intervals, (i) => mine(i) && i.slot >= 36 && i.slot < 40),
  );
  expect([data[10]?.quantity, data[10]?.missing]).toEqual([null, 0]);
});

test('the duration curve says what power was reached for which share of the time', async () => {
  const query = `from=2026-11-02&to=2026-11-09&buildingId=${works.ids.B}`;
  const { data, totals } = await works.report('load-duration', query);
  const powers = [...quarters(codes('b1', 'b2'), '2026-11-02', '2026-11-09').values()]
    .map((quantity) => quantity * 4)
    .sort((a, b) => b - a);
  expect(data).toHaveLength(101);
  data.forEach((row, percent) => {
    expect(row).toEqual({
      share: percent / 100,
      hours: (percent * 672) / 400,
      powerW: powers[Math.max(0, Math.ceil((percent * 672) / 100) - 1)],
    });
    // By the meaning of the words: so many quarter-hours had at least that power.
    const reached = powers.filter((power) => power >= Number(row.powerW)).length;
    expect(reached * 100).toBeGreaterThanOrEqual(percent * 672);
  });
  expect(totals).toMatchObject({
    slots: 672,
    maxPowerW: powers[0],
    minPowerW: powers.at(-1),
    averagePowerW: powers.reduce((a, b) => a + b, 0) / 672,
    missing: 10,
    estimated: 0,
  });
});

test('demand is the highest quarter-hour of all points of a key together, and when it was', async () => {
  const keys = { building: ['A', 'B'], point: ['a1', 'a2', 'a3', 'b1', 'b2'], project: [''] };
  const points: Record<string, string[]> = {
    '': ['a1', 'a2', 'a3', 'b1', 'b2'],
    ...{ A: ['a1', 'a2', 'a3'], B: ['b1', 'b2'] },
  };
  for (const [by, expected] of Object.entries(keys)) {
    const range = 'from=2026-11-05&to=2026-11-08&per=day';
    const { data } = await works.report('demand', `${range}&by=${by}`);
    expect(data.map((r) => [r.period, r.code])).toEqual(
      ['2026-11-05', '2026-11-06', '2026-11-07'].flatMap((d) => expected.map((code) => [d, code])),
    );
    for (const row of data) {
      const day = String(row.period);
      const mine = codes(...(points[String(row.code)] ?? [String(row.code)]));
      const sums = quarters(mine, day, `${day}~`);
      const highest = Math.max(...sums.values());
      const quantity = [...sums.values()].reduce((a, b) => a + b, 0);
      const first = [...sums].filter(([, q]) => q === highest).map(([start]) => start)[0];
      expect(row).toMatchObject({
        ...{ demandW: highest * 4, at: first, quantity, slots: sums.size },
        loadFactor: quantity / (sums.size * highest),
      });
    }
    const missing = data.reduce((sum, r) => sum + Number(r.missing), 0);
    expect(missing).toBe(14);
  }
});

test('demand by month and account, to the quarter-hour in which a point changed hands', async () => {
  const { data } = await works.report(
    'demand',
    'from=2026-10-01&to=2026-12-01&per=month&by=account',
  );
  expect(data.map((r) => [r.period, r.code])).toEqual([
    ['2026-10', '001'],
    ['2026-10', '002'],
    ['2026-11', '001'],
    ['2026-11', '002'],
  ]);
  const { a1, b1 } = works.ids;
  const move = startOf('2026-11-12', 40);
  const highest = (wanted: (i: TestInterval, start: string) => boolean) => {
    const sums = new Map<string, number>();
    for (const i of works.intervals) {
      const start = startOf(i.day, i.slot);
      if (i.quantity === null || !wanted(i, start)) continue;
      sums.set(start, (sums.get(start) ?? 0) + i.quantity);
    }
    return [Math.max(...sums.values()) * 4, sums.size];
  };
  expect(data.map((r) => [r.demandW, r.slots])).toEqual([
    ...Array(2).fill([null, 0]),
    highest((i, start) => i.point === a1 && start < move),
    highest((i, start) => i.point === b1 || (i.point === a1 && start >= move)),
  ]);
});

test('the current quarter-hour has what flowed so far, and by minute each sample is seen', async () => {
  const { park, projectId, ids } = works;
  await park.owner.query('UPDATE installations SET ct = 3 WHERE point_id = $1', [ids.b2]);
  const base = Date.parse(startOf('2026-11-24', 57));
  // Every minute from 14:11:20, the meter at 100 Wh a minute; the one of 14:19 is left out.
  const minutes = [...Array(21).keys()].filter((i) => i !== 8);
  await park.writeSamples(
    projectId,
    minutes.map((i) => ({
      meter: ids['m-b2'] ?? '',
      at: new Date(base - 220_000 + i * 60_000).toISOString(),
      values: { active_wh: 1_000_000 + i * 100, power_w: 6_000 + i },
    })),
  );
  park.setNow('2026-11-24T06:32:08Z');
  await park.export(projectId, zone, true);
  const newest = base - 220_000 + 20 * 60_000; // 14:31:20, in the quarter-hour from 14:30.
  const { data, totals } = await works.report(
    'load-profile',
    `from=2026-11-24&to=2026-11-25&step=quarter&pointId=${ids.b2}`,
  );
  // 14:15 to 14:30 is not built: 15 minutes at 100 Wh, times CT.
  expect([data[57]?.quantity, data[58]?.quantity]).toEqual([4_500, 400]);
  expect([data[57]?.measured, data[57]?.missing]).toEqual([0, 0]);
  // Power is the average of the samples: numbers 4 to 18 without 8, and 19 and 20.
  const inOpen = minutes.filter((i) => i >= 4 && i <= 18);
  const mean = (some: number[]) => some.reduce((a, b) => a + b, 0) / some.length;
  expect(data[57]?.averagePowerW).toBeCloseTo(3 * (6_000 + mean(inOpen)), 6);
  expect(data[58]?.averagePowerW).toBeCloseTo(3 * 6_019.5, 6);
  expect(totals.knownTo).toBe(startOf('2026-11-24', 57));

  // Up to the current minute energy has it too, of the point, in all, and with what is in the files.
  const upToNow = `from=${startOf('2026-11-24', 57)}&to=2026-11-24T06:32:00Z`;
  const energy = await works.report('energy', `${upToNow}&unit=quarter&by=point&pointId=${ids.b2}`);
  expect(energy.data.map((r) => [r.quantity, r.measured, r.missing])).toEqual([
    [4_500, 0, 0],
    [400, 0, 0],
  ]);
  const sinceMidnight = 'from=2026-11-24&to=2026-11-24T06:32:00Z';
  for (const scope of ['', `&pointId=${ids.b2}`, `&accountId=${ids.bolt}`]) {
    const load = await works.report('load-profile', `${sinceMidnight}&step=hour${scope}`);
    const parts = await works.report('energy', `${sinceMidnight}&unit=hour${scope}`);
    expect(parts.data.map((r) => r.quantity)).toEqual(load.data.map((r) => r.quantity));
    expect(parts.totals.quantity).toBe(load.totals.quantity);
  }
  // Whole days end with what is in the files.
  const asFiled = await works.report('energy', `from=2026-11-24&to=2026-11-25&pointId=${ids.b2}`);
  expect(asFiled.totals.quantity).toBe(
    data.slice(0, 57).reduce((sum, r) => sum + Number(r.quantity ?? 0), 0),
  );

  const ask = (range: string) =>
    works.report('load-profile', `${range}&step=minute&pointId=${ids.b2}`);
  const from = new Date(base).toISOString();
  const minute = await ask(`from=${from}&to=2026-11-24T06:35:00Z`);
  expect(minute.data).toHaveLength(20);
  expect(minute.data[0]).toEqual({
    startsAt: from,
    ...{ averagePowerW: 3 * 6_004, minPowerW: 3 * 6_004, maxPowerW: 3 * 6_004 },
    ...{ quantity: 300, measured: 1, estimated: 0, missing: 0 },
  });
  // 14:19 has no sample of its own and is bridged; 14:31 has one, and no end yet; then nothing.
  expect(minute.data[4]).toMatchObject({ quantity: 300, measured: 0, estimated: 1 });
  expect(minute.data[16]).toMatchObject({ quantity: null, measured: 1, maxPowerW: 3 * 6_020 });
  expect(minute.data.slice(17).map((r) => [r.averagePowerW, r.missing])).toEqual([
    [null, 0],
    [null, 0],
    [null, 0],
  ]);
  expect(minute.totals).toMatchObject({ quantity: 16 * 300, slots: 17, estimated: 1 });
  expect(new Date(newest).getUTCMinutes()).toBe(31);
  // The 24th as a whole day: minutes that are over and were never read are missing.
  const day = await ask('from=2026-11-24&to=2026-11-25');
  expect([day.data.length, day.data[0]?.missing, day.data.at(-1)?.missing]).toEqual([1_440, 1, 0]);
});

test('a range of which nothing is known has steps, no power and no curve', async () => {
  const range = 'from=2025-01-01&to=2025-01-03';
  const profile = await works.report('load-profile', `${range}&step=hour`);
  expect(profile.data).toHaveLength(48);
  expect(profile.data.every((r) => r.quantity === null && r.missing === 0)).toBe(true);
  expect(profile.totals).toMatchObject({ maxPowerW: null, loadFactor: null, knownTo: null });
  expect((await works.report('load-duration', range)).data).toEqual([]);
});

test('where the clock changes by half an hour, steps follow the wall', async () => {
  const { park } = works;
  const lordHowe = 'Australia/Lord_Howe';
  const project = await park.project(lordHowe, 'Island');
  const point = await park.insert('points', {
    project_id: project,
    code: 'p',
    name: 'Shop',
    commodity: 'electricity',
  });
  const span = daySpan(lordHowe, '2026-04-05');
  expect(span.slots).toBe(98);
  const day = '2026-04-05';
  const rows = Array.from({ length: 98 }, (_, slot) => ({ point, day, slot, quantity: slot }));
  await park.writeIntervals(project, lordHowe, rows);
  await park.export(project, lordHowe, true);
  const ask = async (step: string) =>
    (await (
      await park.get(
        `/projects/${project}/reports/load-profile?from=${day}&to=2026-04-06&step=${step}`,
      )
    ).json()) as Report;
  expect((await ask('quarter')).data).toHaveLength(98);
  const hours = (await ask('hour')).data;
  // 01:00 to 02:00, then 01:30 to 02:00 once more.
  expect(hours.slice(1, 3).map((r) => [r.startsAt, r.quantity])).toEqual([
    [new Date(span.startMs + 4 * SLOT_MS).toISOString(), 4 + 5 + 6 + 7],
    [new Date(span.startMs + 8 * SLOT_MS).toISOString(), 8 + 9],
  ]);
  const [whole] = (await ask('day')).data;
  expect([whole?.quantity, whole?.averagePowerW]).toEqual([4753, (4753 * 4) / 98]);
});

test('what cannot be asked is told', async () => {
  const { ids } = works;
  const day = 'from=2026-11-01&to=2026-11-02';
  const told = (query: string) => works.refusal('load-profile', query);
  expect(await told('from=2026-11-02&to=2026-11-01')).toEqual([400, 'invalid-request']);
  expect(await told('from=2026-01-01&to=2026-11-01&step=quarter')).toEqual([422, 'range-too-long']);
  expect(await told(`${day}&step=moon`)).toEqual([400, 'invalid-request']);
  expect(await told(`${day}&pointId=${ids.w1}`)).toEqual([400, 'invalid-request']);
  expect(await told(`${day}&step=minute`)).toEqual([400, 'invalid-request']);
  expect(await told('from=2026-11-01T00:01:00Z&to=2026-11-02')).toEqual([400, 'invalid-request']);
  const long = `from=2026-11-01&to=2026-11-04&step=minute&pointId=${ids.b2}`;
  expect(await told(long)).toEqual([422, 'range-too-long']);
  expect(await told(`${day}&pointId=999`)).toEqual([404, 'not-found']);
  expect(await told(`${day}&buildingId=${ids.a1}`)).toEqual([404, 'not-found']);
});

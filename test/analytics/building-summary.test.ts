/** A building at a glance, against sums over the same intervals made here. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDays, daySpan, daysBetween, SLOT_MS } from '../../sql/local-day.ts';
import { openPark, type Park, type TestInterval } from './park.ts';
import { seeded } from './seeded.ts';

const zone = 'Europe/Berlin';
// The same day of the month before, 25 October, has 25 hours: 02:00 to 03:00 came twice.
const now = '2026-11-25T06:32:08Z';
const today = '2026-11-25';
const SEED = 4;

let park: Park;
let project: string;
let building: string;
const rows: TestInterval[] = [];
const ids: Record<string, string> = {};

beforeAll(async () => {
  park = await openPark();
  park.setNow(now);
  project = await park.project(zone);
  building = await park.insert('buildings', {
    project_id: project,
    code: 'A',
    name: 'Building A',
    name_zh: 'A座',
  });
  for (const level of [1, 2]) {
    ids[`F${level}`] = await park.insert('floors', {
      project_id: project,
      building_id: building,
      level,
      name: `${level}F`,
    });
  }
  const places = [
    { code: 'A101', floor: 'F1' },
    { code: 'A102', floor: 'F1' },
    { code: 'A201', floor: 'F2' },
    { code: 'A-roof', floor: null },
    { code: 'A-main', floor: null, role: 'building-main' },
  ];
  const random = seeded(SEED);
  for (const { code, floor, role = 'unit' } of places) {
    const point = await park.insert('points', {
      project_id: project,
      code,
      name: `Shop ${code}`,
      commodity: 'electricity',
      role,
      building_id: building,
      floor_id: floor && ids[floor],
    });
    ids[code] = point;
    const meter = await park.insert('meters', {
      project_id: project,
      serial: code,
      model: 'DTSY1352',
    });
    await park.insert('installations', {
      project_id: project,
      point_id: point,
      meter_id: meter,
      valid_from: '2026-01-01T00:00:00Z',
    });
    for (const day of [
      ...daysBetween('2026-10-01', '2026-10-02'),
      ...daysBetween('2026-10-24', '2026-10-27'),
      ...daysBetween('2026-11-01', '2026-11-03'),
      ...daysBetween('2026-11-23', '2026-11-26'),
    ]) {
      for (let slot = 0; slot < daySpan(zone, day).slots; slot++) {
        const startMs = daySpan(zone, day).startMs + slot * SLOT_MS;
        // Built to 07:30; one unit lags an hour behind.
        const builtTo = Date.parse('2026-11-25T06:30:00Z') - (code === 'A102' ? 3_600_000 : 0);
        if (startMs >= builtTo) continue;
        const missing = code === 'A201' && day === '2026-11-24' && slot >= 10 && slot < 14;
        rows.push({
          point,
          day,
          slot,
          quantity: missing ? null : Math.floor(random() * (role === 'unit' ? 400 : 1600)),
          quality: missing ? 'missing' : 'measured',
        });
      }
    }
  }
  const elsewhere = await park.insert('points', {
    project_id: project,
    code: 'B101',
    name: 'Elsewhere',
    commodity: 'electricity',
  });
  rows.push({ point: elsewhere, day: today, slot: 1, quantity: 999_999 });
  for (const [number, code, to] of [
    ['1', 'A101', null],
    ['1', 'A102', null],
    ['2', 'A201', '2026-11-24T23:00:00Z'],
  ] as const) {
    ids[number] ??= await park.insert('accounts', {
      project_id: project,
      number,
      name: `Tenant ${number}`,
      opened_on: '2026-01-01',
    });
    await park.insert('tenancies', {
      project_id: project,
      account_id: ids[number],
      point_id: ids[code],
      valid_from: '2026-01-01T23:00:00Z',
      valid_to: to,
    });
  }
  await park.writeIntervals(project, zone, rows);
  await park.export(project, zone, true);
});
afterAll(() => park.close());

/** 'HH:MM' on the wall at the start of an interval. */
const wall = ({ day, slot }: TestInterval) =>
  new Date(daySpan(zone, day).startMs + slot * SLOT_MS).toLocaleTimeString('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
  });
const sum = (chosen: (row: TestInterval) => boolean, codes: readonly string[]) =>
  rows
    .filter((row) => codes.some((code) => ids[code] === row.point) && chosen(row))
    .reduce((total, { quantity }) => total + (quantity ?? 0), 0);
const units = ['A101', 'A102', 'A201', 'A-roof'];

async function ask(query = '') {
  const answer = await park.get(`/projects/${project}/buildings/${building}/summary${query}`);
  const body = await answer.json();
  expect(answer.status, JSON.stringify(body)).toBe(200);
  return body;
}

test('today and the month to the newest interval, before them to the same time of day', async () => {
  const body = await ask();
  const inMonth = ({ day }: TestInterval) => day >= '2026-11-01';
  expect(body).toMatchObject({
    zone,
    asOf: '2026-11-25T06:32:08.000Z',
    ageS: 0,
    building: { id: building, code: 'A', name: 'Building A', nameZh: 'A座' },
    points: 4,
    accounts: 1,
    newestAt: '2026-11-25T06:30:00.000Z',
    newestAgeS: 128,
    today: { day: today, quantity: sum(({ day }) => day === today, units), missing: 0 },
    yesterday: {
      day: '2026-11-24',
      quantity: sum(({ day }) => day === '2026-11-24', units),
      toSameTime: sum((row) => row.day === '2026-11-24' && wall(row) < '07:30', units),
    },
    month: { from: '2026-11-01', quantity: sum(inMonth, units) },
    monthBefore: {
      from: '2026-10-01',
      toSameDay: sum(
        (row) => row.day < '2026-10-25' || (row.day === '2026-10-25' && wall(row) < '07:30'),
        units,
      ),
    },
  });
  // Four quarter-hours said to be missing; and of twenty finished days that nobody wrote, every slot.
  expect(body.month.missing).toBe(4 + 20 * 96 * 4);
});

test('the peak is a quarter-hour of all units together', async () => {
  const { peak } = await ask();
  for (const [span, from] of [
    ['today', today],
    ['month', '2026-11-01'],
  ] as const) {
    const byStart = new Map<number, number>();
    for (const row of rows) {
      if (row.day < from || !units.some((code) => ids[code] === row.point)) continue;
      const startMs = daySpan(zone, row.day).startMs + row.slot * SLOT_MS;
      byStart.set(startMs, (byStart.get(startMs) ?? 0) + (row.quantity ?? 0));
    }
    const [at, quantity] = [...byStart].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0] ?? [0, 0];
    expect(peak[span]).toEqual({
      quantity,
      averagePowerW: quantity * 4,
      at: new Date(at).toISOString(),
    });
  }
});

test('floors add up to the building, the main stands against its units', async () => {
  const body = await ask();
  expect(body.floors.map((f: { name: string; points: number }) => [f.name, f.points])).toEqual([
    ['1F', 2],
    ['2F', 1],
    [null, 1],
  ]);
  for (const [floor, codes] of [
    [0, ['A101', 'A102']],
    [1, ['A201']],
    [2, ['A-roof']],
  ] as const) {
    expect(body.floors[floor]).toMatchObject({
      today: sum(({ day }) => day === today, codes),
      month: sum(({ day }) => day >= '2026-11-01', codes),
    });
  }
  const main = sum(({ day }) => day === today, ['A-main']);
  const parts = body.today.quantity;
  expect(body.main.points).toEqual([{ id: ids['A-main'], code: 'A-main' }]);
  expect(body.main.today).toEqual({
    main,
    units: parts,
    difference: main - parts,
    share: (main - parts) / main,
    mainMissing: 0,
    unitsMissing: 0,
  });
  const order = body.top.map(({ month }: { month: number }) => month);
  expect(order).toEqual([...order].sort((a, b) => b - a));
  expect(body.top).toHaveLength(4);
  expect(body.top.reduce((s: number, { share }: { share: number }) => s + share, 0)).toBeCloseTo(1);
});

test('where nothing is known, nothing is said: no water, just after midnight, a short month before', async () => {
  const water = await ask('?commodity=water');
  expect(water).toMatchObject({
    points: 0,
    newestAt: null,
    today: { quantity: null },
    month: { quantity: null, missing: 0 },
    peak: { today: null, month: null },
    main: null,
    floors: [],
    top: [],
  });
  park.setNow('2026-11-25T23:05:00Z');
  const midnight = await ask();
  expect(midnight).toMatchObject({
    today: { day: addDays(today, 1), quantity: null },
    yesterday: { day: today, toSameTime: null },
    peak: { today: null },
  });
  // 31 December is like no day of November: all of November.
  park.setNow('2026-12-31T11:00:00Z');
  expect((await ask()).monthBefore).toEqual({
    from: '2026-11-01',
    toSameDay: sum(({ day }) => day >= '2026-11-01', units),
  });
  park.setNow(now);
});

test('a building of another project is none', async () => {
  const other = await park.project(zone, 'Other');
  const answer = await park.get(`/projects/${other}/buildings/${building}/summary`);
  expect([answer.status, (await answer.json()).code]).toEqual([404, 'not-found']);
});

/** The energy report's small statements against the general one, over a park with everything that tells them apart. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { overWarehouse } from '../../analytics/ask.ts';
import { axisOf } from '../../analytics/periods.ts';
import {
  askEnergy,
  type EnergyAnswer,
  type EnergyQuestion,
} from '../../analytics/questions/energy.ts';
import { wholeEnergy } from '../../analytics/questions/energy-whole.ts';
import { dueQuarterOf } from '../../analytics/scope.ts';
import { daySpan, daysBetween } from '../../sql/local-day.ts';
import { openPark, type Park, type TestInterval } from './park.ts';

const zone = 'Europe/Berlin';
let park: Park;
let projectId: string;
const rows: TestInterval[] = [];
const ids: Record<string, string> = {};

beforeAll(async () => {
  park = await openPark();
  projectId = await park.project(zone);
  const at = { project_id: projectId };
  for (const code of ['A', 'B']) {
    ids[code] = await park.insert('buildings', { ...at, code, name: `Building ${code}` });
  }
  const floor = (code: string, level: number) =>
    park.insert('floors', { ...at, building_id: ids[code], level, name: `Floor ${level}` });
  ids.a1 = await floor('A', 1);
  ids.a10 = await floor('A', 10);
  const point = async (
    code: string,
    more: Record<string, unknown>,
    from = '2026-10-19T22:00:00Z',
  ) => {
    ids[code] = await park.insert('points', {
      ...at,
      ...{ code, name: `Shop ${code}`, commodity: 'electricity' },
      ...more,
    });
    const meter = await park.insert('meters', { ...at, serial: `m-${code}`, model: 'DTSY1352' });
    await park.insert('installations', {
      ...at,
      ...{ point_id: ids[code], meter_id: meter, valid_from: from },
    });
  };
  await point('z', { building_id: ids.A, floor_id: ids.a10 });
  await point('𠀀', { building_id: ids.A, floor_id: ids.a1, name_zh: '商铺' });
  await point('～', { building_id: ids.B });
  // No building at all, and a meter that came in the middle of a day.
  await point('late', {}, '2026-11-08T09:07:00Z');
  await point('gone', { building_id: ids.A, retired_at: '2026-11-03T00:00:00Z' });
  await point('main', { building_id: ids.A, role: 'building-main' });
  await point('water', { building_id: ids.A, commodity: 'water' });
  await point('silent', { building_id: ids.B });

  let seed = 11;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed;
  };
  for (const day of daysBetween('2026-10-20', '2026-11-25')) {
    for (const code of ['z', '𠀀', '～', 'late', 'gone', 'main', 'water']) {
      for (let slot = 0; slot < daySpan(zone, day).slots; slot++) {
        const odd = random() % 40;
        if (odd === 0 || (code === 'late' && day < '2026-11-08')) continue;
        if (code === 'gone' && day > '2026-11-03') continue;
        if (day === '2026-11-24' && slot > 28) continue;
        const isMissing = odd === 1 || (code === '～' && day === '2026-11-10');
        rows.push({
          ...{ point: ids[code] ?? '', day, slot },
          quantity: isMissing ? null : (random() % 5000) - 20,
          quality: isMissing ? 'missing' : odd === 2 ? 'estimated:linear' : 'measured',
        });
      }
    }
  }
  await park.writeIntervals(projectId, zone, rows);
  await park.export(projectId, zone, true);
});
afterAll(() => park?.close());

const everything: EnergyQuestion = {
  ...{ from: '2026-11-01', to: '2026-12-01', unit: 'day', by: 'project', against: 'previous' },
  ...{ commodity: 'electricity', role: null },
  ...{ buildingId: null, floorId: null, accountId: null, pointId: null },
};

/** The answer, and whether the small statements gave it; with `rowsMax` 0 DuckDB adds all of it up. */
async function ask(question: EnergyQuestion, isGeneral: boolean, rowsMax?: number) {
  const connection = await park.duckdb.connect();
  try {
    return await overWarehouse({ dataDir: park.dataDir, projectId }, async (answered) => {
      const { manifest, files, asOf } = answered;
      const axis = axisOf({ zone, ...question });
      const dueQuarter = dueQuarterOf(zone, asOf);
      const whole = await wholeEnergy(connection, { axis, dueQuarter, files, asked: question });
      const how = { isGeneral, ...(rowsMax !== undefined && { rowsMax }) };
      const answer = await askEnergy(connection, { manifest, files, question, ...how });
      return { isWhole: whole !== undefined, answer: plain(answer) };
    });
  } finally {
    connection.closeSync();
  }
}

const plain = ({ rows, ...answer }: EnergyAnswer) => ({ ...answer, rows: [...rows()] });

const asked: Partial<EnergyQuestion>[] = [
  { unit: 'day' },
  { unit: 'month' },
  // Over the day of 25 hours, part of today and days to come.
  { from: '2026-10-22', to: '2026-11-26', unit: 'week', against: 'none' },
  { from: '2026-10-22', to: '2026-11-26', unit: 'month' },
  { from: '2026-11-10', to: '2026-11-11', unit: 'day' },
  // Years overlap: a day is compared and compared with.
  { from: '2025-10-10', to: '2026-11-20', unit: 'year', against: 'year' },
  { from: '2024-02-01', to: '2024-03-01', unit: 'year' },
];

test.each(['project', 'building', 'floor', 'point'] as const)(
  'by %s both statements give the same rows and totals',
  async (by) => {
    let known = 0;
    for (const more of asked) {
      const question = { ...everything, ...more, by };
      const whole = await ask(question, false);
      expect(whole.isWhole).toBe(true);
      expect(whole.answer, JSON.stringify(more)).toEqual((await ask(question, true)).answer);
      expect((await ask(question, false, 0)).answer, JSON.stringify(more)).toEqual(whole.answer);
      known += whole.answer.rows.filter(({ quantity }) => quantity !== null).length;
    }
    expect(known).toBeGreaterThan(20);
  },
);

test('and so they do for some of the places, another role and water', async () => {
  const some: Partial<EnergyQuestion>[] = [
    { buildingId: ids.A ?? '', by: 'floor' },
    { floorId: ids.a10 ?? '' },
    { pointId: ids.late ?? '', unit: 'week' },
    { pointId: ids.main ?? '', by: 'building' },
    { pointId: ids.silent ?? '', by: 'point' },
    { role: 'building-main' },
    { role: 'park-main', by: 'point' },
    { role: 'park-main' },
    { commodity: 'water', unit: 'month' },
    { from: '2026-11-04', to: '2026-11-06', by: 'point' },
  ];
  for (const more of some) {
    const question = { ...everything, ...more };
    const whole = await ask(question, false);
    expect(whole.isWhole).toBe(true);
    expect(whole.answer, JSON.stringify(more)).toEqual((await ask(question, true)).answer);
  }
});

test('what is kept of a file goes when its day is written anew', async () => {
  const questions: EnergyQuestion[] = [everything, { ...everything, by: 'point', unit: 'month' }];
  const quantities = async () => {
    const answers = await Promise.all(questions.map((question) => ask(question, false)));
    return answers.map(({ answer }) => answer.totals.quantity ?? 0);
  };
  const before = await quantities();
  const [{ day, slot, quantity }] = rows.filter(
    (row) => row.point === ids.z && row.day === '2026-11-12' && row.quality === 'measured',
  ) as [TestInterval]; // There are nearly a hundred of them.
  const late = {
    point: ids.z ?? '',
    day,
    slot,
    quantity: (quantity ?? 0) + 7,
    version: 2,
  };
  await park.writeIntervals(projectId, zone, [late]);
  await park.export(projectId, zone, true);
  expect(await quantities()).toEqual(before.map((sum) => sum + 7));
  const [question] = questions as [EnergyQuestion];
  expect((await ask(question, false)).answer).toEqual((await ask(question, true)).answer);
});

test('hours and accounts are left to the general statement', async () => {
  const day = { from: '2026-11-10', to: '2026-11-11' };
  expect((await ask({ ...everything, ...day, unit: 'hour' }, false)).isWhole).toBe(false);
  expect((await ask({ ...everything, ...day, by: 'account' }, false)).isWhole).toBe(false);
});

test('what is remembered of the places goes when their file does', async () => {
  const before = await ask({ ...everything, by: 'point', unit: 'month' }, false);
  await park.owner.query('UPDATE points SET name = $1 WHERE id = $2', ['Renamed', ids.z]);
  await park.export(projectId, zone, true);
  const after = await ask({ ...everything, by: 'point', unit: 'month' }, false);
  const labels = ({ answer }: typeof before) => answer.rows.map(({ key }) => key.label);
  expect(labels(before)).toContain('Shop z');
  expect(labels(after)).toContain('Renamed');
});

/** Main meters against their parts, compared with a sum over the same intervals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDays, daysBetween } from '../../sql/local-day.ts';
import { expectPageInFiles } from './page-and-file.ts';
import { openWorks, type Row, thefts, type Works } from './works.ts';

let works: Works;
beforeAll(async () => {
  works = await openWorks();
});
afterAll(() => works?.park.close());

const tree: Record<string, string[]> = {
  park: ['main-a', 'main-b'],
  'main-a': ['a1', 'a2', 'a3'],
  'main-b': ['b1', 'b2'],
};

/** Of the quarter-hours of a day in which the main and all its parts that have a meter are known. */
function balance(main: string, day: string) {
  const found = { main: 0, sub: 0, slots: 0, missing: 0, nightMain: 0, nightSub: 0 };
  for (let slot = 0; slot < 96; slot++) {
    const parts = (tree[main] ?? []).filter(
      (code) => code !== 'a3' || day < '2026-11-15' || (day === '2026-11-15' && slot < 40),
    );
    const value = (code: string) => quantities.get(`${works.ids[code]} ${day} ${slot}`) ?? null;
    const values = [main, ...parts].map(value);
    if (values.includes(null)) {
      found.missing += 1;
      continue;
    }
    const [own = 0, ...subs] = values.map(Number);
    const sub = subs.reduce((a, b) => a + b, 0);
    found.main += own;
    found.sub += sub;
    found.slots += 1;
    if (slot < 20) {
      found.nightMain += own;
      found.nightSub += sub;
    }
  }
  return found;
}
let quantities: Map<string, number | null>;
beforeAll(() => {
  quantities = new Map(works.intervals.map((i) => [`${i.point} ${i.day} ${i.slot}`, i.quantity]));
});

const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? 0) + (sorted[Math.ceil(at)] ?? 0)) / 2;
};

test('each main by day: both sides over the quarter-hours in which both are known', async () => {
  const { data } = await works.report('losses', 'from=2026-11-03&to=2026-11-22');
  expect(data).toHaveLength(19 * 3);
  for (const row of data) {
    const day = String(row.period);
    const main = String(row.code);
    const expected = balance(main, day);
    expect(row, `${main} ${day}`).toMatchObject({
      mainQuantity: expected.main,
      subQuantity: expected.sub,
      difference: expected.main - expected.sub,
      lossShare: (expected.main - expected.sub) / expected.main,
      missing: expected.missing,
      subCount: (tree[main] ?? []).length - (main === 'main-a' && day > '2026-11-15' ? 1 : 0),
    });
    const before = daysBetween('2026-11-01', day)
      .filter((d) => d >= addDays(day, -14))
      .map((d) => balance(main, d))
      .map((b) => (b.main - b.sub) / b.main);
    if (before.length < 5) expect(row.baselineShare).toBeNull();
    else expect(row.baselineShare).toBeCloseTo(median(before), 12);
  }
  const gap = (code: string, day: string) =>
    data.find((r) => r.code === code && r.period === day)?.missing;
  expect([
    gap('main-b', '2026-11-05'),
    gap('main-a', '2026-11-06'),
    gap('park', '2026-11-05'),
  ]).toEqual([10, 4, 0]);
});

test('a jump, a loss at night and a negative loss are suspected on their day, ordinary days are not', async () => {
  const { data, totals } = await works.report('losses', 'from=2026-11-08&to=2026-11-23');
  const found = data.filter((r) => r.suspicion !== 'none');
  expect(found.map((r) => [r.period, r.code, r.suspicion, r.reason])).toEqual([
    [thefts.jump, 'main-a', 'suspect', 'loss-jump'],
    [thefts.negative, 'main-b', 'suspect', 'negative-loss'],
    [thefts.night, 'main-a', 'suspect', 'night-loss'],
  ]);
  expect(totals).toEqual({ suspect: 3, watch: 0, incomplete: 0 });
});

test('a file says the totals of the page', async () => {
  const { park, projectId } = works;
  const path = `/projects/${projectId}/reports`;
  await expectPageInFiles(park, `${path}/losses?from=2026-11-08&to=2026-11-23`);
  await expectPageInFiles(park, `${path}/quality?from=2026-11-04&to=2026-11-08`);
  await expectPageInFiles(park, `${path}/ranking?from=2026-11-04&to=2026-11-08&top=2`);
  await expectPageInFiles(park, `${path}/load-duration?from=2026-11-04&to=2026-11-06`);
});

test('a month and the whole range are the sums of their days', async () => {
  const range = `from=2026-11-05&to=2026-11-21&mainId=${works.ids['main-a']}`;
  const days = (await works.report('losses', range)).data;
  const sum = (key: string, rows: Row[]) => rows.reduce((all, r) => all + Number(r[key]), 0);
  for (const unit of ['month', 'total']) {
    const { data } = await works.report('losses', `${range}&unit=${unit}`);
    expect(data).toHaveLength(1);
    for (const key of ['mainQuantity', 'subQuantity', 'difference', 'missing', 'estimated']) {
      expect(data[0]?.[key], key).toBe(sum(key, days));
    }
    expect(data[0]?.period).toBe(unit === 'month' ? '2026-11' : '2026-11-05');
  }
  expect(sum('estimated', days)).toBe(6);
});

test('a day of which one side lacks too much, or that has not been, is not judged', async () => {
  const { park, projectId, ids } = works;
  // main-a is silent for the second half of the 22nd; its intervals say so.
  await park.writeIntervals(
    projectId,
    'Asia/Shanghai',
    Array.from({ length: 48 }, (_, i) => ({
      point: ids['main-a'] ?? '',
      ...{ day: '2026-11-22', slot: 48 + i, quantity: null, quality: 'missing', version: 2 },
    })),
  );
  await park.export(projectId, 'Asia/Shanghai', true);
  const { data } = await works.report('losses', 'from=2026-11-22&to=2026-11-23');
  const row = data.find((r) => r.code === 'main-a');
  expect([row?.missing, row?.suspicion, row?.reason]).toEqual([48, 'incomplete', 'missing']);
  const first = [...Array(48).keys()].map((slot) =>
    Number(quantities.get(`${ids['main-a']} 2026-11-22 ${slot}`)),
  );
  expect(row?.mainQuantity).toBe(first.reduce((a, b) => a + b, 0));
  const future = await works.report('losses', 'from=2026-12-01&to=2026-12-02');
  expect(future.data.map((r) => [r.mainQuantity, r.missing, r.suspicion, r.reason])).toEqual(
    Array(3).fill([null, 0, 'incomplete', 'nothing-known']),
  );
});

test('what cannot be asked is told', async () => {
  const told = (query: string) => works.refusal('losses', query);
  expect(await told('from=2026-11-02&to=2026-11-01')).toEqual([400, 'invalid-request']);
  expect(await told('from=2024-01-01&to=2026-11-01')).toEqual([422, 'range-too-long']);
  expect(await told('from=2026-11-01&to=2026-11-02&mainId=999')).toEqual([404, 'not-found']);
  expect(await told('from=2026-11-01&to=2026-11-02&unit=moon')).toEqual([400, 'invalid-request']);
});

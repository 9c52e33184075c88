/** What every report has in common, seen on the ranking: envelope, totals, bad questions. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPark, type Park } from './park.ts';

const zone = 'Asia/Shanghai';
let park: Park;
let at: string;

beforeAll(async () => {
  park = await openPark();
  const project = await park.project(zone);
  at = `/projects/${project}/reports/ranking`;
  const points: string[] = [];
  for (const code of ['a1', 'a2', 'a3']) {
    points.push(
      await park.insert('points', {
        project_id: project,
        code,
        name: `Shop ${code}`,
        commodity: 'electricity',
      }),
    );
  }
  await park.writeIntervals(
    project,
    zone,
    points.flatMap((point, i) =>
      ['2026-11-20', '2026-11-21'].map((day) => ({ point, day, slot: 3, quantity: (i + 1) * 10 })),
    ),
  );
  await park.export(project, zone, true);
});
afterAll(() => park.close());

test('rows in order, with shares, sums and the age of the answer', async () => {
  const answer = await park.get(`${at}?from=2026-11-20&to=2026-11-22`);
  expect(answer.status).toBe(200);
  const body = await answer.json();
  expect(body).toMatchObject({
    zone,
    ageS: 0,
    rowCount: 3,
    totals: { quantity: 120, measured: 6 },
  });
  expect(body.columns[5]).toEqual({
    name: 'quantity',
    type: 'integer',
    unit: 'Wh',
    title: 'Energy',
  });
  expect(
    body.data.map((r: Record<string, unknown>) => [r.rank, r.code, r.quantity, r.share]),
  ).toEqual([
    [1, 'a3', 60, 0.5],
    [2, 'a2', 40, 1 / 3],
    [3, 'a1', 20, 1 / 6],
  ]);
});

test('a range upside down, a day that does not exist and a foreign project are told so', async () => {
  const told = async (query: string) => {
    const answer = await park.get(`${at}?${query}`);
    return [answer.status, (await answer.json()).code];
  };
  expect(await told('from=2026-11-22&to=2026-11-20')).toEqual([400, 'invalid-request']);
  expect(await told('from=2026-02-30&to=2026-11-20')).toEqual([400, 'invalid-request']);
  expect(await told('from=2000-01-01&to=2026-11-20')).toEqual([422, 'range-too-long']);
  const answer = await park.get(
    '/projects/999999999/reports/ranking?from=2026-11-20&to=2026-11-22',
  );
  expect([answer.status, (await answer.json()).code]).toEqual([404, 'not-found']);
});

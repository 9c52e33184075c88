/** When each point was first measured: found however long ago, and never by a look at all of the past at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstIntervals } from '../../billing/due.ts';
import { dayStart, type LocalDay } from '../../sql/local-day.ts';
import type { Questdb } from '../../sql/questdb.ts';
import { openPark, type Park } from './park.ts';

const YEAR_MS = 366 * 86_400_000;
let park: Park;

beforeAll(async () => {
  park = await openPark({ from: '2021-03-10', points: 5, accounts: 1 });
  const [begin, late, standing, missing] = park.points as [string, string, string, string];
  await park.intervals(begin, '2021-03-10', () => 1);
  await park.intervals(begin, '2026-01-05', () => 1);
  await park.intervals(late, '2025-11-02', () => 1);
  // Put up and measured two years before anybody held it.
  await park.rows('UPDATE installations SET valid_from = $2 WHERE point_id = $1', [
    ...[standing, new Date(dayStart('Asia/Shanghai', '2019-06-01'))],
  ]);
  await park.intervals(standing, '2019-06-01', () => 1);
  await park.intervals(missing, '2022-01-01', () => 'missing');
  await park.questdb.settled(['intervals']);
});
afterAll(() => park.close());

/** Asks, and tells how far apart the ends of each statement were. */
async function ask(lastDay: LocalDay) {
  const spans: number[] = [];
  const questdb: Questdb = {
    ...park.questdb,
    exec: (statement, options) => {
      const [from = '', to = ''] = [...statement.matchAll(/'(\d{4}-[^']+Z)'/g)].map(([, at]) => at);
      spans.push(Date.parse(to) - Date.parse(from));
      return park.questdb.exec(statement, options);
    },
  };
  const { project, points } = park;
  const found = await firstIntervals(park.postgres.db, questdb, {
    ...{ projectId: project.id, zone: project.zone, points, lastDay },
  });
  return { found: points.map((point) => found.get(point)), spans };
}

test('the first day of each, years apart, in statements of a year at most', async () => {
  const { found, spans } = await ask('2026-01-05');
  expect(found).toEqual(['2021-03-10', '2025-11-02', '2019-06-01', undefined, undefined]);
  expect(spans.every((span) => span > 0 && span <= YEAR_MS)).toBe(true);
  expect(spans.length).toBeLessThan(14);
});

test('what was measured after the last day that is asked for is not known yet', async () => {
  const { found } = await ask('2025-11-01');
  expect(found).toEqual(['2021-03-10', undefined, '2019-06-01', undefined, undefined]);
});

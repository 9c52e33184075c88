/** Which days a delivered batch makes dirty. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lateMarker } from '../../ingest/dirty.ts';
import { dayStart } from '../../sql/local-day.ts';
import { type IntervalPark, openIntervalPark } from './interval-park.ts';

const ZONE = 'Asia/Shanghai';
const T = dayStart(ZONE, '2026-11-10');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let park: IntervalPark;
beforeAll(async () => {
  park = await openIntervalPark({ zone: ZONE, nowMs: T });
});
afterAll(() => park.close());

async function newPoint(builtToMs?: number) {
  const [pointId, meterId] = [await park.point(), await park.meter()];
  await park.install(pointId, meterId, T);
  if (builtToMs !== undefined) {
    await park.owner.query('INSERT INTO interval_marks VALUES ($1, $2, $3)', [
      ...[park.projectId, pointId, new Date(builtToMs)],
    ]);
  }
  const row = (ms: number) => ({ projectId: park.projectId, meterId, atMs: ms });
  const days = async () =>
    (await park.dirty('intervals')).filter((d) => d.point_id === pointId).map((d) => d.day);
  return { pointId, meterId, row, days };
}

describe('a delivered batch', () => {
  it('in order and after what is built makes nothing dirty', async () => {
    const { row, days } = await newPoint(T + DAY);
    const mark = lateMarker(park.db);
    await mark([row(T + DAY), row(T + DAY + 16 * MINUTE)]);
    await mark([row(T + DAY + 17 * MINUTE), row(T + 3 * DAY)]);
    expect(await days()).toEqual([]);
  });

  it('makes dirty each local day that is built already', async () => {
    const { row, days } = await newPoint(T + 2 * DAY);
    const late = [row(T + 30 * MINUTE), row(T + 40 * MINUTE), row(T + DAY), row(T + 2 * DAY)];
    await lateMarker(park.db)(late);
    expect(await days()).toEqual(['2026-11-10', '2026-11-11']);
  });

  it('out of order makes dirty what may be under construction, built or not', async () => {
    const { row, days } = await newPoint();
    const mark = lateMarker(park.db);
    await mark([row(T + 60 * MINUTE)]);
    await mark([row(T + 61 * MINUTE), row(T + 50 * MINUTE)]);
    expect(await days()).toEqual(['2026-11-10']);
  });

  it('out of order within the newest slot makes nothing dirty', async () => {
    const { row, days } = await newPoint(T);
    await lateMarker(park.db)([row(T + 14 * MINUTE), row(T + 2 * MINUTE), row(T + 2 * MINUTE)]);
    expect(await days()).toEqual([]);
  });

  it('counts for the point where the meter stood then', async () => {
    const [first, meterId] = [await park.point(), await park.meter()];
    const second = await park.point();
    await park.install(first, meterId, T, { valid_to: new Date(T + DAY) });
    await park.install(second, meterId, T + DAY);
    for (const pointId of [first, second]) {
      await park.owner.query('INSERT INTO interval_marks VALUES ($1, $2, $3)', [
        ...[park.projectId, pointId, new Date(T + 3 * DAY)],
      ]);
    }
    const at = (atMs: number) => ({ projectId: park.projectId, meterId, atMs });
    await lateMarker(park.db)([at(T - DAY), at(T + DAY - 1), at(T + DAY)]);
    const found = (await park.dirty('intervals')).filter((d) =>
      [first, second].includes(d.point_id),
    );
    expect(found.map((d) => [d.point_id, d.day])).toEqual([
      [first, '2026-11-10'],
      [second, '2026-11-11'],
    ]);
  });

  it('that Postgres cannot be told of stays in the spool: it throws', async () => {
    const { row } = await newPoint(T + DAY);
    const broken = {
      execute: () => Promise.reject(new Error('no connection')),
    } as unknown as typeof park.db;
    await expect(lateMarker(broken)([row(T)])).rejects.toThrow('no connection');
  });
});

/** The builder over real databases: live, late, killed, decided. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildStretch } from '../../ingest/interval-build.ts';
import { readPark } from '../../ingest/interval-plan.ts';
import { announce, writeIntervals } from '../../ingest/interval-publish.ts';
import { OPEN_END } from '../../ingest/interval-statement.ts';
import { createIntervalBuilder } from '../../ingest/intervals.ts';
import { decide } from '../../ingest/quarantine.ts';
import { rebuildFrom } from '../../ingest/rebuild.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import type { Duckdb } from '../../sql/duckdb.ts';
import { dayStart, localDayOf } from '../../sql/local-day.ts';
import { type IntervalPark, openIntervalPark } from './interval-park.ts';

const MINUTE = 60_000;
const SLOT = 15 * MINUTE;
const HOUR = 4 * SLOT;
const DAY = 24 * HOUR;
const ZONE = 'Asia/Shanghai';
/** Local midnight of 2026-11-10. */
const T = dayStart(ZONE, '2026-11-10');
/** The machine is shared with three databases. */
const actor = { kind: 'user', id: 'u1', name: 'U' } as const;

let park: IntervalPark;
beforeAll(async () => {
  park = await openIntervalPark({ zone: ZONE, nowMs: T });
});
afterAll(() => park.close());

const line = (fromMinute: number, untilMinute: number, at = (m: number) => 1000 + m * 10) =>
  Array.from({ length: untilMinute - fromMinute }, (_, i) => {
    const minute = fromMinute + i;
    return { ms: T + minute * MINUTE + 20_000, register: at(minute) };
  });

async function newPoint(more = {}) {
  const [pointId, meterId] = [await park.point(), await park.meter()];
  await park.install(pointId, meterId, T, { first_register: 1000, ...more });
  return { pointId, meterId };
}
const total = (rows: readonly (readonly [number, unknown, ...unknown[]])[]) =>
  rows.reduce((sum, [, quantity]) => sum + Number(quantity ?? 0), 0);

describe('live', () => {
  it('builds each slot once, when a sample at or after its end is there', async () => {
    const { pointId, meterId } = await newPoint();
    await park.say(meterId, line(0, 44));
    park.clock.now = new Date(T + 44 * MINUTE);
    expect((await park.tick()).intervals).toBe(2);
    expect(await park.mark(pointId)).toBe(T + 2 * SLOT);
    expect(await park.tick()).toMatchObject({ runs: 0, intervals: 0 });
    await park.say(meterId, line(44, 46));
    park.clock.now = new Date(T + 46 * MINUTE);
    expect(await park.tick()).toMatchObject({ runs: 1, intervals: 1 });
    const rows = await park.intervals(pointId);
    expect(rows.map((r) => r[3])).toEqual([1, 1, 1]);
    expect(rows.map((r) => r[2])).toEqual(['measured', 'measured', 'measured']);
    // Nothing happened to a past day: nobody is told.
    expect(await park.dirty('rating')).toEqual([]);
  });

  it('says missing when nothing comes, and replaces it when the meter speaks again', async () => {
    const { pointId, meterId } = await newPoint();
    await park.say(meterId, line(0, 40));
    park.clock.now = new Date(T + 100 * MINUTE);
    await park.tick();
    expect((await park.intervals(pointId)).map((r) => r[2])).toEqual([
      ...['measured', 'measured'],
      ...Array(4).fill('missing'),
    ]);
    await park.say(meterId, line(100, 106));
    park.clock.now = new Date(T + 106 * MINUTE);
    await park.tick();
    const rows = await park.intervals(pointId);
    expect(rows.map((r) => r[3])).toEqual([1, 1, 2, 2, 2, 2, 1]);
    expect(rows.at(3)?.slice(1, 3)).toEqual([150, 'estimated:linear']);
    expect((await park.intervals(pointId, 'interval_versions')).length).toBe(11);
  });

  it('does not take an implausible reading for a boundary', async () => {
    const { pointId, meterId } = await newPoint();
    const samples = line(0, 32).map((s, i) =>
      i === 15 ? { ...s, register: 99, quality: 'implausible:power' } : s,
    );
    await park.say(meterId, samples);
    park.clock.now = new Date(T + 32 * MINUTE);
    await park.tick();
    expect(total(await park.intervals(pointId))).toBe(10 * 30 - 3);
  });
});

describe('late data', () => {
  it('gives the same intervals in any order, and tells which days it changed', async () => {
    const samples = line(0, 3 * 24 * 60, (m) => 1000 + m * 7).filter((_, i) => i % 5 === 0);
    const inOrder = await newPoint();
    park.clock.now = new Date(T + 3 * DAY);
    await park.say(inOrder.meterId, samples);
    await park.tick();
    const expected = await park.intervals(inOrder.pointId);
    expect(expected).toHaveLength(3 * 96 - 1);

    const shuffled = await newPoint();
    const parts: [number, number][] = [
      [0, 100],
      [700, 864],
      [300, 301],
      [301, 700],
      [100, 300],
    ];
    for (const [from, until] of parts) {
      const part = samples.slice(from, until);
      await park.say(shuffled.meterId, part);
      const days = [...new Set(part.map((s) => localDayOf(ZONE, s.ms)))];
      await markDirty(park.db, {
        projectId: park.projectId,
        days: days.map((localDay) => ({ pointId: shuffled.pointId, localDay })),
        ...{ who: 'ingest', why: 'late sample' },
      });
      await park.tick();
    }
    const rows = await park.intervals(shuffled.pointId);
    expect(rows.map((r) => r.slice(0, 3))).toEqual(expected.map((r) => r.slice(0, 3)));
    expect(await park.dirty('intervals')).toEqual([]);
    const told = (await park.dirty('rating')).filter((d) => d.point_id === shuffled.pointId);
    expect(new Set(told.map((d) => d.day))).toEqual(
      new Set(['2026-11-10', '2026-11-11', '2026-11-12']),
    );
  });

  it('that was sent before changes nothing', async () => {
    const { pointId, meterId } = await newPoint();
    park.clock.now = new Date(T + 40 * MINUTE);
    await park.say(meterId, line(0, 40));
    await park.tick();
    await park.say(meterId, line(0, 20));
    const days = [{ pointId, localDay: '2026-11-10' }];
    await markDirty(park.db, {
      projectId: park.projectId,
      days,
      who: 'ingest',
      why: 'late sample',
    });
    expect(await park.tick()).toMatchObject({ runs: 1, intervals: 0 });
    expect(await park.dirty('intervals')).toEqual([]);
  });

  it('that bridges a silence over days makes the days between dirty', async () => {
    const { pointId, meterId } = await newPoint();
    park.clock.now = new Date(T + 3 * DAY);
    await park.say(meterId, line(0, 40));
    await park.tick();
    const before = (await park.dirty('rating')).length;
    await park.say(meterId, line(3 * 24 * 60 - 5, 3 * 24 * 60));
    await park.tick();
    const rows = await park.intervals(pointId);
    expect(rows.filter((r) => r[2] === 'missing')).toHaveLength(0);
    const told = (await park.dirty('rating')).slice(before).filter((d) => d.point_id === pointId);
    expect(told.map((d) => d.day)).toEqual(['2026-11-10', '2026-11-11', '2026-11-12']);
  });
});

describe('killed', () => {
  it('between versions and intervals, or before marks, it ends in the same state', async () => {
    const { pointId, meterId } = await newPoint();
    const at = new Date(T + 2 * DAY);
    park.clock.now = at;
    await park.say(
      meterId,
      line(0, 2 * 24 * 60, (m) => 1000 + m),
    );
    const { db, questdb, duckdb, deps } = park;
    // The halves by hand, then nothing more: as if the process had died.
    for (const tables of [[], ['interval_versions'], ['interval_versions', 'intervals']] as const) {
      const connection = await duckdb.connect();
      const [project] = [{ id: park.projectId, zone: ZONE, pollSeconds: 60 }];
      const built = await readPark(db, project);
      const job = { points: [pointId], fromMs: T, untilMs: OPEN_END, repair: false };
      const common = { connection, park: built, at };
      const stretch = await buildStretch({ ...deps, ...common, job, folder: deps.folder });
      expect(stretch.changed).toBe(191);
      await announce(db, { ...common, pending: [] });
      for (const table of tables) await writeIntervals(questdb, { ...common, table });
      await questdb.settled(['interval_versions', 'intervals']);
      connection.closeSync();
    }
    park.restart();
    await park.tick();
    const rows = await park.intervals(pointId);
    expect(rows).toHaveLength(191);
    expect(total(rows)).toBe(Math.round(191 * 15 - 20 / 60));
    expect(new Set(rows.map((r) => r[3]))).toEqual(new Set([1]));
    expect(await park.intervals(pointId, 'interval_versions')).toEqual(rows);
    const told = (await park.dirty('rating')).filter((d) => d.point_id === pointId);
    expect(new Set(told.map((d) => d.day))).toEqual(new Set(['2026-11-10', '2026-11-11']));
    expect(await park.dirty('intervals')).toEqual([]);
  });
});

describe('a reading that history contradicts', () => {
  const quarantines = async (meterId: string) => {
    const { rows } = await park.owner.query<{ id: string; rule: string; decision: string | null }>(
      `SELECT q.id::text, q.rule, (SELECT decision FROM quarantine_decisions d
         WHERE d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) AS decision
       FROM quarantines q WHERE meter_id = $1 ORDER BY q.id`,
      [meterId],
    );
    return rows;
  };
  const openAlarms = async (meterId: string) => {
    const { rows } = await park.owner.query(
      `SELECT kind FROM alarms WHERE subject_id = $1 AND cleared_at IS NULL`,
      [meterId],
    );
    return rows.length;
  };
  const decideAs = (quarantineId: string, decision: 'exclude' | 'new-base' | 'reopened') =>
    park.db.transaction((tx) =>
      decide(tx, { projectId: park.projectId, quarantineId, decision, reason: 'seen', actor }),
    );

  it('holds everything after it until a person decides, also when built slot by slot', async () => {
    const { pointId, meterId } = await newPoint();
    const samples = line(0, 181, (m) => (m < 50 ? 1_000_000 + m * 10 : 5 + m * 10));
    await park.owner.query(
      'UPDATE installations SET first_register = 1000000 WHERE meter_id = $1',
      [meterId],
    );
    for (let minute = 0; minute < 181; minute += 10) {
      await park.say(meterId, samples.slice(minute, minute + 10));
      park.clock.now = new Date(T + (minute + 10) * MINUTE);
      await park.tick();
    }
    expect((await park.intervals(pointId)).map((r) => r[2])).toEqual([
      ...Array(3).fill('measured'),
      ...Array(9).fill('missing'),
    ]);
    const [quarantine, ...others] = await quarantines(meterId);
    expect([quarantine?.rule, quarantine?.decision, others]).toEqual(['reset', null, []]);
    expect(await openAlarms(meterId)).toBe(1);

    await decideAs(quarantine?.id ?? '', 'new-base');
    await park.tick();
    const decided = await park.intervals(pointId);
    expect(decided.map((r) => r[1]).slice(4)).toEqual(Array(8).fill(150));
    expect(decided[3]?.[2]).toBe('estimated:new-base');
    expect(await openAlarms(meterId)).toBe(0);

    await decideAs(quarantine?.id ?? '', 'reopened');
    await park.tick();
    expect((await park.intervals(pointId)).slice(3).map((r) => r[2])).toEqual(
      Array(9).fill('missing'),
    );
  });

  it('is withdrawn when later data explains it', async () => {
    const { pointId, meterId } = await newPoint();
    // The newest of all: it may have been replaced, and is a spike once the next one is there.
    await park.say(meterId, [...line(0, 20), { ms: T + 20 * MINUTE + 20_000, register: 900_000 }]);
    park.clock.now = new Date(T + 21 * MINUTE);
    await park.tick();
    expect((await quarantines(meterId)).map((q) => [q.rule, q.decision])).toEqual([
      ['spike', null],
    ]);
    await park.say(meterId, line(21, 62));
    park.clock.now = new Date(T + 62 * MINUTE);
    await park.tick();
    const after = await quarantines(meterId);
    expect(after.map((q) => [q.rule, q.decision])).toEqual([
      ['spike', 'withdrawn'],
      ['spike', null],
    ]);
    expect((await park.intervals(pointId)).map((r) => r[1])).toEqual([150 - 3, null, 150, 150]);
  });

  it('of two values for one instant is shown as a conflict, each to be excluded', async () => {
    const { pointId, meterId } = await newPoint();
    const twin = { ms: T + 22 * MINUTE + 20_000, register: 1221 };
    await park.say(meterId, [...line(0, 46), twin]);
    park.clock.now = new Date(T + 46 * MINUTE);
    await park.tick();
    const found = await quarantines(meterId);
    expect(found.map((q) => q.rule)).toEqual(['conflict', 'conflict']);
    await decideAs(found[1]?.id ?? '', 'exclude');
    await park.tick();
    expect((await quarantines(meterId)).map((q) => q.decision)).toEqual(['withdrawn', 'exclude']);
    expect(total(await park.intervals(pointId))).toBe(447);
  });

  it('in a past day that is found late holds all that was built after it', async () => {
    const { pointId, meterId } = await newPoint();
    park.clock.now = new Date(T + 5 * DAY);
    const samples = line(0, 5 * 24 * 60, (m) => 1000 + m).filter((_, i) => i % 5 === 0);
    await park.say(meterId, samples);
    await park.tick();
    const late = [17, 18].map((m) => ({ ms: T + m * MINUTE + 50_000, register: 900 }));
    await park.say(meterId, late);
    const days = [{ pointId, localDay: '2026-11-10' }];
    await markDirty(park.db, {
      projectId: park.projectId,
      days,
      who: 'ingest',
      why: 'late sample',
    });
    await park.tick();
    await park.tick();
    const found = await quarantines(meterId);
    expect(found.length).toBeGreaterThan(0);
    const held = await park.intervals(pointId);
    const breaks = await park.owner.query(
      "SELECT 1 FROM quarantines WHERE meter_id = $1 AND detail ->> 'breaks' = 'true'",
      [meterId],
    );
    if (breaks.rows.length > 0) {
      expect(held.filter((r) => r[2] !== 'missing').length).toBeLessThan(5);
    }
    // Once the first is left out, the second stands alone: a spike.
    for (let round = 0; round < 2; round++) {
      for (const q of await quarantines(meterId)) {
        if (q.decision === null) await decideAs(q.id, 'exclude');
      }
      await park.tick();
      await park.tick();
    }
    const rows = await park.intervals(pointId);
    expect(total(rows)).toBe(rows.length * 15);
  });
});

describe('devices entered late', () => {
  it('a meter replaced in the past counts for the point from then on, the old one until then', async () => {
    const { pointId, meterId } = await newPoint();
    park.clock.now = new Date(T + 2 * DAY);
    await park.say(
      meterId,
      line(0, 2 * 24 * 60, (m) => 1000 + m),
    );
    await park.tick();
    const fresh = await park.meter();
    const at = T + 10 * HOUR + 7 * MINUTE;
    await park.say(
      fresh,
      line(608, 2 * 24 * 60, (m) => 50 + (m - 607) * 2),
    );
    await park.owner.query(
      'UPDATE installations SET valid_to = $1, last_register = 1607 WHERE meter_id = $2',
      [new Date(at), meterId],
    );
    await park.install(pointId, fresh, at, { first_register: 50 });
    await rebuildFrom(park.db, {
      projectId: park.projectId,
      points: [{ id: pointId, fromMs: at }],
    });
    await park.tick();
    const rows = await park.intervals(pointId);
    expect(rows.map((r) => r[2]).every((quality) => quality === 'measured')).toBe(true);
    expect(rows.slice(38, 43).map((r) => r[1])).toEqual([15, 15, 7 + 15, 30, 30]);
    expect(rows.map((r) => r[3]).slice(38, 42)).toEqual([1, 1, 2, 2]);
  });

  it('a meter that had left before takes its later intervals back: they are missing', async () => {
    const { pointId, meterId } = await newPoint();
    park.clock.now = new Date(T + DAY);
    await park.say(meterId, line(0, 24 * 60));
    await park.tick();
    const at = T + 6 * HOUR;
    await park.owner.query('UPDATE installations SET valid_to = $1 WHERE meter_id = $2', [
      ...[new Date(at), meterId],
    ]);
    await rebuildFrom(park.db, {
      projectId: park.projectId,
      points: [{ id: pointId, fromMs: at }],
    });
    await park.tick();
    const rows = await park.intervals(pointId);
    expect(rows.slice(0, 24).every((r) => r[1] !== null)).toBe(true);
    expect(rows.slice(24).every((r) => r[1] === null && r[2] === 'missing')).toBe(true);
    expect(await park.tick()).toMatchObject({ intervals: 0 });
  });

  it('a ratio corrected from the start makes every day that it changes dirty', async () => {
    const { pointId, meterId } = await newPoint();
    park.clock.now = new Date(T + 2 * DAY);
    await park.say(meterId, line(0, 2 * 24 * 60));
    await park.tick();
    const before = (await park.dirty('rating')).length;
    await park.owner.query('UPDATE installations SET ct = 40 WHERE meter_id = $1', [meterId]);
    await rebuildFrom(park.db, { projectId: park.projectId, points: [{ id: pointId, fromMs: T }] });
    await park.tick();
    expect(total((await park.intervals(pointId)).slice(1, 3))).toBe(2 * 150 * 40);
    const told = (await park.dirty('rating')).slice(before).map((d) => d.day);
    expect(told).toEqual(['2026-11-10', '2026-11-11']);
  });
});

describe('a point whose numbers cannot be computed with', () => {
  it('is named, and keeps no other point waiting', async () => {
    const [bad, good] = [await newPoint(), await newPoint()];
    park.clock.now = new Date(T + 40 * MINUTE);
    for (const { meterId } of [bad, good]) await park.say(meterId, line(0, 40));
    const poisoned = createIntervalBuilder({ ...park.deps, duckdb: failingFor(bad.pointId) });
    const { failures } = await poisoned.tick();
    expect(failures).toEqual([{ pointId: bad.pointId, message: 'out of range' }]);
    expect(await park.intervals(good.pointId)).toHaveLength(2);
    expect((await park.tick()).failures).toEqual([]);
    expect(await park.intervals(bad.pointId)).toHaveLength(2);
  });

  /** A DuckDB that cannot compute with one point. */
  const failingFor = (pointId: string): Duckdb => ({
    ...park.duckdb,
    connect: async () => {
      const connection = await park.duckdb.connect();
      const run = connection.run.bind(connection);
      connection.run = (text, values, types) => {
        const isIts = JSON.stringify(values ?? {}, (_, v) => (typeof v === 'bigint' ? '' : v));
        if (isIts.includes(`pointId\\":\\"${pointId}`)) throw new Error('out of range');
        return run(text, values, types);
      };
      return connection;
    },
  });
});

describe('a long history', () => {
  it('built in small stretches is the same as built at once', async () => {
    const samples = line(0, 6 * 24 * 60, (m) => 1000 + m * 3)
      .filter((_, i) => i % 15 === 0)
      // Silent for a day and a half.
      .filter((s) => s.ms < T + 2 * DAY || s.ms > T + 3.5 * DAY);
    const [one, two] = [await newPoint(), await newPoint()];
    park.clock.now = new Date(T + 6 * DAY);
    for (const { meterId } of [one, two]) await park.say(meterId, samples);
    await park.tick();
    const expected = await park.intervals(one.pointId);
    const small = await openIntervalPark({
      ...{ zone: ZONE, nowMs: T + 6 * DAY, limits: { samples: 400 } },
    });
    try {
      const [pointId, meterId] = [await small.point(), await small.meter()];
      await small.install(pointId, meterId, T, { first_register: 1000 });
      await small.say(meterId, samples);
      const built = await small.tick();
      expect(built.runs).toBeGreaterThan(3);
      expect(await small.intervals(pointId)).toEqual(expected);
    } finally {
      await small.close();
    }
  });
});

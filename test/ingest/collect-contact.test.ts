/** Who counts as silent, what ingest says of itself, and what is read at all. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BusConfig } from '../../ingest/bus.ts';
import { configurationMark, loadConfiguration } from '../../ingest/configuration.ts';
import { judgeContact } from '../../ingest/contact.ts';
import { openMeterStates } from '../../ingest/meter-states.ts';
import type { Sample } from '../../ingest/sample.ts';
import { startTicks } from '../../ingest/ticks.ts';
import { spoolTroubles } from '../../ingest/trouble.ts';
import { openPostgres, type Postgres } from '../../sql/postgres.ts';
import { type FreshDatabase, freshDatabase } from '../servers.ts';
import { openPark, type Park } from './collect-park.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;

const bus = (gatewayId: string, ids: string[], seconds = 60): BusConfig => ({
  id: `b${gatewayId}`,
  projectId: '1',
  gatewayId,
  endpoint: { framing: 'tcp', host: 'h', port: 1, connectTimeoutMs: 1, requestTimeoutMs: 1 },
  meters: ids.map((id, i) => ({
    id,
    projectId: '1',
    model: 'DTSY1352',
    zone: 'UTC',
    unit: i + 1,
    seconds,
  })),
});

describe('lost contact', () => {
  const judge = (buses: BusConfig[], lastAgo: Record<string, number>, failing: string[]) => {
    const contact = judgeContact(buses, {
      nowMs: NOW,
      lastSampleMs: (id) => (id in lastAgo ? NOW - (lastAgo[id] ?? 0) * MINUTE : undefined),
      isFailing: (id) => failing.includes(id),
      sinceMs: () => NOW - 2 * MINUTE,
    });
    const ids = (key: 'meters' | 'gateways') =>
      contact.byProject.flatMap((p) => p[key].map((a) => a.subjectId)).join(' ');
    return { meters: ids('meters'), gateways: ids('gateways'), silent: contact.silent.length };
  };

  test.each<[string, BusConfig[], Record<string, number>, string[], string, string, number]>([
    ['all well', [bus('g', ['a', 'b'])], { a: 1, b: 1 }, [], '', '', 0],
    ['one fails since a minute', [bus('g', ['a', 'b'])], { a: 1, b: 2 }, ['b'], '', '', 0],
    ['one fails since six minutes', [bus('g', ['a', 'b'])], { a: 1, b: 6 }, ['b'], 'b', '', 1],
    ['old but not asked yet', [bus('g', ['a', 'b'])], { a: 300, b: 300 }, [], '', '', 0],
    [
      'a quarter-hourly one after 40 min',
      [bus('g', ['a', 'b'], 900)],
      { a: 1, b: 40 },
      ['b'],
      '',
      '',
      0,
    ],
    [
      'a quarter-hourly one after 50 min',
      [bus('g', ['a', 'b'], 900)],
      { a: 1, b: 50 },
      ['b'],
      'b',
      '',
      1,
    ],
    ['never heard, new', [bus('g', ['a', 'b'])], { a: 1 }, ['b'], '', '', 0],
    ['all behind a gateway', [bus('g', ['a', 'b'])], { a: 9, b: 9 }, ['a', 'b'], '', 'g', 2],
    ['a gateway of one meter', [bus('g', ['a'])], { a: 9 }, ['a'], 'a', '', 1],
    [
      'one of two buses of a gateway',
      [bus('g', ['a', 'b']), { ...bus('g', ['c']), id: 'b2' }],
      { a: 9, b: 9, c: 1 },
      ['a', 'b'],
      'a b',
      '',
      2,
    ],
  ])('%s', (_, buses, lastAgo, failing, meters, gateways, silent) => {
    expect(judge(buses, lastAgo, failing)).toEqual({ meters, gateways, silent });
  });
});

describe('what ingest says of itself', () => {
  const spool = {
    bytes: 0,
    pendingBytes: 0,
    appendedRecords: 0,
    droppedRecords: 0,
    corruptRecords: 0,
    maxBytes: 100,
    isRefusing: false,
    diskProblem: undefined as string | undefined,
  };
  const delivery = {
    deliveredRows: 0,
    rejectedRows: 0,
    failures: 0,
    stalledAttempts: 0,
    lastProblem: '',
  };
  test.each([
    [{}, {}, []],
    [{ pendingBytes: 51 }, {}, ['spool warning']],
    [{ isRefusing: true }, {}, ['spool critical']],
    [{ diskProblem: 'ENOSPC' }, {}, ['spool critical']],
    [{}, { stalledAttempts: 4 }, []],
    [{ pendingBytes: 60 }, { stalledAttempts: 5 }, ['spool warning', 'delivery warning']],
  ])('%j and %j give %j', (s, d, expected) => {
    const troubles = spoolTroubles({ ...spool, ...s }, { ...delivery, ...d });
    expect(troubles.map((t) => `${t.subjectId} ${t.severity}`)).toEqual(expected);
  });
});

describe('with Postgres', () => {
  let database: FreshDatabase;
  let postgres: Postgres;
  let park: Park;

  beforeAll(async () => {
    database = await freshDatabase();
    postgres = openPostgres({ url: database.urls.ingest, max: 2 });
    park = await openPark(database.urls.owner, { buses: 2, meters: 3, seconds: 60 });
  });
  afterAll(async () => {
    await park.close();
    await postgres.close();
    await database.close();
  });

  test('what cannot be read is named with its reason and the rest is read', async () => {
    const { query, projectId, busIds } = park;
    const insert = `INSERT INTO meters (project_id, serial, model, bus_id, unit) VALUES ($1, $2, $3, $4, $5)`;
    await query(insert, [projectId, 'x1', 'NO-SUCH', busIds[0], 20]);
    await query(insert, [projectId, 'x2', 'DTSY1352', busIds[0], null]);
    await query(insert, [projectId, 'x3', 'DTSY1352', null, 5]);
    const { buses, unreadable } = await loadConfiguration(postgres.db, new Date());
    expect(buses.map(({ meters }) => meters.length)).toEqual([3, 3]);
    expect(unreadable.map(({ why }) => why)).toEqual(['model NO-SUCH is not known']);
    expect(buses[0]?.meters[0]).toMatchObject({ zone: 'Asia/Shanghai', seconds: 60 });
  });

  test('a dated schedule comes into force and ends by time alone', async () => {
    const { query, projectId, served } = park;
    const [meter = ''] = [...served.keys()];
    await query(
      `INSERT INTO schedules (project_id, meter_id, valid_from, valid_to, seconds)
       VALUES ($1, $2, '2030-01-01Z', '2030-02-01Z', 900)`,
      [projectId, meter],
    );
    const secondsAt = async (at: string) =>
      (await loadConfiguration(postgres.db, new Date(at))).buses
        .flatMap(({ meters }) => meters)
        .find(({ id }) => id === meter)?.seconds;
    expect(await secondsAt('2029-12-31T23:59:59Z')).toBe(60);
    expect(await secondsAt('2030-01-01T00:00:00Z')).toBe(900);
    expect(await secondsAt('2030-02-01T00:00:00Z')).toBe(60);
  });

  test('the mark changes with every kind of change and not without one', async () => {
    const { query, projectId, busIds } = park;
    const seen = new Set([await configurationMark(postgres.db)]);
    const changes = [
      `UPDATE projects SET poll_seconds = 60`,
      `UPDATE buses SET port = port + 1 WHERE id = ${busIds[0]}`,
      `UPDATE meters SET unit = 30 WHERE serial = 'x2'`,
      `INSERT INTO gateways (project_id, name) VALUES (${projectId}, 'G2')`,
      `INSERT INTO schedules (project_id, meter_id, valid_from, seconds)
       SELECT project_id, id, now(), 60 FROM meters WHERE serial = 'x2'`,
    ];
    for (const [i, change] of changes.entries()) {
      await query(change);
      seen.add(await configurationMark(postgres.db));
      seen.add(await configurationMark(postgres.db));
      expect(seen.size).toBe(i + 2);
    }
  });

  test('states keep the newest sample, the last failure and silence, and survive a restart', async () => {
    const [meterId = '', other = ''] = [...park.served.keys()];
    const sample = (atMs: number, more: Partial<Sample> = {}): Sample => ({
      projectId: park.projectId,
      meterId,
      atMs,
      quality: 'ok',
      deviceClockMs: atMs + 1500,
      channels: { active_wh: atMs % 1000, power_w: 12.5 },
      ...more,
    });
    const rows = () =>
      park.query(
        `SELECT meter_id::text, last_sample_at, last_ok_at, last_error_kind, quality, silent,
           clock_offset_ms, channels FROM meter_states WHERE project_id = $1 ORDER BY meter_id`,
        [park.projectId],
      );
    const states = openMeterStates(postgres.db);
    states.heard(sample(NOW), NOW);
    await states.write();
    states.heard(sample(NOW + 5, { quality: 'implausible:voltage', deviceClockMs: 0 }), NOW + 5);
    const meter = bus('g', [other]).meters[0];
    if (!meter) throw new Error('no meter');
    const failing = { ...meter, projectId: park.projectId };
    states.failed({ meter: failing, bus: bus('g', []), at: new Date(NOW), kind: 'timeout' });
    states.setSilent([{ projectId: park.projectId, meterId: other }]);
    await states.write();
    expect(await rows()).toMatchObject([
      {
        meter_id: meterId,
        last_sample_at: new Date(NOW + 5),
        last_ok_at: new Date(NOW),
        quality: 'implausible:voltage',
        clock_offset_ms: -(2 ** 31 - 1),
        channels: { power_w: 12.5 },
        silent: false,
      },
      { meter_id: other, last_sample_at: null, last_error_kind: 'timeout', silent: true },
    ]);
    const restarted = openMeterStates(postgres.db);
    await restarted.restore();
    expect(restarted.offClock(120_000)).toMatchObject([{ meterId }]);
    expect(states.offClock(2 ** 31)).toEqual([]);
    expect(restarted.lastSampleMs(meterId)).toBe(NOW + 5);
    expect([restarted.isFailing(meterId), restarted.isFailing(other)]).toEqual([false, true]);
    restarted.heard(sample(NOW - 9), NOW - 9);
    restarted.heard(sample(NOW + 9, { meterId: other }), NOW + 9);
    restarted.setSilent([]);
    await restarted.write();
    expect(restarted.isFailing(other)).toBe(false);
    expect(await rows()).toMatchObject([
      { last_sample_at: new Date(NOW + 5), quality: 'implausible:voltage' },
      { last_sample_at: new Date(NOW + 9), last_error_kind: 'timeout', silent: false },
    ]);
  });

  test('a clock that is off about the limit is off once, until it is clearly below', () => {
    const states = openMeterStates(postgres.db);
    const seconds = [119, 121, 119, 100, 95, 119, 121];
    const off = seconds.map((second, i) => {
      const atMs = NOW + i;
      const sample = { projectId: park.projectId, meterId: '7', atMs, quality: 'ok' as const };
      states.heard({ ...sample, deviceClockMs: atMs + second * 1000, channels: {} }, atMs);
      return states.offClock(120_000).length;
    });
    expect(off).toEqual([0, 1, 1, 1, 0, 0, 1]);
  });
});

test('a tick that fails is told and comes again, and stopping waits for the one that runs', async () => {
  const told: string[] = [];
  let runs = 0;
  let ended = false;
  const ticks = startTicks({ onError: (name) => told.push(name) });
  ticks.every(5, 'flaky', async () => {
    if (++runs < 3) throw new Error('no');
  });
  ticks.every(1000, 'slow', async () => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    ended = true;
  });
  await expect.poll(() => runs).toBeGreaterThan(3);
  await ticks.stop();
  expect(ended).toBe(true);
  expect(told).toEqual(['flaky', 'flaky']);
});

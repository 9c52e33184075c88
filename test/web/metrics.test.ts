/** /metrics: who is let in, what it tells, that it names nobody, and that the dashboard asks for what exists. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../../analytics/metrics.ts';
import '../../billing/metrics.ts';
import { countSamples } from '../../ingest/metrics.ts';
import { publishMetrics, readSnapshots, registry } from '../../sql/metrics.ts';
import { createServer } from '../../web/server.ts';
import { eventually } from '../patience.ts';
import { furnish } from './furnish.ts';
import { makeProject, openRig, type Rig } from './rig.ts';

const TOKEN = 'a-token-of-the-watchers';
let rig: Rig;
let app: ReturnType<typeof createServer>;
beforeAll(async () => {
  rig = await openRig();
  app = createServer({
    rooms: rig.rooms,
    auth: { tokenOf: () => undefined, session: async () => null } as never, // Nobody signs in here.
    clock: () => rig.clock.now,
    log: { info: () => {}, warn: () => {}, error: console.error },
    assets: new Map(),
    secret: '',
    exports: rig.exports,
    metricsToken: TOKEN,
  });
});
afterAll(() => rig.close());

/** Asks as a peer of this address does. */
const ask = async (remoteAddress: string, headers: Record<string, string> = {}) => {
  const answer = await app.request(
    '/metrics',
    { headers },
    { incoming: { socket: { remoteAddress } } },
  );
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
};
const scrape = async () => (await ask('127.0.0.1')).text;

describe('/metrics', () => {
  test.each([
    ['this machine', '127.0.0.1', {}, 200],
    ['this machine over IPv6', '::1', {}, 200],
    ['this machine, mapped', '::ffff:127.0.0.1', {}, 200],
    ['a proxy on this machine', '127.0.0.1', { 'x-forwarded-for': '10.0.0.9' }, 401],
    ['another proxy on this machine', '127.0.0.1', { via: '1.1 proxy' }, 401],
    ['a stranger', '10.0.0.9', {}, 401],
    ['a stranger who says he is not', '10.0.0.9', { 'x-forwarded-for': '127.0.0.1' }, 401],
    ['whoever has the token', '10.0.0.9', { authorization: `Bearer ${TOKEN}` }, 200],
    ['a wrong token', '10.0.0.9', { authorization: 'Bearer of news' }, 401],
    ['a wrong token on this machine', '127.0.0.1', { authorization: 'Bearer of' }, 401],
    ['an address that begins like ours', '127.0.0.1.evil', {}, 401],
  ])('%s', async (_, address, headers, status) => {
    const answer = await ask(address, headers);
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.headers.get('content-type')).toMatch(/^text\/plain.*0\.0\.4/);
    else expect(JSON.parse(answer.text)).toMatchObject({ code: 'unauthenticated' });
  });

  test('without a token of its own lets no token in', async () => {
    const answer = await rig.app.request('/metrics', {
      headers: { authorization: 'Bearer undefined' },
    });
    expect(answer.status).toBe(401);
  });
});

describe('what it tells', () => {
  test('requests, by the pattern of their route and never by what was asked', async () => {
    for (const path of [
      '/api/health',
      '/api/v1/projects/4711/points',
      '/api/nothing-4711',
      '/p/4711',
    ]) {
      await app.request(path, { method: 'GET' });
    }
    await app.request('/api/health', { method: 'BREW' });
    const text = await scrape();
    const routes = [
      ...text.matchAll(/^wattledger_http_request_seconds_count\{(.*)\} (\d+)$/gm),
    ].map((line) => line[1] ?? '');
    const of = (route: string) => routes.filter((labels) => labels.includes(`route="${route}"`));
    expect(of('/api/health')[0]).toContain('method="GET"');
    expect(of('/api/v1/projects/:projectId/points')).toHaveLength(1);
    expect(of('none').length).toBeGreaterThan(0);
    expect(of('page').length).toBeGreaterThan(0);
    expect(text).toContain('method="other"');
    expect(text).not.toContain('4711');
    expect(text).not.toContain('BREW');
  });

  test('queues and lag from the tables, without a name or an id of anything in them', async () => {
    const project = await makeProject(rig.admin, 'Observed Park');
    await furnish(rig, project.id, 'Observed');
    const { ingest, web } = rig.rooms;
    const at = new Date(rig.clock.now.getTime() - 90_000).toISOString();
    await ingest.db.execute(sql`
      INSERT INTO meter_states (project_id, meter_id, last_sample_at)
      SELECT project_id, id, ${at}::timestamptz FROM meters`);
    await ingest.db.execute(sql`
      INSERT INTO dirty_days (project_id, point_id, local_day, who, why)
      SELECT project_id, id, '2026-01-05', 'ingest', 'late' FROM points LIMIT 1`);
    await rig.rooms.billing.db.execute(sql`
      INSERT INTO settlement_waits (project_id, scope_id, local_day, reason)
      SELECT project_id, id, '2026-01-05', 'no-tariff' FROM points LIMIT 1`);
    for (const state of ['queued', 'done']) {
      await web.db.execute(sql`
        INSERT INTO export_jobs (project_id, actor_kind, actor_id, actor_name, path, format, state,
          requested_at) VALUES (${project.id}::bigint, 'user', 'u', 'Somebody', '/points', 'csv',
          ${state}, now())`);
    }
    await rig.rooms.billing.db.execute(sql`
      INSERT INTO credit_brake_acts (project_id, act, reason, actor_kind, actor_id, actor_name, at)
      VALUES (${project.id}::bigint, 'engaged', 'too-many-trips', 'system', 'credit', 'c', now())`);
    await rig.rooms.billing.db.execute(sql`
      INSERT INTO credit_cases (project_id, account_id, state, since, opened_at, levels)
      SELECT project_id, id, 'grace', now(), now(), '{}' FROM accounts
      WHERE project_id = ${project.id}::bigint LIMIT 1`);
    const text = await scrape();
    const value = (series: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')
          .at(-1),
      );
    expect(value('wattledger_tables_readable')).toBe(1);
    expect(value('wattledger_newest_sample_age_seconds')).toBeCloseTo(90, 0);
    expect(value('wattledger_dirty_marks{consumer="intervals"}')).toBe(1);
    expect(value('wattledger_settlement_waits{reason="no-tariff"}')).toBe(1);
    expect(value('wattledger_export_jobs{state="queued"}')).toBe(1);
    expect(value('wattledger_export_jobs{state="done"}')).toBe(1);
    expect(value('wattledger_credit_brakes_engaged')).toBe(1);
    expect(value('wattledger_credit_cases{state="grace"}')).toBe(1);
    expect(value('wattledger_meters{state="read"}')).toBeGreaterThan(0);
    expect(text).not.toMatch(/Observed|Somebody/);
    expect(text).not.toContain(project.id);
  });

  test('the size and age of the warehouse, from its manifests', async () => {
    const folder = join(rig.dataDir, 'warehouse', 'manifest');
    mkdirSync(folder, { recursive: true });
    const asOf = new Date(rig.clock.now.getTime() - 30_000).toISOString();
    const file = (bytes?: number) => ({ version: 3, asOf, rows: 1, fingerprint: '', bytes });
    writeFileSync(
      join(folder, 'project=77.json'),
      JSON.stringify({
        ...{ version: 3, asOf, projectId: '77' },
        days: { intervals: { '2026-01-01': file(100), '2026-01-02': file() } },
        months: { charges: { '2025-12': { ...file(20), days: { '2025-12-01': { rows: 1 } } } } },
        dimensions: { points: file(3) },
      }),
    );
    const text = await scrape();
    expect(text).toMatch(/^wattledger_warehouse_files 4$/m);
    expect(text).toMatch(/^wattledger_warehouse_bytes 123$/m);
    expect(text).toMatch(/^wattledger_warehouse_age_seconds 30(\.\d+)?$/m);
  });

  test('what every living room counts, and which room is silent', async () => {
    const atMs = rig.clock.now.getTime();
    const counted = (room: string) => [
      {
        ...{ name: 'process_cpu_seconds_total', help: 'CPU', type: 'counter', aggregator: 'sum' },
        values: [{ value: 7, labels: { room } }],
      },
    ];
    const folder = join(rig.dataDir, 'metrics');
    mkdirSync(folder, { recursive: true });
    for (const [room, age] of [
      ['ingest', 5_000],
      ['billing', 120_000],
    ] as const) {
      const snapshot = { atMs: atMs - age, metrics: counted(room) };
      writeFileSync(join(folder, `${room}.json`), JSON.stringify(snapshot));
    }
    const text = await scrape();
    expect(text).toMatch(/^wattledger_room_up\{room="ingest"\} 1$/m);
    expect(text).toMatch(/^wattledger_room_up\{room="billing"\} 0$/m);
    expect(text).toMatch(/^wattledger_room_up\{room="analytics"\} 0$/m);
    expect(text).toMatch(/^process_cpu_seconds_total\{room="ingest"\} 7$/m);
    expect(text).not.toMatch(/^process_cpu_seconds_total\{room="billing"\}/m);
    expect(text).toMatch(/^process_cpu_seconds_total\{room="web"\} /m);
    expect(text.match(/^# TYPE process_cpu_seconds_total /gm)).toHaveLength(1);
  });

  test('a torn snapshot costs its room, not the answer', async () => {
    writeFileSync(join(rig.dataDir, 'metrics', 'ingest.json'), '{"atMs": 1');
    expect(await scrape()).toMatch(/^wattledger_room_up\{room="ingest"\} 0$/m);
  });
});

test('a process publishes what it counts for web to find', async () => {
  let rows = 0;
  countSamples({
    spool: {
      stats: () => ({
        ...{ bytes: 10, pendingBytes: 4, appendedRecords: 9, droppedRecords: 2, corruptRecords: 0 },
        ...{ maxBytes: 100, isRefusing: false, diskProblem: undefined },
      }),
    },
    delivery: {
      stats: () => ({
        ...{ deliveredRows: rows, rejectedRows: 1, failures: 0, stalledAttempts: 0 },
        lastProblem: '',
      }),
    },
    clock: () => rig.clock.now,
  });
  const countOf = async (name: string) =>
    (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  rows = 5;
  expect(await countOf('wattledger_samples_stored_total')).toBe(5);
  expect(await countOf('wattledger_samples_stored_total')).toBe(5);
  expect(await countOf('wattledger_samples_dropped_total')).toBe(2);
  expect(await countOf('wattledger_spool_pending_seconds')).toBe(0);
  rig.clock.now = new Date(rig.clock.now.getTime() + 30_000);
  expect(await countOf('wattledger_spool_pending_seconds')).toBe(30);
  rows = 6;
  expect(await countOf('wattledger_spool_pending_seconds')).toBe(0);

  const { stop } = publishMetrics({
    room: 'web',
    dataDir: rig.dataDir,
    clock: () => rig.clock.now,
    onError: (error) => {
      throw error;
    },
  });
  const published = () => readSnapshots(rig.dataDir).find(({ room }) => room === 'web');
  await eventually(() => published() !== undefined);
  stop();
  expect(published()?.metrics.map(({ name }) => name)).toContain('wattledger_spool_bytes');
});

test('every query of the dashboard asks for metrics that exist, and every metric of ours is shown', async () => {
  const file = new URL('../../web/grafana/dashboard.json', import.meta.url);
  const queries = [...readFileSync(file, 'utf8').matchAll(/"expr": "((?:[^"\\]|\\.)*)"/g)]
    .map((found) => found[1] ?? '')
    .join('\n');
  const text = await scrape();
  // Of this process and the answer; the rooms' own metrics files are loaded above.
  const known = new Set([
    ...registry.getMetricsAsArray().map(({ name }) => name),
    ...[...text.matchAll(/^# TYPE (\S+) /gm)].map((found) => found[1] ?? ''),
  ]);
  const asked = new Set(
    (queries.match(/\b(wattledger|process|nodejs)_\w+/g) ?? []).map((name) =>
      known.has(name) ? name : name.replace(/_(bucket|count|sum)$/, ''),
    ),
  );
  expect(asked.size).toBeGreaterThan(20);
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  const ours = [...known].filter((name) => name.startsWith('wattledger_'));
  expect(ours.filter((name) => !asked.has(name))).toEqual([]);
});

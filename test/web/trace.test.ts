/** The trace of a request: taken over, handed on, and found again in what came of the request. */
import { Writable } from 'node:stream';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRound } from '../../billing/work.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { openLog } from '../../sql/log.ts';
import { messageOf } from '../../sql/refusal.ts';
import { inTrace, traceOf } from '../../sql/trace.ts';
import { openExportWorker } from '../../web/export-worker.ts';
import { createServer } from '../../web/server.ts';
import { flat } from '../billing/jiangsu.ts';
import { openPark, type Park } from '../billing/park.ts';
import { makeProject, openRig, type Rig } from './rig.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SENT = `00-${TRACE}-00f067aa0ba902b7-01`;

/** A log whose lines are kept. */
function keptLog(room: string) {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _, done) {
      for (const line of String(chunk).trim().split('\n')) lines.push(JSON.parse(line));
      done();
    },
  });
  return { lines, log: openLog({ room, destination }) };
}

describe('traceparent', () => {
  test.each([
    ['is taken over', SENT, TRACE],
    ['of a later version may say more', `01-${TRACE}-00f067aa0ba902b7-01-more`, TRACE],
    ['of version 00 may not', `${SENT}-more`, undefined],
    ['of version ff is none', `ff-${TRACE}-00f067aa0ba902b7-01`, undefined],
    ['of zeros is none', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    ['with a parent of zeros is none', `00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    ['in capitals is none', SENT.toUpperCase(), undefined],
    ['that is cut off is none', SENT.slice(0, 40), undefined],
    ['that carries a line break is none', `${SENT}\n`, undefined],
    ['that is missing is none', undefined, undefined],
  ])('%s', (_, header, expected) => {
    expect(traceOf(header)).toBe(expected);
  });
});

describe('a request', () => {
  let rig: Rig;
  const { lines, log } = keptLog('web');
  let app: ReturnType<typeof createServer>;
  beforeAll(async () => {
    rig = await openRig();
    const { web } = rig.rooms;
    const broken = { ...web, db: { execute: () => Promise.reject(new Error('broken')) } as never };
    app = createServer({
      // What signs in is refused by the store: a failure on our side.
      rooms: { ...rig.rooms, web: broken },
      auth: {
        tokenOf: () => undefined,
        session: async () => ({ userId: 'u', cookies: [] }),
      } as never,
      clock: () => rig.clock.now,
      log,
      assets: new Map(),
      secret: '',
      exports: rig.exports,
    });
  });
  afterAll(() => rig.close());

  test('a statement that fails is logged without what it was given, also within another error', async () => {
    const { lines, log } = keptLog('web');
    const secret = 'a session token, or a\npassword';
    const failed = await rig.db
      .execute(sql`SELECT ${secret}::text FROM nowhere`)
      .catch((error: unknown) => error);
    const outer = new Error('not signed in', { cause: failed });
    log.error({ err: failed }, messageOf(failed));
    log.error({ err: outer }, 'outer');
    const row = Object.assign(new Error('null value'), {
      detail: `Failing row contains (${secret}).`,
    });
    log.error({ err: row }, 'refused');
    const text = JSON.stringify(lines);
    expect(text).not.toMatch(/session token|password/);
    expect(text.match(/FROM nowhere/g)?.length).toBeGreaterThan(2);
    expect(text).toContain('null value');
  });

  test('goes on in the trace of its caller, and says so', async () => {
    const answer = await rig.anyone('GET', '/api/health', undefined, { traceparent: SENT });
    expect(answer.headers.get('x-trace-id')).toBe(TRACE);
    expect(traceOf(answer.headers.get('traceparent') ?? '')).toBe(TRACE);
    expect(answer.headers.get('traceparent')).not.toBe(SENT);
    const own = await rig.anyone('GET', '/api/health', undefined, { traceparent: 'nonsense' });
    expect(own.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(own.headers.get('x-trace-id')).not.toBe(TRACE);
  });

  test('that fails is found by its trace: in the answer, in the failure and in the request line', async () => {
    const answer = await app.request('/api/v1/projects/12/points', {
      headers: { traceparent: SENT },
    });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ code: 'internal', traceId: TRACE });
    const base = {
      room: 'web',
      traceId: TRACE,
      projectId: '12',
      path: '/api/v1/projects/12/points',
    };
    expect(lines.filter((line) => line.traceId === TRACE)).toMatchObject([
      { ...base, level: 'error', err: { message: 'broken' } },
      { ...base, level: 'info', msg: 'request', status: 500 },
    ]);
  });
});

test('an export job goes on in the trace of the request that asked for it', async () => {
  const rig = await openRig();
  try {
    const project = await makeProject(rig.admin, 'Traced Park');
    const { lines, log } = keptLog('web');
    const path = `/api/v1/projects/${project.id}/exports`;
    const asked = { path: '/accounts', format: 'csv' };
    const made = await rig.admin('POST', path, asked, { traceparent: SENT });
    expect(made.status).toBe(201);
    const worker = openExportWorker({
      ...{ db: rig.rooms.web.db, dataDir: rig.dataDir, clock: () => rig.clock.now, log },
      ask: (request, env) => rig.app.fetch(request, env as object), // What the worker has made.
      hasFile: () => true,
    });
    expect(await worker.runOne()).toBe(true);
    expect(lines.find((line) => line.msg === 'export')).toMatchObject({
      ...{ room: 'web', traceId: TRACE, projectId: project.id, exportId: made.body.id },
    });
    await worker.close();
  } finally {
    await rig.close();
  }
});

describe('a settlement', () => {
  let park: Park;
  const { lines, log } = keptLog('billing');
  beforeAll(async () => {
    park = await openPark({ points: 1, from: '2024-05-06', definition: flat('0.5') });
    await park.intervals(park.points[0] ?? '', '2024-05-06', () => 10);
    await park.questdb.settled(['intervals']);
    park.after('2024-05-06');
  });
  afterAll(() => park.close());

  test('has a trace of its own, or that of the request whose change it settles', async () => {
    const round = createRound({ ...park.deps, log });
    await round();
    const own = await park.value('SELECT trace_id FROM settlement_runs ORDER BY id LIMIT 1');
    expect(own).toMatch(/^[0-9a-f]{32}$/);
    expect(lines.find((line) => line.msg === 'settled: due')).toMatchObject({
      ...{ room: 'billing', projectId: park.project.id, traceId: own, headers: 1 },
    });
    await park.intervals(park.points[0] ?? '', '2024-05-06', () => 11, { version: 2 });
    await inTrace(TRACE, () =>
      markDirty(park.postgres.db, {
        ...{ projectId: park.project.id, who: 'billing', why: 'asked for' },
        days: [{ pointId: park.points[0] ?? '', localDay: '2024-05-06' }],
      }),
    );
    await round();
    expect(await park.value('SELECT trace_id FROM settlement_runs ORDER BY id DESC LIMIT 1')).toBe(
      TRACE,
    );
    expect(lines.find((line) => line.msg === 'settled: dirty')).toMatchObject({
      ...{ corrections: 1, causes: [TRACE] },
    });
  });

  test('that fails says in which trace and project', async () => {
    const failpoint = () => {
      throw new Error('no further');
    };
    await park.intervals(park.points[0] ?? '', '2024-05-06', () => 12, { version: 3 });
    await markDirty(park.postgres.db, {
      ...{ projectId: park.project.id, who: 'billing', why: 'again' },
      days: [{ pointId: park.points[0] ?? '', localDay: '2024-05-06' }],
    });
    await createRound({ ...park.deps, failpoint, log })();
    expect(lines.find((line) => line.level === 'error')).toMatchObject({
      ...{ room: 'billing', projectId: park.project.id, msg: 'a round of billing failed' },
      ...{ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), err: { message: 'no further' } },
    });
  });
});

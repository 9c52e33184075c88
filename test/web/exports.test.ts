/** Exports in the background: made as who asked, kept for a day, resumed, cancelled, bounded. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTING, exportFile, openExportWorker, tidyExports } from '../../web/export-worker.ts';
import { OPEN_JOBS_MAX } from '../../web/exports.ts';
import { type Ask, makeProject, openRig, type Rig, signInAs } from './rig.ts';

let rig: Rig;
let projectId: string;
let at: string;
let exportsAt: string;

beforeAll(async () => {
  rig = await openRig();
  ({ id: projectId } = await makeProject(rig.admin, 'Exports'));
  at = `/api/v1/projects/${projectId}`;
  exportsAt = `${at}/exports`;
  await rig.db.execute(sql`
    INSERT INTO audit (project_id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, detail)
    SELECT ${projectId}::bigint, 'system', 's', 'seed', 'thing.made', 'thing', i::text, '{"n":1}'
    FROM generate_series(1, 3000) i`);
});
afterAll(() => rig.close());

const runAll = async () => {
  while (await rig.exports.runOne());
};
const request = async (ask: Ask, path = '/audit', format = 'csv') => {
  const made = await ask('POST', exportsAt, { path, format });
  if (made.status !== 201) throw new Error(made.text);
  return made.body;
};
const stateOf = async (id: string) => (await rig.admin('GET', `${exportsAt}/${id}`)).body;

test('a file is made, told with its checksum, and fetched whole and in parts', async () => {
  const job = await request(rig.admin, '/audit', 'csv');
  expect(job).toMatchObject({ state: 'queued', rows: 0, link: null, requestedBy: 'Administrator' });
  await runAll();
  const done = await stateOf(job.id);
  expect(done).toMatchObject({ state: 'done', problem: null });
  expect(done.rows).toBeGreaterThanOrEqual(3000);
  const whole = await rig.admin('GET', done.link);
  expect(whole.status).toBe(200);
  expect(whole.headers.get('etag')).toBe(`"${done.sha256}"`);
  const bytes = readFileSync(exportFile(rig.dataDir, { projectId, ...job }));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(done.sha256);
  expect(bytes.length).toBe(done.bytes);
  const half = Math.floor(bytes.length / 2);
  const part = async (range: string, more = {}) =>
    rig.admin('GET', done.link, undefined, { range, ...more });
  const first = await part(`bytes=0-${half - 1}`);
  const rest = await part(`bytes=${half}-`, { 'if-range': `"${done.sha256}"` });
  expect([first.status, rest.status]).toEqual([206, 206]);
  expect(rest.headers.get('content-range')).toBe(
    `bytes ${half}-${bytes.length - 1}/${bytes.length}`,
  );
  expect(first.text + rest.text).toBe(whole.text);
  expect((await part(`bytes=${bytes.length}-`)).status).toBe(416);
  expect((await part('bytes=5-', { 'if-range': '"another"' })).status).toBe(200);
  const lines = await rig.admin('GET', `${at}/audit?limit=20`);
  const actions = lines.body.data.map((line: { action: string }) => line.action);
  expect(actions).toContain('export.requested');
  expect(actions).toContain('export.downloaded');
});

test('the link ends: the file goes and the job says so', async () => {
  const job = await request(rig.admin, '/buildings', 'parquet');
  await runAll();
  const { link } = await stateOf(job.id);
  const now = new Date(rig.clock.now.getTime() + 25 * 3_600_000);
  await tidyExports(rig.db, { now, dataDir: rig.dataDir });
  expect(await stateOf(job.id)).toMatchObject({ state: 'expired', link: null });
  expect((await rig.admin('GET', link)).status).toBe(404);
  expect(existsSync(exportFile(rig.dataDir, { projectId, ...job }))).toBe(false);
});

test('another’s export, another project’s and a wrong token answer as if there were none', async () => {
  const job = await request(rig.admin, '/buildings', 'csv');
  await runAll();
  const { link } = await stateOf(job.id);
  const colleague = await signInAs(rig, 'analyst', { projectId });
  expect((await colleague('GET', `${exportsAt}/${job.id}`)).status).toBe(404);
  expect((await colleague('GET', `${exportsAt}/${job.id}/file`)).status).toBe(404);
  expect((await colleague('GET', `${exportsAt}/${job.id}/file?token=wrong`)).status).toBe(404);
  // Who has been given the link may follow it, within the project.
  expect((await colleague('GET', link)).status).toBe(200);
  const other = await makeProject(rig.admin, 'Elsewhere');
  expect((await rig.admin('GET', `/api/v1/projects/${other.id}/exports/${job.id}`)).status).toBe(
    404,
  );
  const stranger = await signInAs(rig, 'analyst', { projectId: other.id });
  expect((await stranger('GET', link)).status).toBe(404);
  expect((await rig.anyone('GET', link)).status).toBe(401);
});

test('a role that was taken away meanwhile makes nothing', async () => {
  const who = { email: 'leaver@test.local', password: 'pass word leaver long' };
  const user = await rig.admin('POST', '/api/v1/users', { name: 'Leaver', ...who });
  const grant = await rig.admin('POST', '/api/v1/grants', {
    userId: user.body.id,
    role: 'finance',
    projectId,
  });
  const leaver = await rig.signIn(who);
  const job = await request(leaver, '/accounts', 'xlsx');
  await rig.admin('DELETE', `/api/v1/grants/${grant.body.id}`);
  await runAll();
  expect(await stateOf(job.id)).toMatchObject({ state: 'failed', problem: { code: 'not-found' } });
});

test.each([
  '/exports/../../../users',
  '//users',
  '/no-such-list',
  '/alarms#x',
  '/../2/alarms',
  'alarms',
])('%s is no question of the project', async (path) => {
  const answer = await rig.admin('POST', exportsAt, { path, format: 'csv' });
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
});

test('so many open ones and no more; one that is cancelled makes room', async () => {
  const jobs = [];
  for (let i = 0; i < OPEN_JOBS_MAX; i++) jobs.push(await request(rig.admin, '/alarms', 'json'));
  const more = await rig.admin('POST', exportsAt, { path: '/alarms', format: 'json' });
  expect([more.status, more.body.code]).toEqual([429, 'too-many-requests']);
  for (const { id } of jobs) {
    expect((await rig.admin('DELETE', `${exportsAt}/${id}`)).status).toBe(204);
    expect((await stateOf(id)).state).toBe('cancelled');
    expect((await rig.admin('DELETE', `${exportsAt}/${id}`)).status).toBe(204);
  }
  expect((await rig.admin('GET', `${exportsAt}/${jobs[0].id}`)).status).toBe(404);
  expect(await rig.exports.runOne()).toBe(false);
});

/** What one side tells and the other waits for. */
function event(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** A worker whose questions are answered by `answer`. */
const workerOf = (answer: (request: Request) => Response, dataDir = rig.dataDir) =>
  openExportWorker({
    db: rig.db,
    dataDir,
    clock: () => rig.clock.now,
    log: { info() {}, warn() {}, error: console.error },
    ask: (asked) => answer(asked),
    hasFile: () => true,
  });

test('one that runs is cancelled: its question ends, and nothing is left of it', async () => {
  let ended = false;
  const begun = event();
  const worker = workerOf((asked) => {
    asked.signal.addEventListener('abort', () => {
      ended = true;
    });
    return new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new Uint8Array(1000));
          begun.resolve();
          asked.signal.addEventListener('abort', () => controller.error(asked.signal.reason));
        },
      }),
    );
  });
  const job = await request(rig.admin, '/alarms', 'csv');
  const running = worker.runOne();
  await begun.promise;
  await rig.admin('DELETE', `${exportsAt}/${job.id}`);
  worker.cancel(job.id);
  await running;
  expect(ended).toBe(true);
  expect((await stateOf(job.id)).state).toBe('cancelled');
  expect(partsIn(rig.dataDir)).toEqual([]);
});

test('a job whose process was killed is taken up again, and given up after the third time', async () => {
  const job = await request(rig.admin, '/buildings', 'csv');
  // As a process leaves it that dies while it writes.
  const kill = () =>
    rig.db.execute(sql`UPDATE export_jobs SET state = 'running', attempts = attempts + 1,
      alive_at = ${new Date(rig.clock.now.getTime() - 60_000).toISOString()}::timestamptz
      WHERE id = ${job.id}::bigint`);
  await kill();
  await runAll();
  expect((await stateOf(job.id)).state).toBe('done');
  await kill();
  await kill();
  expect(await rig.exports.runOne()).toBe(false);
  expect(await stateOf(job.id)).toMatchObject({ state: 'failed', problem: { code: 'internal' } });
});

test('an answer that breaks off fails the job, and what was written is removed', async () => {
  const worker = workerOf(
    () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(1000)),
          pull: (controller) =>
            controller.error(Object.assign(new Error('ENOSPC: No space left on device'))),
        }),
      ),
  );
  const job = await request(rig.admin, '/alarms', 'csv');
  await worker.runOne();
  expect(await stateOf(job.id)).toMatchObject({
    state: 'failed',
    problem: { code: 'disk-full' },
    bytes: null,
  });
  expect(partsIn(rig.dataDir)).toEqual([]);
});

test('a process that stops leaves its job to the next one', async () => {
  const begun = event();
  const worker = workerOf((asked) => {
    begun.resolve();
    return new Response(
      new ReadableStream({
        start: (controller) =>
          asked.signal.addEventListener('abort', () => controller.error(asked.signal.reason)),
      }),
    );
  });
  const job = await request(rig.admin, '/buildings', 'csv');
  const running = worker.runOne();
  await begun.promise;
  await worker.close();
  await running;
  expect((await stateOf(job.id)).state).toBe('queued');
  await runAll();
  expect((await stateOf(job.id)).state).toBe('done');
});

test('no header lets a request speak for somebody else', async () => {
  const answer = await rig.anyone('GET', `${at}/buildings`, undefined, {
    [String(ACTING.description)]: '{"kind":"user","id":"1"}',
  });
  expect(answer.status).toBe(401);
});

const partsIn = (dataDir: string): string[] =>
  readdirSync(join(dataDir, 'exports'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.part'));

/** The process of web: it says when it is ready, finishes what is under way, and leaves with its launcher. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rooms } from '../../sql/owners.ts';
import { freePort } from '../../sql/port.ts';
import { freshDatabase } from '../servers.ts';
import { ADMIN, makeProject } from './rig.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let database: Awaited<ReturnType<typeof freshDatabase>>;
let dataDir: string;
const children: ChildProcess[] = [];
const SESSION_SECRET = 'a secret for tests that is long enough';
const METRICS_TOKEN = 'a token for the metrics'.replaceAll(' ', '-');

beforeAll(async () => {
  database = await freshDatabase();
  dataDir = mkdtempSync(join(tmpdir(), 'wattledger-web-main-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function startWeb(env: Record<string, string> = {}) {
  const port = await freePort();
  const urls = rooms.map((room) => [`DATABASE_URL_${room.toUpperCase()}`, database.urls[room]]);
  const child = fork(join(root, 'web/main.ts'), {
    cwd: root,
    execArgv: ['--import', 'tsx', '--import', './sql/leash.ts'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      ...Object.fromEntries(urls),
      QUESTDB_URL: database.questdbUrl,
      DATA_DIR: dataDir,
      PORT: String(port),
      SESSION_SECRET,
      METRICS_TOKEN,
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      LOG_LEVEL: 'warn',
      ...env,
    },
  });
  children.push(child);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const said = await Promise.race([
    new Promise((resolve) => child.once('message', resolve)),
    exited.then((code) => `exit ${code}`),
  ]);
  return { child, exited, said, log: () => text, address: `http://127.0.0.1:${port}`, port };
}

test('web says that it is ready when it answers, with its operator made', async () => {
  const { said, address, child, exited, log } = await startWeb({ LOG_LEVEL: 'trace' });
  expect(said).toBe('ready');
  const health = await fetch(`${address}/api/health`);
  expect(health.status).toBe(200);
  const session = await fetch(`${address}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMIN),
  });
  expect(session.status).toBe(200);
  const secrets = {
    ...{ ...(await useSecrets(address)), password: ADMIN.password },
    ...{ session: SESSION_SECRET, metrics: METRICS_TOKEN },
    ...Object.fromEntries(rooms.map((room) => [room, new URL(database.urls[room]).password])),
  };
  await withstandsOddRequests({ port: Number(new URL(address).port), pid: child.pid ?? 0 });
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  // Whatever it was told and gave out, its log says nothing of it (fault 58).
  expect(log()).toMatch(/"path":"\/api\/v1\/session"/);
  const told = Object.entries(secrets).filter(
    ([, secret]) => secret !== '' && log().includes(secret),
  );
  expect(told.map(([name]) => name)).toEqual([]);
});

/** Signs in rightly and wrongly, makes a key and uses it; what came of it is as secret as a password. */
async function useSecrets(url: string): Promise<Record<string, string>> {
  const ask = async (path: string, headers: Record<string, string>, body?: unknown) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', origin: url, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { response, body: await response.json() };
  };
  const statusOf = async (path: string, key: string) =>
    (await ask(path, { authorization: `Bearer ${key}` })).response.status;
  const who = { email: ADMIN.email, password: 'not-the-password-but-near' };
  const refused = await ask('/session', {}, who);
  const session = await ask('/session', {}, { ...who, password: ADMIN.password });
  const cookies = session.response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  const signedIn = { cookie: cookies.join('; ') };
  const group = await ask('/groups', signedIn, { name: 'Secrets' });
  const made = await ask(`/groups/${group.body.id}/keys`, signedIn, { name: 'k', role: 'analyst' });
  const { key } = made.body;
  const statuses = [
    ...[refused.response.status, session.response.status, made.response.status],
    ...[await statusOf('/projects', key), await statusOf('/projects', `${key.slice(0, -1)}?`)],
  ];
  if (statuses.join() !== '401,200,201,200,401') throw new Error(`answered ${statuses}`);
  const token = decodeURIComponent(cookies[0]?.split('=')[1] ?? '').split('.')[0] ?? '';
  if (token.length < 16) throw new Error('no session cookie');
  return { wrong: who.password, key, token };
}

/** Every odd request is answered at once as JSON without a stack, and the process grows by none of them (fault 55). */
async function withstandsOddRequests({ port, pid }: { port: number; pid: number }) {
  const head = (more: string, query = '') =>
    `POST /api/v1/session${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n\r\n`;
  const posted = (body: string, type = 'application/json') =>
    head(`Content-Type: ${type}\r\nContent-Length: ${body.length}`) + body;
  const part = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n';
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const odd: [what: string, status: number, ...parts: string[]][] = [
    ['a query of 20 kB', 431, head('Content-Length: 0', `?q=${'a'.repeat(20_000)}`)],
    ['a query of 2 MB', 431, head('Content-Length: 0', `?q=${'a'.repeat(2_000_000)}`)],
    ['no HTTP', 400, 'HELO there\r\n\r\n'],
    ['100 MB announced', 413, head('Content-Type: application/json\r\nContent-Length: 100000000')],
    [
      ...(['100 MB without a length', 413] as const),
      head('Content-Type: application/json\r\nTransfer-Encoding: chunked'),
      ...Array<string>(1600).fill(chunk),
    ],
    ['a zip bomb', 400, posted('x'.repeat(900_000), 'application/json\r\nContent-Encoding: gzip')],
    ['10^5 levels', 400, posted('['.repeat(100_000) + ']'.repeat(100_000))],
    ['10^5 keys', 400, posted(`{${Array.from({ length: 90_000 }, (_, i) => `"${i}":1`).join()}}`)],
    ['a key 10^5 times', 400, posted(`{${'"a":1,'.repeat(100_000)}"a":1}`)],
    ['10^4 parts', 400, posted(`${part.repeat(10_000)}--x--`, 'multipart/form-data; boundary=x')],
    ['10^5 parts', 413, posted(`${part.repeat(100_000)}--x--`, 'multipart/form-data; boundary=x')],
    ['10^4 names', 431, head('Content-Length: 0', `?${'a=1&'.repeat(10_000)}`)],
    ['a name 10^3 times', 400, head('Content-Length: 0', `?${'a=1&'.repeat(1000)}`)],
  ];
  const round = async () => {
    let peak = 0;
    for (const [what, status, ...parts] of odd) {
      const start = performance.now();
      const answer = await tell(port, parts);
      const seconds = (performance.now() - start) / 1000;
      expect([what, Number(answer.slice(9, 12))]).toEqual([what, status]);
      expect(answer).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/i);
      expect(JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1))).toEqual(
        expect.objectContaining({ status, code: expect.any(String), traceId: expect.any(String) }),
      );
      expect(answer).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/);
      expect(seconds, what).toBeLessThan(10);
      peak = Math.max(peak, kilobytesOf(pid));
    }
    return peak;
  };
  // The first round brings what the process needs for anything; from then on nothing may stay.
  const before = await round();
  expect((await round()) - before).toBeLessThan(50_000);
}

const kilobytesOf = (pid: number) => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]));

/** What is answered to these bytes, sent one part after the other as far as they are taken. */
function tell(port: number, parts: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', async () => {
      for (const text of parts) {
        if (socket.destroyed || answer !== '') return;
        if (!socket.write(text)) {
          await new Promise<void>((go) => {
            socket.once('drain', go);
            socket.once('close', go);
          });
        }
      }
    });
    socket.on('data', (data) => {
      answer += data;
    });
    // Who is refused while still speaking may see the connection reset.
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.setTimeout(60_000, () => socket.destroy());
  });
}

test('a stop finishes the request that is under way', async () => {
  const { child, exited, port } = await startWeb();
  const body = JSON.stringify(ADMIN);
  const head = `POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  const answer = new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head + body.slice(0, 10));
      setTimeout(() => child.kill('SIGTERM'), 600);
      setTimeout(() => socket.write(body.slice(10)), 1600);
    });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  expect(await answer).toMatch(/^HTTP\/1\.1 200/);
  expect(await exited).toBe(0);
});

test('web ends when its launcher is gone', async () => {
  const { child, exited } = await startWeb();
  child.disconnect();
  expect(await exited).toBe(0);
});

test('a port that is taken ends it with an error', async () => {
  const first = await startWeb();
  const second = await startWeb({ PORT: String(first.port) });
  expect(second.said).toBe('exit 1');
  first.child.kill('SIGTERM');
  await first.exited;
});

test('killed while it makes a file, the next one makes it whole, and nothing half is offered', async () => {
  const first = await startWeb();
  const pool = new pg.Pool({ connectionString: database.urls.web, max: 2 });
  const signIn = async (address: string) => {
    const session = await fetch(`${address}/api/v1/session`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify(ADMIN),
    });
    const cookie = session.headers.getSetCookie().map((line) => line.split(';')[0]);
    return (path: string, body?: unknown) =>
      fetch(`${address}/api/v1${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { cookie: cookie.join('; '), 'content-type': 'application/json', origin: address },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
  };
  const ask = await signIn(first.address);
  const { id } = await makeProject(async (method, path, body) => {
    const answer = await ask(path.replace('/api/v1', ''), method === 'GET' ? undefined : body);
    const text = await answer.text();
    return { status: answer.status, text, body: JSON.parse(text), headers: answer.headers };
  }, 'Killed');
  await pool.query(
    `INSERT INTO audit (project_id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, detail)
     SELECT $1, 'system', 's', 'seed', 'thing.made', 'thing', i::text, '{"n":1}' FROM generate_series(1, 40000) i`,
    [id],
  );
  const made = await (
    await ask(`/projects/${id}/exports`, { path: '/audit', format: 'csv' })
  ).json();
  const folder = join(dataDir, 'exports', id);
  const part = () => (existsSync(folder) ? readdirSync(folder) : []);
  const stateOf = async (from: typeof ask) =>
    (await from(`/projects/${id}/exports/${made.id}`)).json();
  await expect.poll(() => part(), { interval: 20 }).toEqual([`${made.id}.csv.part`]);
  first.child.kill('SIGKILL');
  await first.exited;
  expect(part()).toEqual([`${made.id}.csv.part`]);
  // Its silence is told by its last sign of life; here the time passes at once.
  await pool.query("UPDATE export_jobs SET alive_at = alive_at - interval '1 minute'");
  const second = await startWeb();
  const again = await signIn(second.address);
  const states = new Set<string>();
  await expect
    .poll(
      async () => {
        const { state, link } = await stateOf(again);
        states.add(`${state} ${link === null ? 'without' : 'with'} link`);
        return state;
      },
      { interval: 100 },
    )
    .toBe('done');
  for (const state of states) expect(['running without link', 'done with link']).toContain(state);
  const done = await stateOf(again);
  expect(part()).toEqual([`${made.id}.csv`]);
  const file = await again(done.link.replace('/api/v1', ''));
  const bytes = Buffer.from(await file.arrayBuffer());
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(done.sha256);
  expect([done.problem, bytes.length]).toEqual([null, done.bytes]);
  expect(bytes.toString('utf8')).toContain(`# rows = ${done.rows} (complete)`);
  expect(done.rows).toBeGreaterThanOrEqual(40_000);
  await pool.end();
  second.child.kill('SIGTERM');
  await second.exited;
});

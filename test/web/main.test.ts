/** The process of web: it says when it is ready, finishes what is under way, and leaves with its launcher. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rooms } from '../../sql/owners.ts';
import { freePort } from '../../sql/port.ts';
import { freshDatabase } from '../servers.ts';
import { ADMIN } from './rig.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let database: Awaited<ReturnType<typeof freshDatabase>>;
let dataDir: string;
const children: ChildProcess[] = [];

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
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      ...Object.fromEntries(urls),
      QUESTDB_URL: database.questdbUrl,
      DATA_DIR: dataDir,
      PORT: String(port),
      SESSION_SECRET: 'a secret for tests that is long enough',
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      LOG_LEVEL: 'warn',
      ...env,
    },
  });
  children.push(child);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const said = await Promise.race([
    new Promise((resolve) => child.once('message', resolve)),
    exited.then((code) => `exit ${code}`),
  ]);
  return { child, exited, said, address: `http://127.0.0.1:${port}`, port };
}

test('web says that it is ready when it answers, with its operator made', async () => {
  const { said, address, child, exited } = await startWeb();
  expect(said).toBe('ready');
  const health = await fetch(`${address}/api/health`);
  expect(health.status).toBe(200);
  const session = await fetch(`${address}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMIN),
  });
  expect(session.status).toBe(200);
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
}, 60_000);

test('a stop finishes the request that is under way', async () => {
  const { child, exited, port } = await startWeb();
  const body = JSON.stringify(ADMIN);
  const head = `POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  const answer = new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head + body.slice(0, 10));
      setTimeout(() => child.kill('SIGTERM'), 200);
      setTimeout(() => socket.write(body.slice(10)), 700);
    });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  expect(await answer).toMatch(/^HTTP\/1\.1 200/);
  expect(await exited).toBe(0);
}, 60_000);

test('web ends when its launcher is gone', async () => {
  const { child, exited } = await startWeb();
  child.disconnect();
  expect(await exited).toBe(0);
}, 60_000);

test('a port that is taken ends it with an error', async () => {
  const first = await startWeb();
  const second = await startWeb({ PORT: String(first.port) });
  expect(second.said).toBe('exit 1');
  first.child.kill('SIGTERM');
  await first.exited;
}, 60_000);

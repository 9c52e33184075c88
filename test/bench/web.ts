/** The real web process over a warehouse, and somebody signed in: what an answer costs its asker. */
import { fork } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { rooms } from '../../sql/owners.ts';
import { freePort } from '../../sql/port.ts';
import { endProcess, processMark } from '../../sql/process.ts';
import type { BenchContext, BenchDatabases } from './part.ts';

const root = join(import.meta.dirname, '../..');
const ADMIN = { email: 'bench@wattledger.local', password: 'correct horse battery' };
const STOP_MS = 15_000;

export interface RunningWeb {
  pid: number;
  /** Where it listens. */
  address: string;
  /** What it runs on. */
  urls: BenchDatabases['urls'];
  questdbUrl: string;
  /** Asks with the session; throws unless the answer is 200. The body is the caller's to read. */
  get: (path: string, signal?: AbortSignal) => Promise<Response>;
  stop: () => Promise<void>;
}

/** Starts the process over `warehouse`; the projects are entered with the ids that its files have. */
export async function startWeb(
  { scratch, databases }: BenchContext,
  {
    warehouse,
    projectIds,
    zone,
  }: { warehouse: string; projectIds: readonly string[]; zone: string },
): Promise<RunningWeb> {
  const { urls, questdbUrl } = await databases();
  await enterProjects(urls.owner, { projectIds, zone });
  const dataDir = mkdtempSync(join(scratch, 'web-'));
  symlinkSync(warehouse, join(dataDir, 'warehouse'));
  const port = await freePort();
  const child = fork(join(root, 'web/main.ts'), {
    cwd: root,
    execArgv: ['--import', 'tsx', '--import', './sql/leash.ts'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      ...{ TZ: 'UTC', NODE_ENV: 'production', LOG_LEVEL: 'warn' },
      ...Object.fromEntries(
        rooms.map((room) => [`DATABASE_URL_${room.toUpperCase()}`, urls[room]]),
      ),
      ...{ QUESTDB_URL: questdbUrl, DATA_DIR: dataDir, PORT: String(port) },
      SESSION_SECRET: 'a secret for the bench that is long enough',
      ...{ ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password },
    },
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the web process ended with ${code}`)));
  });
  const mark = processMark(child.pid ?? 0);
  if (!mark) throw new Error('the web process is gone');
  const address = `http://127.0.0.1:${port}`;
  const session = await fetch(`${address}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: address },
    body: JSON.stringify(ADMIN),
  });
  if (!session.ok) throw new Error(`sign-in failed: ${await session.text()}`);
  const cookie = session.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  return {
    pid: mark.pid,
    address,
    ...{ urls, questdbUrl },
    get: async (path, signal) => {
      const response = await fetch(`${address}/api/v1${path}`, { headers: { cookie }, signal });
      if (response.status !== 200) {
        throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
      }
      return response;
    },
    stop: async () => {
      await endProcess(mark, { deadlineMs: STOP_MS });
    },
  };
}

async function enterProjects(
  ownerUrl: string,
  { projectIds, zone }: { projectIds: readonly string[]; zone: string },
): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(
      `WITH g AS (INSERT INTO groups (name) VALUES ('Bench') RETURNING id),
        e AS (INSERT INTO legal_entities (group_id, name) SELECT id, 'Bench' FROM g RETURNING group_id, id)
       INSERT INTO projects (id, group_id, legal_entity_id, name, zone, currency)
       SELECT p, group_id, id, 'Bench ' || p, $2, 'CNY' FROM e, unnest($1::bigint[]) p`,
      [projectIds, zone],
    );
  } finally {
    await client.end();
  }
}

/**
 * The embedded PostgreSQL: the real server from the npm package, driven over its own initdb and
 * pg_ctl. It outlives us when we are killed, and the next start adopts it.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { freePort } from './port.ts';
import {
  binariesVersion,
  may,
  readableBinaries,
  type ServerUser,
  serverUser,
} from './postgres-binaries.ts';
import { endProcess, isAlive, type ProcessMark, processMark, waitUntil } from './process.ts';
import { messageOf, Refusal } from './refusal.ts';

export interface PostgresServer {
  /** As the owner of everything, on database `wattledger`. */
  url: string;
  mark: ProcessMark;
  /** True when a server that was already running on this folder was taken over. */
  adopted: boolean;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop: () => Promise<void>;
}

export interface PostgresServerOptions {
  /** Where the cluster lives; made when absent. */
  folder: string;
  /** Where the binaries are copied to when the server's user cannot read them in place. */
  cacheFolder: string;
  /** Of the owner role; decides at the first start, must be the same at every later one. */
  password: string;
  /** More `name=value` settings of the server. */
  settings?: Record<string, string>;
  say?: (line: string) => void;
}

/** The role that owns every table; no room's process ever connects as it. */
export const OWNER = 'wattledger';
const DATABASE = 'wattledger';
const START_DEADLINE_S = 60;
const STOP_DEADLINE_MS = 30_000;
const LEFTOVER_DEADLINE_MS = 15_000;
const DYING_DEADLINE_MS = 5_000;
const LOG_BYTES_MAX = 10_000_000;

const settled = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  max_connections: '200',
  shared_buffers: '256MB',
  log_min_messages: 'warning',
};

/**
 * Starts the server, or adopts the one that already runs on this folder. Throws Refusal with what
 * to do when the binaries are missing, the folder cannot be used or the password is not its own.
 */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const { password, say = () => {} } = options;
  const folder = resolve(options.folder);
  const user = serverUser();
  const binaries = readableBinaries(user, options.cacheFolder);
  makeCluster({ folder, user, binaries, password, say });
  const adopted = await adopt(folder, password);
  if (adopted) return server({ ...adopted, password, adopted: true });
  const port = await freePort(rememberedPort(folder));
  writeFileSync(join(folder, 'port'), `${port}\n`);
  const log = join(folder, 'server.log');
  if (existsSync(log) && statSync(log).size > LOG_BYTES_MAX) truncateSync(log);
  const settings = Object.entries({ ...settled, ...options.settings, port: String(port) })
    .map(([name, value]) => `-c ${name}='${value}'`)
    .join(' ');
  const data = dataPath(folder, user);
  run(join(binaries, 'bin', 'pg_ctl'), {
    args: [
      ...['start', '-w', '-t', String(START_DEADLINE_S), '-s', '-D', data],
      ...['-l', join(data, 'server.log'), '-o', settings],
    ],
    cwd: folder,
    user,
    failure: () => `PostgreSQL does not start: ${lastLines(log)}`,
  });
  const started = await runningServer(folder);
  if (!started) throw new Refusal(`PostgreSQL does not start: ${lastLines(log)}`);
  await assertOurs(started.port, password, folder);
  return server({ ...started, password, adopted: false });
}

interface Running {
  mark: ProcessMark;
  port: number;
}

/** The server that already runs on this folder; undefined when there is none, or it is just dying. */
async function adopt(folder: string, password: string): Promise<Running | undefined> {
  const running = await runningServer(folder);
  if (!running) return undefined;
  try {
    await assertOurs(running.port, password, folder);
    return running;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (!(await waitUntil(() => !isAlive(running.mark), DYING_DEADLINE_MS))) throw error;
    return runningServer(folder);
  }
}

function server({
  mark,
  port,
  password,
  adopted,
}: Running & { password: string; adopted: boolean }): PostgresServer {
  return {
    url: urlOf(port, password, DATABASE),
    mark,
    adopted,
    // SIGINT is Postgres' word for a fast shutdown; SIGKILL past the deadline costs a recovery only.
    stop: async () => {
      await endProcess(mark, { deadlineMs: STOP_DEADLINE_MS, first: 'SIGINT' });
    },
  };
}

const urlOf = (port: number, password: string, database: string): string =>
  `postgres://${OWNER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

/**
 * The path that the server is given for its folder. Where its user may not walk down to it (a clone
 * under /root), the server is started inside it and names it by its own working directory.
 */
function dataPath(folder: string, user: ServerUser): string {
  if (may(user, '-x', folder)) return folder;
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new Refusal(
    `user postgres cannot enter ${folder}: set DATA_DIR to a folder that it can enter`,
  );
}

function makeCluster({
  folder,
  user,
  binaries,
  password,
  say,
}: {
  folder: string;
  user: ServerUser;
  binaries: string;
  password: string;
  say: (line: string) => void;
}): void {
  if (existsSync(join(folder, 'initialized'))) return;
  say('Making the PostgreSQL cluster');
  // Without the stamp an earlier attempt was cut short: nothing in it was ever used.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  if (user) chownSync(folder, user.uid, user.gid);
  const secret = mkdtempSync(join(tmpdir(), 'wattledger-'));
  const file = join(secret, 'password');
  try {
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    for (const path of user ? [secret, file] : []) chownSync(path, user?.uid ?? 0, user?.gid ?? 0);
    run(join(binaries, 'bin', 'initdb'), {
      args: [
        ...['-D', dataPath(folder, user), '-U', OWNER, '--auth=scram-sha-256', '--encoding=UTF8'],
        ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
        `--pwfile=${file}`,
      ],
      cwd: folder,
      user,
      output: 'read',
      failure: (text) => `PostgreSQL cannot make its cluster in ${folder}: ${text}`,
    });
  } finally {
    rmSync(secret, { recursive: true, force: true });
  }
  writeFileSync(join(folder, 'initialized'), `${binariesVersion()}\n`, { flush: true });
}

function rememberedPort(folder: string): number | undefined {
  const file = join(folder, 'port');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) || undefined : undefined;
}

/** The server that runs on this folder by its postmaster.pid, once it is ready; undefined if none. */
async function runningServer(folder: string): Promise<Running | undefined> {
  const file = join(folder, 'postmaster.pid');
  let running: Running | undefined;
  const known = await waitUntil(
    () => {
      const [pid, , , port, , , , status] = existsSync(file)
        ? readFileSync(file, 'utf8').split('\n')
        : [];
      const mark = pid ? processMark(Number(pid)) : undefined;
      if (!mark || !isPostgres(mark.pid)) return true;
      if (status?.trim() === 'ready') running = { mark, port: Number(port) };
      return running !== undefined;
    },
    START_DEADLINE_S * 1000,
    100,
  );
  if (!known) throw new Refusal(`the PostgreSQL server that runs on ${folder} does not get ready`);
  if (!running) await leftoversGone(folder);
  return running;
}

function isPostgres(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres';
  } catch {
    return false; // Gone meanwhile.
  }
}

/**
 * After kill −9 of the postmaster its backends live on for a moment and hold the shared memory; when
 * they are gone, so may be the lock file, whose pid may still be known (as a zombie, or used again).
 */
async function leftoversGone(folder: string): Promise<void> {
  if (process.platform !== 'linux' || !existsSync(folder)) return;
  const { ino, dev } = statSync(folder);
  const leftovers = () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => isPostgres(pid) && worksIn(pid, { ino, dev }))
      .flatMap((pid) => processMark(pid) ?? []);
  if (!(await waitUntil(() => leftovers().length === 0, LEFTOVER_DEADLINE_MS, 100))) {
    for (const mark of leftovers()) {
      await endProcess(mark, { deadlineMs: 1000, first: 'SIGKILL' });
    }
  }
  rmSync(join(folder, 'postmaster.pid'), { force: true });
}

function worksIn(pid: number, folder: { ino: number; dev: number }): boolean {
  try {
    const { ino, dev } = statSync(`/proc/${pid}/cwd`);
    return ino === folder.ino && dev === folder.dev;
  } catch {
    return false; // Gone meanwhile, or another user's.
  }
}

/** That who answers is the server of this folder, and that database `wattledger` exists in it. */
async function assertOurs(port: number, password: string, folder: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(port, password, 'postgres') });
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [
      DATABASE,
    ]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code !== '28P01') throw cause;
    throw new Refusal(
      `the PostgreSQL data in ${folder} has another password: put back the secrets file that belongs to it`,
      { cause },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

function run(
  program: string,
  {
    args,
    cwd,
    user,
    output = 'ignore',
    failure,
  }: {
    args: string[];
    cwd: string;
    user: ServerUser;
    /** pg_ctl's server inherits our pipes and would hold them open: only initdb's output is read. */
    output?: 'ignore' | 'read';
    failure: (text: string) => string;
  },
): void {
  const { PATH, TZ } = process.env;
  const env = { PATH, TZ: TZ ?? 'UTC', LC_ALL: 'C' };
  try {
    execFileSync(program, args, {
      ...user,
      cwd,
      env,
      stdio: output === 'read' ? 'pipe' : 'ignore',
    });
  } catch (cause) {
    const text = (cause as { stderr?: Buffer }).stderr?.toString().trim();
    throw new Refusal(failure(text || messageOf(cause)), { cause });
  }
}

const lastLines = (file: string): string =>
  existsSync(file)
    ? readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' | ')
    : `see ${file}`;

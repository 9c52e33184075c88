/**
 * The embedded QuestDB: the real server from its jar, run on Java 17+ as a child of its own session.
 * It outlives us when we are killed, and the next start adopts it.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from './port.ts';
import {
  endProcess,
  isAlive,
  type ProcessMark,
  processMark,
  readJson,
  waitUntil,
  writeJson,
} from './process.ts';
import { messageOf, Refusal } from './refusal.ts';

export interface QuestdbServer {
  /** With user and password in it; for openQuestdb. */
  url: string;
  mark: ProcessMark;
  /** True when a server that was already running on this folder was taken over. */
  adopted: boolean;
  /** Clean shutdown; killed when it takes longer than its deadline. */
  stop: () => Promise<void>;
}

export interface QuestdbServerOptions {
  /** Where the data lives; made when absent. */
  folder: string;
  /** The jar and the java from `obtainQuestdb`. */
  jar: string;
  java: string;
  /** Of the one HTTP user; may change from start to start. */
  password: string;
  /** Bound of the Java heap; QuestDB keeps its data outside of it, in mapped files. */
  heapMb?: number;
  say?: (line: string) => void;
}

const USER = 'wattledger';
const HEAP_MB = 768;
const READY_DEADLINE_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;
const STOP_DEADLINE_MS = 20_000;

/**
 * Starts the server, or adopts the one that already runs on this folder. Throws Refusal with the
 * last lines of its log when it does not answer in time.
 */
export async function startQuestdb(options: QuestdbServerOptions): Promise<QuestdbServer> {
  const { password } = options;
  const folder = resolve(options.folder);
  mkdirSync(join(folder, 'conf'), { recursive: true, mode: 0o700 });
  const mark = join(folder, 'server.json');
  const known = readMark(folder);
  if (known && isAlive(known)) {
    const url = urlOf(known.port, password);
    if (await waitUntil(() => answers(url), PROBE_TIMEOUT_MS)) {
      return server({ mark: known, url, adopted: true });
    }
    // It hangs, or knows another password: it has to go before another may open its tables.
    await endProcess(known, { deadlineMs: STOP_DEADLINE_MS });
  }
  const port = await freePort(known?.port);
  const started = await launch({ ...options, folder, port });
  writeJson(mark, { ...started, port });
  const url = urlOf(port, password);
  const log = join(folder, 'server.log');
  const up = await waitUntil(
    async () => !isAlive(started) || (await answers(url)),
    READY_DEADLINE_MS,
    100,
  );
  if (up && isAlive(started)) return server({ mark: started, url, adopted: false });
  await endProcess(started, { deadlineMs: STOP_DEADLINE_MS });
  throw new Refusal(`QuestDB does not start: ${lastLines(log)}`);
}

/** The address of the server that runs on a folder, whether it answers or not; undefined when none runs. */
export function runningQuestdb({
  folder,
  password,
}: Pick<QuestdbServerOptions, 'folder' | 'password'>): string | undefined {
  const known = readMark(folder);
  return known && isAlive(known) ? urlOf(known.port, password) : undefined;
}

const readMark = (folder: string) =>
  readJson(join(resolve(folder), 'server.json')) as (ProcessMark & { port: number }) | undefined;

const server = (running: Omit<QuestdbServer, 'stop'>): QuestdbServer => ({
  ...running,
  stop: async () => {
    await endProcess(running.mark, { deadlineMs: STOP_DEADLINE_MS });
  },
});

const urlOf = (port: number, password: string): string =>
  `http://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}`;

async function answers(url: string): Promise<boolean> {
  const { origin, username, password } = new URL(url);
  const login = Buffer.from(`${username}:${decodeURIComponent(password)}`).toString('base64');
  try {
    const response = await fetch(`${origin}/exec?query=${encodeURIComponent('SELECT 1')}`, {
      headers: { authorization: `Basic ${login}` },
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // Not listening yet: asking again is the handling.
  }
}

async function launch({
  folder,
  jar,
  java,
  password,
  port,
  heapMb = HEAP_MB,
}: QuestdbServerOptions & { port: number }): Promise<ProcessMark> {
  writeFileSync(join(folder, 'conf', 'log.conf'), LOG_CONF);
  // Their file of defaults, every line a comment, would read as if it were in force.
  writeFileSync(join(folder, 'conf', 'server.conf'), '# set by the environment\n');
  rmSync(join(folder, 'server.log'), { force: true });
  const log = openSync(join(folder, 'server.log'), 'a', 0o600);
  try {
    const args = [
      ...[`-Xmx${heapMb}m`, '-Xms64m', '-XX:+ExitOnOutOfMemoryError'],
      ...[`-XX:ErrorFile=${join(folder, 'hs_err_%p.log')}`, '-Dfile.encoding=UTF-8'],
      ...['-p', jar, '-m', 'io.questdb/io.questdb.ServerMain', '-d', folder],
    ];
    const child = spawn(java, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...inherited(), TZ: 'UTC', ...settings({ port, password }) },
    });
    const pid = await new Promise<number>((ok, fail) => {
      child.once('error', fail);
      child.once('spawn', () => ok(child.pid ?? 0));
    }).catch((cause) => {
      throw new Refusal(`Java does not run (${java}): ${messageOf(cause)}`, { cause });
    });
    child.unref();
    const mark = processMark(pid);
    if (!mark) throw new Refusal(`QuestDB ended at once: ${lastLines(join(folder, 'server.log'))}`);
    return mark;
  } finally {
    closeSync(log);
  }
}

/** What the JVM takes from its surroundings: JAVA_TOOL_OPTIONS is its own variable for options. */
const inherited = () => {
  const { PATH, JAVA_TOOL_OPTIONS } = process.env;
  return { PATH, ...(JAVA_TOOL_OPTIONS ? { JAVA_TOOL_OPTIONS } : {}) };
};

/** Only HTTP, only loopback, only with the password; tables come from migrations and nowhere else. */
const settings = ({ port, password }: { port: number; password: string }) => ({
  QDB_HTTP_BIND_TO: `127.0.0.1:${port}`,
  QDB_HTTP_NET_BIND_TO: `127.0.0.1:${port}`,
  QDB_HTTP_USER: USER,
  QDB_HTTP_PASSWORD: password,
  QDB_HTTP_MIN_ENABLED: 'false',
  QDB_PG_ENABLED: 'false',
  QDB_LINE_TCP_ENABLED: 'false',
  QDB_LINE_AUTO_CREATE_NEW_TABLES: 'false',
  QDB_LINE_AUTO_CREATE_NEW_COLUMNS: 'false',
  QDB_TELEMETRY_ENABLED: 'false',
  // Each column file of the newest partition grows by this much: at the default of 16 MB the
  // samples of one small park took 800 MB of disk for a day.
  QDB_CAIRO_WRITER_DATA_APPEND_PAGE_SIZE: '1M',
  // A reader maps some fifty files for each day of samples and keeps those of 128 days for up to seven
  // minutes (TTL and the interval of its check): a few dozen readers of some months met Linux's default
  // of 65,530 maps a process, and every statement after that failed with ENOMEM.
  QDB_CAIRO_INACTIVE_READER_MAX_OPEN_PARTITIONS: '4',
  QDB_CAIRO_INACTIVE_READER_TTL: '30s',
  QDB_CAIRO_IDLE_CHECK_INTERVAL: '15s',
});

/** Errors only: at INFO it writes several lines for every request, without bound. */
const LOG_CONF = `writers=stdout
w.stdout.class=io.questdb.log.LogConsoleWriter
w.stdout.level=ERROR,CRITICAL,ADVISORY
`;

const lastLines = (file: string): string =>
  existsSync(file)
    ? readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' | ') || `see ${file}`
    : `see ${file}`;

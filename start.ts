/**
 * The whole system: PostgreSQL and QuestDB, migrations, the simulated park, then ingest, billing,
 * analytics and web, kept alive until Ctrl-C. `--no-demo` begins empty; `--set-up` only fetches;
 * `--verify` proves the ledger of a data folder, whether the system runs on it or not; `--backup` copies
 * all of it into a folder, `--restore` a backup into an empty system.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { makeBackup } from './sql/backup/backup.ts';
import { type Manifest, openBackup } from './sql/backup/manifest.ts';
import { readPacked } from './sql/backup/packed.ts';
import { comparisonLines, restoreBackup } from './sql/backup/restore.ts';
import {
  type DataFolder,
  demoOf,
  holderOf,
  isDataFolder,
  openDataFolder,
} from './sql/data-folder.ts';
import { forgetSecrets, type LaunchEnvironment, launchEnvironment } from './sql/env.ts';
import { DataNewerThanCode, migratePostgres, migrateQuestdb } from './sql/migrate.ts';
import { rooms } from './sql/owners.ts';
import { bindPort } from './sql/port.ts';
import { startPostgres } from './sql/postgres-server.ts';
import { waitUntil } from './sql/process.ts';
import { obtainQuestdb } from './sql/questdb-jar.ts';
import { runningQuestdb, startQuestdb } from './sql/questdb-server.ts';
import { messageOf, Refusal } from './sql/refusal.ts';
import { type RoomEnvironments, roomEnvironments } from './sql/room-environments.ts';
import { forgetAdminPassword, openSecrets, type Secrets } from './sql/secrets.ts';
import { type Crew, keepServer, openCrew } from './sql/supervise.ts';

const CONTENT_DEADLINE_MS = 300_000;
const HEALTH_TIMEOUT_MS = 5_000;
/** What the simulated meters show and where they listen, within the data folder. */
const SIMULATOR_STATE = join('simulator', 'state.json');
const KEPT_AT_RESTART = ['secrets.json', 'lock.json', 'state.json', 'logs'];

const root = fileURLToPath(new URL('.', import.meta.url));
const flags = process.argv.slice(2);
const began = performance.now();
const say = (line: string) =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);

/** What has to be ended, in the order it was begun. */
const open: (() => Promise<void> | void)[] = [];
let data: DataFolder | undefined;
let crew: Crew | undefined;
let stopping = false;
let exitCode = 0;

const starting = start();
starting.catch((error) => stop(error));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop());
process.on('disconnect', () => stop());
process.on('uncaughtException', (error) => stop(error));
// Nobody reads any more what we say (`npm start | head`): that is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

async function start(): Promise<void> {
  if (flags[0] === '--backup') return backup(flags.slice(1));
  if (flags[0] === '--restore') return restore(flags.slice(1));
  const unknown = flags.find((flag) => !['--no-demo', '--set-up', '--verify'].includes(flag));
  if (unknown) throw new Refusal(`there is no option ${unknown}; there is --no-demo`);
  const env = readEnvironment();
  if (flags.includes('--set-up')) return setUp(env);
  if (flags.includes('--verify')) return verify(env);
  data = await openDataFolder(env.dataFolder);
  open.push(() => data?.release());
  await assertPortFree(env);
  const secrets = openSecrets(data.path);
  if (data.demo === 'entering') await startOver(env, secrets, data);
  const urls = await databases(env, secrets, data);
  const roomEnv = roomEnvironments(env, secrets, { ...urls, base: process.env });
  crew = openCrew({ logFolder: join(data.path, 'logs'), cwd: root, say, remember: data.remember });
  const first = data.demo === undefined;
  if (first) data.setDemo(flags.includes('--no-demo') ? 'none' : 'entering');
  if (data.demo !== 'none') await park(crew, data, roomEnv);
  await Promise.all(rooms.map((room) => crew?.start(work(room, `${room}/main.ts`, roomEnv[room]))));
  say('Rooms are up: ingest, billing, analytics, web');
  const address = `http://${env.host.includes(':') ? `[${env.host}]` : env.host}:${env.port}`;
  if (first && data.demo !== 'none' && (await content(address))) {
    // Meters count from their first recharge on, so what lies before it has to be known.
    await crew.runOnce(work('demo', 'web/demo.ts', roomEnv.web, '--meter-mode'));
  }
  assertGoingOn();
  const shown = secrets.admin
    ? `password ${secrets.admin}`
    : 'the password shown at the first start';
  const how = env.adminPassword ? 'the password in ADMIN_PASSWORD' : shown;
  console.log(`Ready  ${address}  sign in as ${env.adminEmail} with ${how}`);
  if (secrets.admin) forgetAdminPassword(data.path, secrets);
}

/** Read once; no program that we start inherits the secrets. */
function readEnvironment(): LaunchEnvironment {
  const env = launchEnvironment(process.env);
  forgetSecrets(process.env);
  return env;
}

async function setUp({ questdbUrl, cacheFolder, javaHome, path }: LaunchEnvironment) {
  if (!questdbUrl) await obtainQuestdb({ cacheFolder, javaHome, path, say });
}

/** Proves the ledger with the Postgres that runs on the data, else with one that is ended again. */
async function verify(env: LaunchEnvironment): Promise<void> {
  if (!isDataFolder(env.dataFolder)) {
    throw new Refusal(
      `there are no data in ${env.dataFolder}: set DATA_DIR to the folder of yours`,
    );
  }
  const secrets = openSecrets(env.dataFolder);
  const owner = env.databaseUrl ?? (await postgresOf(env, secrets));
  await proveLedger(env, secrets, owner);
  setImmediate(() => stop());
}

/** Proves the ledger in a process of its own and takes over its exit code. */
async function proveLedger(env: LaunchEnvironment, secrets: Secrets, owner: string): Promise<void> {
  const urls = { owner, questdb: 'http://nothing.invalid' }; // A proof asks Postgres alone.
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'billing/verify/main.ts')], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: roomEnvironments(env, secrets, { ...urls, base: process.env }).billing,
  });
  open.push(() => void child.kill());
  const [code] = await once(child, 'exit');
  exitCode = Math.max(exitCode, code ?? 1);
}

/** The one folder that a backup or a restore is told, as an absolute path, and its options. */
function told(args: readonly string[], usage: string, known: readonly string[] = []) {
  const folders = args.filter((arg) => !arg.startsWith('--'));
  const options = args.filter((arg) => arg.startsWith('--'));
  const [folder] = folders;
  if (!folder || folders.length > 1 || options.some((option) => !known.includes(option))) {
    throw new Refusal(`say it like: ${usage}`);
  }
  return { folder: resolve(folder), options };
}

/** Copies all of a system into a folder, whether it runs or not. */
async function backup(args: readonly string[]): Promise<void> {
  const withKeys = '--with-keys';
  const { folder, options } = told(args, `npm run backup -- <folder> [${withKeys}]`, [withKeys]);
  const env = readEnvironment();
  const { dataFolder, databaseUrl } = env;
  if (!isDataFolder(dataFolder) && !(databaseUrl && env.questdbUrl)) {
    throw new Refusal(`there are no data in ${dataFolder}: set DATA_DIR to the folder of yours`);
  }
  const state = demoOf(dataFolder);
  if (state === 'entering') throw new Refusal('its first start is still under way: wait for Ready');
  const isRunning = holderOf(dataFolder) !== undefined;
  const ownerUrl = databaseUrl ?? (await postgresOf(env, openSecrets(dataFolder)));
  const questdb = env.questdbUrl ?? (await questdbOf(env, openSecrets(dataFolder)));
  const isForeign = databaseUrl !== undefined || env.questdbUrl !== undefined;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const keysFile = options.includes(withKeys) ? join(dataFolder, 'secrets.json') : undefined;
  const demo = state === 'entered' ? 'entered' : 'none';
  const simulatorFile = demo === 'entered' ? join(dataFolder, SIMULATOR_STATE) : undefined;
  await makeBackup({
    ...{ folder, ownerUrl, questdbUrl: questdb, version, demo, simulatorFile, keysFile, say },
    clock: () => new Date(),
    // Where nothing runs, nothing is under way.
    ...(isRunning || isForeign ? {} : { dirtyGraceMs: 0 }),
  });
  say(
    keysFile
      ? 'The backup holds the KEYS of this system (keys.gz): whoever reads it can sign sessions'
      : `Keys stay behind: people sign in anew after a restore (${withKeys} takes them along)`,
  );
  setImmediate(() => stop());
}

/** Brings a backup into an empty system, compares every settled day and proves the ledger. */
async function restore(args: readonly string[]): Promise<void> {
  const { folder } = told(args, 'npm run restore -- <folder>');
  const env = readEnvironment();
  const manifest = await openBackup(folder, say);
  if (isDataFolder(env.dataFolder) && demoOf(env.dataFolder) !== 'entering') {
    throw new Refusal(
      `a backup is restored into an empty system only, and ${env.dataFolder} holds data: set DATA_DIR to a new folder`,
    );
  }
  data = await openDataFolder(env.dataFolder);
  open.push(() => data?.release());
  // A restore that is cut off is swept away by the next start, as a first start that was.
  data.setDemo('entering');
  // Before any server is made with other passwords.
  await putBack(folder, manifest.keys, join(data.path, 'secrets.json'));
  await putBack(folder, manifest.simulator, join(data.path, SIMULATOR_STATE));
  const secrets = openSecrets(data.path);
  const ownerUrl = env.databaseUrl ?? (await postgresOf(env, secrets));
  const questdb = env.questdbUrl ?? (await questdbOf(env, secrets));
  const compared = await restoreBackup({
    ...{ folder, manifest, ownerUrl, questdbUrl: questdb, rolePasswords: secrets.rooms, say },
  });
  console.log(comparisonLines(compared).join('\n'));
  if (compared.some(({ different }) => different.length > 0)) exitCode = 1;
  await proveLedger(env, secrets, ownerUrl);
  if (exitCode === 0) {
    data.setDemo(manifest.demo);
    // Who may sign in came with the backup: the password made for a first start is nobody's.
    forgetAdminPassword(data.path, secrets);
    say('Restored. The next npm start makes the warehouse anew');
  }
  setImmediate(() => stop());
}

/** A file of the data folder as it was backed up, where it was, for its owner only. */
async function putBack(folder: string, packed: Manifest['keys'], file: string): Promise<void> {
  if (!packed) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await buffer(readPacked(folder, packed)), { mode: 0o600 });
}

/** The address of the folder's QuestDB: of the one that runs, or of one for now. */
async function questdbOf(env: LaunchEnvironment, secrets: Secrets): Promise<string> {
  const { cacheFolder, javaHome, path } = env;
  const folder = join(env.dataFolder, 'questdb');
  const password = secrets.questdb;
  // One that is only busy must not be ended and begun anew, as a start does with one that hangs.
  const running = runningQuestdb({ folder, password });
  if (running) return running;
  const parts = await obtainQuestdb({ cacheFolder, javaHome, path, say });
  const server = await startQuestdb({ folder, ...parts, password });
  open.push(server.stop);
  return server.url;
}

/** The address of the folder's PostgreSQL, as its owner: of the one that runs, or of one for now. */
async function postgresOf(env: LaunchEnvironment, secrets: Secrets): Promise<string> {
  const folder = join(env.dataFolder, 'postgres');
  if (data) {
    say('Starting PostgreSQL');
  } else if (!holderOf(env.dataFolder)) {
    data = await openDataFolder(env.dataFolder);
    open.push(() => data?.release());
  } else if (!existsSync(join(folder, 'postmaster.pid'))) {
    throw new Refusal(`it is just starting on ${env.dataFolder}: try again when it is ready`);
  }
  const { cacheFolder } = env;
  const server = await startPostgres({ folder, cacheFolder, password: secrets.postgres });
  if (!server.adopted) open.push(server.stop);
  return server.url;
}

async function assertPortFree({ port, host }: LaunchEnvironment): Promise<void> {
  await bindPort(port, host).catch((cause) => {
    const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${cause.code})`;
    throw new Refusal(`port ${port} on ${host} ${why}: free it, or set PORT (and HOST)`, { cause });
  });
}

interface Urls {
  owner: string;
  questdb: string;
}

/** Both databases, embedded or foreign, running and migrated. */
async function databases(
  env: LaunchEnvironment,
  secrets: Secrets,
  { path }: DataFolder,
): Promise<Urls> {
  const { databaseUrl, questdbUrl, cacheFolder, javaHome } = env;
  const kept = async (name: string, launch: () => ReturnType<typeof startPostgres>) => {
    const server = await keepServer({ name, start: launch, say, onLost: stop });
    open.push(server.stop);
    say(`${name} is up`);
    return server.url;
  };
  const postgres = async (): Promise<string> => {
    const folder = join(path, 'postgres');
    const launch = () => startPostgres({ folder, cacheFolder, password: secrets.postgres, say });
    const owner = databaseUrl ?? (await kept('PostgreSQL', launch));
    const migrated = migratePostgres({ ownerUrl: owner, rolePasswords: secrets.rooms });
    await (databaseUrl ? migrated.catch(unusable('DATABASE_URL')) : migrated);
    return owner;
  };
  const questdb = async (): Promise<string> => {
    let url = questdbUrl;
    if (!url) {
      const parts = await obtainQuestdb({ cacheFolder, javaHome, path: env.path, say });
      const folder = join(path, 'questdb');
      const launch = () => startQuestdb({ folder, ...parts, password: secrets.questdb });
      url = await kept('QuestDB', launch);
    }
    const migrated = migrateQuestdb({ url });
    await (questdbUrl ? migrated.catch(unusable('QDB_CLIENT_CONF')) : migrated);
    return url;
  };
  const [owner, quest] = await Promise.allSettled([postgres(), questdb()]);
  assertGoingOn();
  if (owner.status === 'rejected') throw owner.reason;
  if (quest.status === 'rejected') throw quest.reason;
  return { owner: owner.value, questdb: quest.value };
}

/** What a server of the user's own says, after the name of the variable that led us there. */
const unusable = (name: string) => (cause: Error & { code?: string }) => {
  if (cause instanceof DataNewerThanCode) throw cause;
  throw new Refusal(`${name} cannot be used: ${cause.message || cause.code}`, { cause });
};

const work = (
  name: string,
  file: string,
  env: Record<string, string | undefined>,
  ...options: string[]
) => ({
  name,
  args: ['--import', 'tsx', '--import', './sql/leash.ts', file, ...options],
  env,
});

/** The simulated park; at the first start it is entered, with its history. */
async function park(crew: Crew, data: DataFolder, env: RoomEnvironments): Promise<void> {
  await crew.start(work('simulator', 'ingest/simulator/main.ts', env.simulator));
  say('The simulated park is up');
  if (data.demo === 'entered') return;
  say('First start: entering the demo park');
  await crew.runOnce(work('demo', 'web/demo.ts', env.web));
  say('Making its history');
  await crew.runOnce(work('history', 'ingest/simulator/history.ts', env.ingest));
  data.setDemo('entered');
}

/** A first start that was cut short has left half a park and nothing of anybody's: begin again. */
async function startOver(
  env: LaunchEnvironment,
  secrets: Secrets,
  data: DataFolder,
): Promise<void> {
  if (env.databaseUrl || env.questdbUrl) {
    throw new Refusal('the first start was cut short: give it an empty database and DATA_DIR');
  }
  say('The first start was cut short: beginning again');
  const { cacheFolder, javaHome, path } = env;
  const folder = (name: string) => join(data.path, name);
  if (existsSync(folder('postgres'))) {
    const password = secrets.postgres;
    await (await startPostgres({ folder: folder('postgres'), cacheFolder, password })).stop();
  }
  if (existsSync(folder('questdb'))) {
    const parts = await obtainQuestdb({ cacheFolder, javaHome, path, say });
    const password = secrets.questdb;
    await (await startQuestdb({ folder: folder('questdb'), ...parts, password })).stop();
  }
  for (const name of readdirSync(data.path).filter((entry) => !KEPT_AT_RESTART.includes(entry))) {
    rmSync(folder(name), { recursive: true, force: true });
  }
  data.setDemo(undefined);
}

/** Waits, telling how far it is, until no page would be empty; false when that takes too long. */
async function content(address: string): Promise<boolean> {
  say('Waiting for intervals, settlements and reports to catch up');
  let told = '';
  const caughtUp = await waitUntil(
    async () => {
      assertGoingOn();
      const health = await healthOf(address);
      if (health?.progress && health.progress !== told) say(health.progress);
      told = health?.progress ?? told;
      return health?.caughtUp === true;
    },
    CONTENT_DEADLINE_MS,
    1_000,
  );
  if (!caughtUp) say('Some of the history is still being worked off; /api/health tells which');
  return caughtUp;
}

interface Health {
  caughtUp?: boolean;
  progress?: string;
}

async function healthOf(address: string): Promise<Health | undefined> {
  try {
    const answer = await fetch(`${address}/api/health`, {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    });
    return (await answer.json()) as Health;
  } catch {
    return undefined; // Busy or being restarted: it is asked again.
  }
}

function assertGoingOn(): void {
  if (stopping) throw new Refusal('stopped');
}

/** Ends everything in the reverse order of its beginning; with an error, after telling it. */
async function stop(error?: unknown): Promise<void> {
  if (stopping) return;
  stopping = true;
  if (error) {
    const plain = error instanceof Refusal || error instanceof DataNewerThanCode;
    console.error(`Wattledger: ${messageOf(error)}`);
    if (!plain) console.error(error);
  }
  if (crew) say('Stopping');
  let code = error ? 1 : exitCode;
  try {
    data?.stopping();
    await crew?.stop();
    // A start that is still under way ends at its next step, so that nothing is begun behind our back.
    await starting.catch(() => {});
    for (const end of open.reverse()) await end();
  } catch (failure) {
    console.error(`Wattledger: stopping failed: ${messageOf(failure)}`);
    code = 1;
  }
  process.exit(code);
}

/**
 * One PostgreSQL and one QuestDB for the whole run: those of TEST_POSTGRES_URL and TEST_QUESTDB_URL,
 * or servers of its own in a temporary folder. Tests reach them through servers.ts.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migratePostgres, migrateQuestdb } from '../sql/migrate.ts';
import { rooms } from '../sql/owners.ts';
import { startPostgres } from '../sql/postgres-server.ts';
import { endProcess } from '../sql/process.ts';
import { obtainQuestdb } from '../sql/questdb-jar.ts';
import { startQuestdb } from '../sql/questdb-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** As the owner, on the database that keeps the books of the test databases. */
    postgresUrl: string;
    questdbUrl: string;
    /** A migrated database to clone. */
    template: string;
    cacheFolder: string;
  }
}

/** Of every room's role on the test server. */
export const ROLE_PASSWORD = 'test';
const TEMPLATE_LOCK = 7_238_002;
/** A server that lives for minutes never earns back what the second compiler of Java costs. */
const SHORT_LIVED_JAVA = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';
const END_DEADLINE_MS = 20_000;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { env } = process;
  // The workers inherit it, and with them every QuestDB that a test starts.
  env.JAVA_TOOL_OPTIONS ??= SHORT_LIVED_JAVA;
  const cacheFolder = env.CACHE_DIR || join(homedir(), '.cache', 'wattledger');
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-test-'));
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.reverse()) await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    let postgresUrl = env.TEST_POSTGRES_URL;
    if (!postgresUrl) {
      // Nobody needs the data of a test after a power cut; tests of crashes start their own server.
      const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
      const place = join(folder, 'postgres');
      const postgres = await startPostgres({
        folder: place,
        cacheFolder,
        password: 'test',
        settings,
      });
      stops.push(postgres.stop);
      postgresUrl = postgres.url;
    }
    let questdbUrl = env.TEST_QUESTDB_URL;
    if (!questdbUrl) {
      const { JAVA_HOME: javaHome, PATH: path } = env;
      const parts = await obtainQuestdb({ cacheFolder, javaHome, path, say: console.log });
      const place = join(folder, 'questdb');
      const questdb = await startQuestdb({ folder: place, ...parts, password: 'test' });
      // Its folder goes with it: nothing has to be put in order first.
      stops.push(async () => {
        await endProcess(questdb.mark, { deadlineMs: END_DEADLINE_MS, first: 'SIGKILL' });
      });
      questdbUrl = questdb.url;
    }
    const template = await prepare(postgresUrl, questdbUrl);
    for (const [name, value] of Object.entries({
      postgresUrl,
      questdbUrl,
      template,
      cacheFolder,
    })) {
      project.provide(name as 'postgresUrl', value);
    }
  } catch (error) {
    await stopAll();
    throw error;
  }
  return stopAll;
}

/** Migrates QuestDB and a template database, named by what it is made from; two runs take turns. */
async function prepare(postgresUrl: string, questdbUrl: string): Promise<string> {
  const template = `template_${fingerprint()}`;
  const books = new pg.Client({ connectionString: postgresUrl });
  await books.connect();
  try {
    await books.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    await books.query('CREATE SEQUENCE IF NOT EXISTS test_ranges');
    await migrateQuestdb({ url: questdbUrl });
    const found = await books.query('SELECT FROM pg_database WHERE datname = $1', [template]);
    if (found.rowCount) return template;
    const part = `${template}_part`;
    await books.query(`DROP DATABASE IF EXISTS ${part} WITH (FORCE)`);
    await books.query(`CREATE DATABASE ${part}`);
    const ownerUrl = Object.assign(new URL(postgresUrl), { pathname: `/${part}` }).toString();
    const passwords = rooms.map((room) => [room, ROLE_PASSWORD] as const);
    await migratePostgres({
      ownerUrl,
      rolePasswords: Object.fromEntries(passwords) as Record<(typeof rooms)[number], string>,
    });
    await books.query(`ALTER DATABASE ${part} RENAME TO ${template}`);
    return template;
  } finally {
    await books.end();
  }
}

/** Of everything that a migrated database is made from. */
function fingerprint(): string {
  const hash = createHash('sha256');
  const migrations = fileURLToPath(new URL('../sql/migrations/postgres', import.meta.url));
  for (const file of readdirSync(migrations)
    .filter((name) => name.endsWith('.sql'))
    .sort()) {
    hash.update(readFileSync(join(migrations, file)));
  }
  for (const file of ['owners.ts', 'migrate.ts']) {
    hash.update(readFileSync(new URL(`../sql/${file}`, import.meta.url)));
  }
  return hash.digest('hex').slice(0, 16);
}

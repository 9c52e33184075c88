/** Brings both stores to the shape of this code; forward only. Data newer than the code is refused. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { grantStatements, type Room, roleOf, rooms } from './owners.ts';
import { openQuestdb } from './questdb.ts';

const postgresFolder = fileURLToPath(new URL('./migrations/postgres', import.meta.url));
const questdbFolder = fileURLToPath(new URL('./migrations/questdb', import.meta.url));

/** The data were written by a later version of the program; starting would lose what it added. */
export class DataNewerThanCode extends Error {
  override name = 'DataNewerThanCode';
}

/**
 * Migrates Postgres as its owner, makes each room's login role with its password and grants what
 * sql/owners.ts says. Two at once wait for each other. Throws DataNewerThanCode.
 */
export async function migratePostgres({
  ownerUrl,
  rolePasswords,
  upTo,
}: {
  ownerUrl: string;
  rolePasswords: Record<Room, string>;
  /** `when` of the last migration to apply, without grants; all where it is not said. */
  upTo?: number;
}): Promise<void> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 1 });
  try {
    const version = await pool.query<{ v: string }>(
      "SELECT current_setting('server_version_num') v",
    );
    if (Number(version.rows[0]?.v) < OLDEST_POSTGRES) {
      throw new Error('Postgres 16 or later is needed');
    }
    // A session lock is safe here: the pool has one connection, and ending it releases the lock.
    await pool.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await refuseNewerPostgres(pool);
    await ensureRoles(pool, rolePasswords);
    await withMigrations(upTo, (folder) => migrate(drizzle(pool), { migrationsFolder: folder }));
    // They name tables that later migrations make.
    if (upTo === undefined) await pool.query(grantStatements().join(';\n'));
  } finally {
    await pool.end();
  }
}

/** Hands out a folder of the migrations up to one of them, as drizzle reads it. */
async function withMigrations(
  upTo: number | undefined,
  act: (folder: string) => Promise<void>,
): Promise<void> {
  if (upTo === undefined) return await act(postgresFolder);
  const folder = await mkdtemp(join(tmpdir(), 'wattledger-migrations-'));
  try {
    await cp(postgresFolder, folder, { recursive: true });
    const journal = `${folder}/meta/_journal.json`;
    const known = JSON.parse(await readFile(journal, 'utf8')) as { entries: { when: number }[] };
    const entries = known.entries.filter(({ when }) => when <= upTo);
    await writeFile(journal, JSON.stringify({ ...known, entries }));
    await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `when` of every migration of Postgres that this code knows, oldest first. */
export async function knownMigrations(): Promise<number[]> {
  const text = await readFile(`${postgresFolder}/meta/_journal.json`, 'utf8');
  const { entries } = JSON.parse(text) as { entries: { when: number }[] }; // As drizzle-kit wrote it.
  return entries.map(({ when }) => when).sort((a, b) => a - b);
}

const MIGRATION_LOCK = 7_238_001;
const OLDEST_POSTGRES = 160_000;

async function refuseNewerPostgres(pool: pg.Pool): Promise<void> {
  const newestKnown = Math.max(...(await knownMigrations()));
  const table = await pool.query("SELECT to_regclass('drizzle.__drizzle_migrations') AS name");
  if (table.rows[0]?.name === null) return;
  const applied = await pool.query(
    'SELECT max(created_at) AS newest FROM drizzle.__drizzle_migrations',
  );
  if (Number(applied.rows[0]?.newest ?? 0) > newestKnown) {
    throw new DataNewerThanCode('Postgres holds data of a later version of Wattledger');
  }
}

async function ensureRoles(pool: pg.Pool, passwords: Record<Room, string>): Promise<void> {
  for (const room of rooms) {
    const role = pg.escapeIdentifier(roleOf(room));
    const exists = await pool.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [roleOf(room)]);
    if (exists.rowCount === 0) await pool.query(`CREATE ROLE ${role}`);
    await pool.query(
      `ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${pg.escapeLiteral(passwords[room])}`,
    );
  }
}

/** The same database as another role. */
export function urlAs(ownerUrl: string, room: Room, password: string): string {
  const url = new URL(ownerUrl);
  url.username = roleOf(room);
  url.password = password;
  return url.toString();
}

/**
 * Applies the QuestDB migrations that are not yet recorded in its own table `migrations`; those named
 * in `only`, where that is said. Throws DataNewerThanCode.
 */
export async function migrateQuestdb({
  url,
  only,
}: {
  url: string;
  only?: readonly string[];
}): Promise<void> {
  const questdb = openQuestdb({ url });
  await questdb.exec(
    'CREATE TABLE IF NOT EXISTS migrations (ts TIMESTAMP, name VARCHAR) TIMESTAMP(ts) PARTITION BY NONE BYPASS WAL',
  );
  const applied = new Set(
    (await questdb.exec('SELECT name FROM migrations')).rows.map((r) => r[0]),
  );
  const files = (await readdir(questdbFolder)).filter((f) => f.endsWith('.sql')).sort();
  const unknown = [...applied, ...(only ?? [])].filter((name) => !files.includes(String(name)));
  if (unknown.length > 0) {
    throw new DataNewerThanCode(`QuestDB holds a later migration than this code: ${unknown[0]}`);
  }
  const wanted = only ? files.filter((f) => only.includes(f)) : files;
  for (const file of wanted.filter((f) => !applied.has(f))) {
    const text = await readFile(`${questdbFolder}/${file}`, 'utf8');
    const statements = text
      .replace(/^--.*$/gm, '')
      .split(';')
      .map((s) => s.trim())
      .filter(Boolean);
    for (const statement of statements) await questdb.exec(statement);
    await questdb.exec(`INSERT INTO migrations VALUES (now(), '${file}')`);
  }
}

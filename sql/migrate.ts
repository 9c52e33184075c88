/** Brings both stores to the shape of this code; forward only. Data newer than the code is refused. */
import { readdir, readFile } from 'node:fs/promises';
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
}: {
  ownerUrl: string;
  rolePasswords: Record<Room, string>;
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
    await migrate(drizzle(pool), { migrationsFolder: postgresFolder });
    await pool.query(grantStatements().join(';\n'));
  } finally {
    await pool.end();
  }
}

const MIGRATION_LOCK = 7_238_001;
const OLDEST_POSTGRES = 160_000;

async function refuseNewerPostgres(pool: pg.Pool): Promise<void> {
  const known = JSON.parse(await readFile(`${postgresFolder}/meta/_journal.json`, 'utf8')) as {
    entries: { when: number }[];
  };
  const newestKnown = Math.max(...known.entries.map((e) => e.when));
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

/** Applies the QuestDB migrations that are not yet recorded in its own table `migrations`. */
export async function migrateQuestdb({ url }: { url: string }): Promise<void> {
  const questdb = openQuestdb({ url });
  await questdb.exec(
    'CREATE TABLE IF NOT EXISTS migrations (ts TIMESTAMP, name VARCHAR) TIMESTAMP(ts) PARTITION BY NONE BYPASS WAL',
  );
  const applied = new Set(
    (await questdb.exec('SELECT name FROM migrations')).rows.map((r) => r[0]),
  );
  const files = (await readdir(questdbFolder)).filter((f) => f.endsWith('.sql')).sort();
  const unknown = [...applied].filter((name) => !files.includes(String(name)));
  if (unknown.length > 0) {
    throw new DataNewerThanCode(`QuestDB holds a later migration than this code: ${unknown[0]}`);
  }
  for (const file of files.filter((f) => !applied.has(f))) {
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

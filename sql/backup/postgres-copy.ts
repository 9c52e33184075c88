/**
 * Every table of Postgres out of one snapshot, and back into an empty database, by COPY in its text form:
 * that is read alike by every version of the server.
 */
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { Refusal } from '../refusal.ts';
import type { Manifest } from './manifest.ts';
import { type Packed, readPacked, writePacked } from './packed.ts';

export interface PostgresTable {
  name: string;
  columns: string[];
}

type Say = (line: string) => void;
const quoted = pg.escapeIdentifier;
const listed = (columns: readonly string[]): string => columns.map(quoted).join(', ');

/** A connection of the owner whose texts are the same on every server. */
export async function connectOwner(ownerUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    connectionTimeoutMillis: 10_000,
    options: '-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1',
  });
  // The statement under way says so itself.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Ends the connection; one that hangs in a COPY that nobody reads any more is left to the server. */
export async function endOwner(client: pg.Client): Promise<void> {
  const late = new AbortController();
  await Promise.race([
    client.end().catch(() => {}),
    setTimeout(END_TIMEOUT_MS, undefined, { signal: late.signal, ref: false }).catch(() => {}),
  ]);
  late.abort();
}

const END_TIMEOUT_MS = 3_000;

/** The tables of schema public and their columns, by name. Throws Refusal for a partitioned one. */
export async function tablesOf(client: pg.Client): Promise<PostgresTable[]> {
  const { rows } = await client.query<{ name: string; kind: string; columns: string[] }>(`
    SELECT c.relname AS name, c.relkind AS kind,
      (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
        AS columns
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`);
  const parted = rows.find(({ kind }) => kind === 'p');
  if (parted) throw new Refusal(`table ${parted.name} is partitioned: a backup does not know how`);
  return rows.map(({ name, columns }) => ({ name, columns }));
}

/** The migrations that were applied, oldest first; none where there is no table of them. */
export async function migrationsOf(client: pg.Client): Promise<Manifest['postgres']['migrations']> {
  const table = await client.query("SELECT to_regclass('drizzle.__drizzle_migrations') AS name");
  if (table.rows[0]?.name === null) return [];
  const { rows } = await client.query<{ when: string; hash: string }>(
    'SELECT created_at::text AS when, hash FROM drizzle.__drizzle_migrations ORDER BY created_at',
  );
  return rows.map(({ when, hash }) => ({ when: Number(when), hash }));
}

/** Writes the rows of a query into a packed file, streamed. */
export async function copyOut(
  client: pg.Client,
  { folder, name, query }: { folder: string; name: string; query: string },
): Promise<Packed> {
  return await writePacked(folder, name, client.query(copyTo(`COPY (${query}) TO STDOUT`)));
}

/** Writes every table of the client's snapshot. */
export async function copyTablesOut(
  client: pg.Client,
  { folder, say }: { folder: string; say: Say },
): Promise<Manifest['postgres']['tables']> {
  const written: Manifest['postgres']['tables'] = [];
  for (const { name, columns } of await tablesOf(client)) {
    const query = `SELECT ${listed(columns)} FROM ${quoted(name)}`;
    const file = await copyOut(client, { folder, name: `postgres/${name}.gz`, query });
    if (file.rows > 0) say(`  ${name}: ${file.rows} rows, ${file.bytes} bytes`);
    written.push({ name, columns, file });
  }
  return written;
}

/** The next numbers of the sequences of schema public. */
export async function sequencesOf(client: pg.Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1",
  );
  const next: Record<string, string> = {};
  for (const { name } of rows) {
    const found = await client.query<{ next: string }>(
      `SELECT (last_value + is_called::int)::text AS next FROM ${quoted(name)}`,
    );
    next[name] = found.rows[0]?.next ?? '1';
  }
  return next;
}

/** Throws Refusal when any table holds a row. */
export async function assertEmptyPostgres(client: pg.Client): Promise<void> {
  for (const { name } of await tablesOf(client)) {
    const { rowCount } = await client.query(`SELECT FROM ${quoted(name)} LIMIT 1`);
    if (rowCount) {
      throw new Refusal(
        `a backup is restored into an empty system only, and table ${name} of Postgres holds rows: give it another DATA_DIR, or an empty database`,
      );
    }
  }
}

/**
 * Loads every table in one transaction, so that a restore that is cut off leaves nothing. Triggers are
 * off meanwhile: they say what may be done, and this was done; references are held to all rows at the
 * end. Throws when a file has other rows than it says.
 */
export async function copyTablesIn(
  client: pg.Client,
  { folder, postgres, say }: { folder: string; postgres: Manifest['postgres']; say: Say },
): Promise<void> {
  await client.query('BEGIN');
  try {
    const references = await client.query<{ table: string; name: string; definition: string }>(`
      SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition
      FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1, 2`);
    for (const { table, name } of references.rows) {
      await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${quoted(name)}`);
    }
    for (const { name, columns, file } of postgres.tables) {
      await client.query(`ALTER TABLE ${quoted(name)} DISABLE TRIGGER USER`);
      await copyIn(client, { folder, into: quoted(name), columns, file });
      if (file.rows > 0) say(`  ${name}: ${file.rows} rows`);
    }
    await addDirtyDays(client, { folder, ...postgres.dirtySince });
    for (const { table, name, definition } of references.rows) {
      await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${quoted(name)} ${definition}`);
    }
    for (const { name } of postgres.tables) {
      await client.query(`ALTER TABLE ${quoted(name)} ENABLE TRIGGER USER`);
    }
    await moveSequences(client, postgres);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  await client.query('ANALYZE');
}

async function copyIn(
  client: pg.Client,
  {
    folder,
    into,
    columns,
    file,
  }: { folder: string; into: string; columns: string[]; file: Packed },
): Promise<void> {
  const target = client.query(copyFrom(`COPY ${into} (${listed(columns)}) FROM STDIN`));
  await pipeline(readPacked(folder, file), target);
  if (target.rowCount !== file.rows) {
    throw new Error(`${file.name} says ${file.rows} rows and Postgres took ${target.rowCount}`);
  }
}

/** Those that the snapshot does not hold already, of points that it knows. */
async function addDirtyDays(
  client: pg.Client,
  { folder, columns, file }: { folder: string } & Manifest['postgres']['dirtySince'],
): Promise<void> {
  await client.query('CREATE TEMP TABLE dirty_since (LIKE dirty_days) ON COMMIT DROP');
  await copyIn(client, { folder, into: 'dirty_since', columns, file });
  await client.query(`
    INSERT INTO dirty_days (${listed(columns)}) SELECT ${listed(columns)} FROM dirty_since n
    WHERE NOT EXISTS (SELECT FROM dirty_days d WHERE d.project_id = n.project_id AND d.id = n.id)
      AND EXISTS (SELECT FROM points p WHERE p.project_id = n.project_id AND p.id = n.point_id)`);
}

/** Past what the backup saw and past every id that came with it. */
async function moveSequences(
  client: pg.Client,
  { sequences, tables }: Manifest['postgres'],
): Promise<void> {
  const holders = tables.filter(({ columns }) => columns.includes('id'));
  const { rows } = await client.query<{ name: string }>(`
    SELECT c.relname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'id'
      AND a.atttypid = 'bigint'::regtype`);
  const numbered = new Set(rows.map(({ name }) => name));
  const largest = holders
    .filter(({ name }) => numbered.has(name))
    .map(({ name }) => `SELECT max(id) + 1 AS next FROM ${quoted(name)}`);
  for (const [name, next] of Object.entries(sequences)) {
    const seen = ['SELECT $2::bigint AS next', ...(name === 'ids' ? largest : [])];
    await client.query(
      `SELECT setval($1::regclass, max(next), false) FROM (${seen.join(' UNION ALL ')}) AS seen`,
      [quoted(name), next],
    );
  }
}

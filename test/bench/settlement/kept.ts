/** A park's database as files: what takes minutes to settle is settled once and copied in afterwards. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { BenchDatabases } from '../part.ts';
import type { Template } from './park.ts';

/** Of parks that are kept: no other database of a bench draws these, and QuestDB is shared. */
const FIRST_ID = 7_000_000_000;

interface KeptPark {
  projectId: string;
  points: number;
  lastId: string;
}

/** Lets the ids of a database begin where those of kept parks do. */
export const beginIds = (databases: BenchDatabases): Promise<void> =>
  withOwner(databases, async (owner) => {
    await owner.query(`ALTER SEQUENCE ids RESTART WITH ${FIRST_ID}`);
  });

/** Writes every table that has rows. */
export async function storePark(park: Template, folder: string): Promise<void> {
  await withOwner(park.databases, async (owner) => {
    for (const table of await tablesOf(owner)) {
      const file = createWriteStream(join(folder, `${table}${ENDING}`));
      await pipeline(owner.query(copyTo(`COPY ${table} TO STDOUT (FORMAT binary)`)), file);
    }
    const { rows } = await owner.query<{ last: string }>("SELECT nextval('ids') AS last");
    const { projectId, points } = park;
    const kept: KeptPark = { projectId, points, lastId: rows[0]?.last ?? '' };
    await writeFile(join(folder, PARK), JSON.stringify(kept));
  });
}

/** Puts the tables into a new database, which nobody is connected to afterwards. */
export async function restorePark(databases: BenchDatabases, folder: string): Promise<Template> {
  const kept: KeptPark = JSON.parse(await readFile(join(folder, PARK), 'utf8'));
  await withOwner(databases, async (owner) => {
    // The rows are as they were: what triggers hold was held when they were written.
    await owner.query("SET session_replication_role = 'replica'");
    await owner.query(`TRUNCATE ${(await tablesOf(owner)).join()}`);
    for (const file of await readdir(folder)) {
      if (!file.endsWith(ENDING)) continue;
      const into = copyFrom(`COPY ${file.slice(0, -ENDING.length)} FROM STDIN (FORMAT binary)`);
      await pipeline(createReadStream(join(folder, file)), owner.query(into));
    }
    await owner.query("SELECT setval('ids', $1)", [kept.lastId]);
    await owner.query('VACUUM ANALYZE');
  });
  return { databases, projectId: kept.projectId, points: kept.points };
}

const PARK = 'park.json';
const ENDING = '.copy';

async function tablesOf(owner: pg.Client): Promise<string[]> {
  const { rows } = await owner.query<{ tablename: string }>(
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  );
  return rows.map(({ tablename }) => tablename);
}

async function withOwner<Value>(
  { urls }: BenchDatabases,
  act: (owner: pg.Client) => Promise<Value>,
): Promise<Value> {
  const owner = new pg.Client({ connectionString: urls.owner });
  await owner.connect();
  return await act(owner).finally(() => owner.end());
}

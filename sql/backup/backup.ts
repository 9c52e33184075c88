/**
 * A backup of a system that goes on running: Postgres as it was at one instant, the time series up to
 * now, and what it takes to prove that all of it came back.
 *
 * Postgres' snapshot comes first, so everything that its rows rest on is in QuestDB when that is read:
 * what is written there after the snapshot is only more. It does no harm: a sample, an interval or a
 * version that is made or delivered once more has the same DEDUP key and remains one row; a point-day
 * that changed meanwhile was made dirty, and those rows are taken last of all, so that the restored
 * system works them off as this one did. The sequences are read last too: no id that a newer row of
 * QuestDB names is ever given to anything else.
 *
 * The warehouse is left out: all of it is made from the two stores, and the next start does so.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type pg from 'pg';
import { openQuestdb, type Questdb } from '../questdb.ts';
import { messageOf, Refusal } from '../refusal.ts';
import { digestLine, ledgerDigests, watchIntervals } from './days.ts';
import { filesOf, type Manifest, warehouseLeftOut, writeManifest } from './manifest.ts';
import { fullDisk, writePacked } from './packed.ts';
import {
  connectOwner,
  copyOut,
  copyTablesOut,
  endOwner,
  migrationsOf,
  sequencesOf,
  tablesOf,
} from './postgres-copy.ts';
import { copyQuestdbOut, questdbMigrations, questdbVersion } from './questdb-copy.ts';

/** A late sample is acknowledged a moment before its day is dirty: so long we wait for the mark. */
const DIRTY_GRACE_MS = 10_000;
/** A row bears the instant at which its transaction began, perhaps long before the snapshot; more are harmless. */
const DIRTY_BEFORE = '1 hour';

export interface BackupOptions {
  /** Made by us; must not exist, or be empty. */
  folder: string;
  ownerUrl: string;
  questdbUrl: string;
  /** Version of the program. */
  version: string;
  demo: Manifest['demo'];
  /** What the simulated meters show, where there are any. */
  simulatorFile?: string;
  /** The data folder's secrets, to go with it; none when they stay behind. */
  keysFile?: string;
  clock: () => Date;
  say: (line: string) => void;
  dirtyGraceMs?: number;
  /** Called once the snapshot of Postgres stands. */
  onSnapshot?: () => Promise<void>;
}

/**
 * Makes a backup. Whatever cuts it off leaves no manifest, so that it is never taken for a whole one.
 * Throws Refusal: the folder holds something, the disk is full, nothing there to back up.
 */
export async function makeBackup(options: BackupOptions): Promise<Manifest> {
  const { folder, ownerUrl, questdbUrl, version, demo, keysFile, clock, say } = options;
  prepare(folder);
  const client = await connectOwner(ownerUrl);
  const questdb = openQuestdb({ url: questdbUrl });
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const migrations = await migrationsOf(client); // The first statement takes the snapshot.
    if (migrations.length === 0) {
      throw new Refusal('there is nothing to back up: this PostgreSQL holds no Wattledger');
    }
    const at = clock().toISOString();
    say(`Snapshot of PostgreSQL at ${at}`);
    await options.onSnapshot?.();
    const tables = await copyTablesOut(client, { folder, say });
    const projects = await projectsOf(client);
    const ledger = await ledgerDigests(client);
    const { rows } = await client.query<{ v: string; since: string }>(
      `SELECT current_setting('server_version') AS v, (now() - interval '${DIRTY_BEFORE}')::text AS since`,
    );
    await client.query('COMMIT');

    say('QuestDB up to now');
    const { watch, digests } = await intervalWatch(questdb);
    const projectIds = projects.map(({ id }) => id);
    const series = await copyQuestdbOut(questdb, { folder, projectIds, watch, say });
    const days = await writePacked(
      folder,
      'days.gz',
      [...ledger, ...digests()].sort().map(digestLine),
    );
    const dirtySince = await dirtyDaysSince(client, {
      ...options,
      since: rows[0]?.since ?? '-infinity',
    });
    const manifest: Omit<Manifest, 'format'> = {
      ...{ at, finishedAt: clock().toISOString(), code: { version }, demo },
      postgres: {
        ...{ version: rows[0]?.v ?? '', migrations, tables, dirtySince },
        sequences: await sequencesOf(client),
      },
      questdb: {
        version: await questdbVersion(questdb),
        migrations: await questdbMigrations(questdb),
        tables: series,
      },
      ...{ projects, days, warehouse: warehouseLeftOut },
      simulator: await packFile(folder, 'simulator.gz', options.simulatorFile),
      keys: await packFile(folder, 'keys.gz', keysFile),
    };
    writeManifest(folder, manifest);
    const files = filesOf({ format: 1, ...manifest });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    say(`Whole: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB in ${folder}`);
    return { format: 1, ...manifest };
  } catch (error) {
    // What is half is of no use to anybody, and takes the room that is missing.
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await endOwner(client);
  }
}

const packFile = async (folder: string, name: string, file: string | undefined) =>
  file ? await writePacked(folder, name, [readFileSync(file, 'utf8')]) : null;

function prepare(folder: string): void {
  try {
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new Refusal(`${folder} is not empty: a backup wants a folder of its own`);
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw (
      fullDisk(cause, folder) ??
      new Refusal(`${folder} cannot be made: ${messageOf(cause)}`, { cause })
    );
  }
}

async function projectsOf(client: pg.Client): Promise<Manifest['projects']> {
  const { rows } = await client.query<Manifest['projects'][number]>(`
    SELECT p.id::text, p.name, coalesce(s.position, 0)::text AS position, s.hash
    FROM projects p LEFT JOIN LATERAL (SELECT position, hash FROM seals
      WHERE project_id = p.id ORDER BY position DESC LIMIT 1) s ON true ORDER BY p.id`);
  return rows;
}

async function intervalWatch(questdb: Questdb) {
  const { rows } = await questdb.exec('SELECT "column", "type" FROM (SHOW COLUMNS FROM intervals)');
  return watchIntervals({
    columns: rows.map(([name, type]) => ({ name: String(name), type: String(type) })),
  });
}

async function dirtyDaysSince(
  client: pg.Client,
  { folder, since, dirtyGraceMs = DIRTY_GRACE_MS }: BackupOptions & { since: string },
): Promise<Manifest['postgres']['dirtySince']> {
  await new Promise((resolve) => setTimeout(resolve, dirtyGraceMs));
  const columns = (await tablesOf(client)).find(({ name }) => name === 'dirty_days')?.columns ?? [];
  const names = columns.map((column) => `"${column}"`).join();
  const query = `SELECT ${names} FROM dirty_days WHERE created_at > '${since}'`;
  return { columns, file: await copyOut(client, { folder, name: 'dirty-since.gz', query }) };
}

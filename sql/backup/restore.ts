/**
 * A backup back into an empty system: every byte is checked first, both stores are brought to the shape
 * that they had, loaded, compared with what the backup says of each settled day, and then brought
 * forward to the shape of this code.
 */
import type pg from 'pg';
import { DataNewerThanCode, knownMigrations, migratePostgres, migrateQuestdb } from '../migrate.ts';
import type { Room } from '../owners.ts';
import { openQuestdb, type Questdb } from '../questdb.ts';
import { Refusal } from '../refusal.ts';
import { type DayDigests, dayKinds, ledgerDigests, watchIntervals } from './days.ts';
import type { Manifest } from './manifest.ts';
import { linesOf, readPacked } from './packed.ts';
import {
  assertEmptyPostgres,
  connectOwner,
  copyTablesIn,
  endOwner,
  migrationsOf,
} from './postgres-copy.ts';
import { assertEmptyQuestdb, copyQuestdbIn, type QuestdbTable, talliesOf } from './questdb-copy.ts';

/** What was compared, and where it differs. */
export interface Compared {
  what: string;
  /** Days, or projects for the sealed positions. */
  equal: number;
  different: string[];
}

export interface RestoreOptions {
  folder: string;
  /** From `openBackup`, which has checked every file. */
  manifest: Manifest;
  ownerUrl: string;
  questdbUrl: string;
  rolePasswords: Record<Room, string>;
  say: (line: string) => void;
}

/**
 * Restores into two empty stores and compares. Throws Refusal when one of them holds anything, and
 * DataNewerThanCode. Postgres comes last and in one transaction: a restore that is cut off leaves no
 * row in it.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Compared[]> {
  const { folder, manifest, ownerUrl, questdbUrl, rolePasswords, say } = options;
  const { postgres, questdb: series } = manifest;
  const questdb = openQuestdb({ url: questdbUrl });
  const upTo = await shapeOf(manifest);
  const client = await connectOwner(ownerUrl);
  try {
    await assertEmptyPostgres(client);
    await assertEmptyQuestdb(questdb);
    const newer = (await migrationsOf(client)).find(({ when }) => when > upTo);
    if (newer) {
      throw new Refusal(
        'this PostgreSQL is empty and has a later shape than the backup: give it an empty database',
      );
    }
    say('Bringing both stores to the shape of the backup');
    await migratePostgres({ ownerUrl, rolePasswords, upTo });
    await migrateQuestdb({ url: questdbUrl, only: series.migrations });
    say('Loading QuestDB');
    await copyQuestdbIn(questdb, { folder, tables: series.tables, say });
    say('Loading PostgreSQL');
    await copyTablesIn(client, { folder, postgres, say });
    say('Comparing every settled day');
    const compared = await compare({ client, questdb, folder, manifest });
    await migratePostgres({ ownerUrl, rolePasswords });
    await migrateQuestdb({ url: questdbUrl });
    // What went to meters after the backup was made is not in it: their counters are read before anything is sent.
    await client.query('UPDATE meter_wallets SET read_after = now() WHERE closed_at IS NULL');
    return compared;
  } finally {
    await endOwner(client);
  }
}

/** The last migration of the backup. Throws DataNewerThanCode when this code does not know one of them. */
async function shapeOf({ postgres: { migrations } }: Manifest): Promise<number> {
  const known = await knownMigrations();
  const last = Math.max(...migrations.map(({ when }) => when));
  const upTo = known.filter((when) => when <= last);
  const isOurs = migrations.every(({ when }, i) => when === upTo[i]);
  if (!isOurs || upTo.length !== migrations.length) {
    throw new DataNewerThanCode(
      'the backup was made by a later version of Wattledger, or another: use that version',
    );
  }
  return last;
}

async function compare({
  client,
  questdb,
  folder,
  manifest,
}: {
  client: pg.Client;
  questdb: Questdb;
  folder: string;
  manifest: Manifest;
}): Promise<Compared[]> {
  const projectIds = manifest.projects.map(({ id }) => id);
  const series: Compared[] = [];
  const found: DayDigests = await ledgerDigests(client);
  for (const table of manifest.questdb.tables) {
    const { watch, digests } = watchIntervals(table);
    const now = await talliesOf(questdb, { table, projectIds, watch });
    for (const [key, digest] of digests()) found.set(key, digest);
    series.push(differences(table.name, contentsOf(table), now));
  }
  const told = await toldDigests(folder, manifest);
  const days = dayKinds.map((what) => {
    const of = (digests: DayDigests) =>
      new Map([...digests].filter(([key]) => key.split('/')[1] === what));
    return differences(`${what} of a day`, of(told), of(found));
  });
  const sealed = await client.query<{ id: string; head: string }>(`
    SELECT DISTINCT ON (project_id) project_id::text AS id, position || ' ' || hash AS head
    FROM seals ORDER BY project_id, position DESC`);
  const heads = manifest.projects
    .filter(({ hash }) => hash !== null)
    .map(({ id, position, hash }) => [id, `${position} ${hash}`] as const);
  const now = new Map(sealed.rows.map(({ id, head }) => [id, head]));
  return [...days, ...series, differences('sealed positions', new Map(heads), now)];
}

const contentsOf = ({ files }: QuestdbTable): Map<string, string> =>
  new Map(files.map(({ day, content }) => [day, content]));

async function toldDigests(folder: string, { days }: Manifest): Promise<DayDigests> {
  const told: DayDigests = new Map();
  for await (const line of linesOf(readPacked(folder, days))) {
    const [key, digest] = JSON.parse(line) as [string, string]; // As digestLine wrote it.
    told.set(key, digest);
  }
  return told;
}

function differences(
  what: string,
  told: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): Compared {
  const keys = [...new Set([...told.keys(), ...found.keys()])].sort();
  const different = keys.filter((key) => told.get(key) !== found.get(key));
  return { what, equal: keys.length - different.length, different };
}

/** The comparison for people, a line each. */
export function comparisonLines(compared: readonly Compared[]): string[] {
  const lines = compared.flatMap(({ what, equal, different }) => [
    `  ${what.padEnd(22)} ${String(equal).padStart(8)} equal ${String(different.length).padStart(6)} different`,
    ...different.slice(0, SHOWN_MAX).map((key) => `      DIFFERENT ${key}`),
  ]);
  const isSame = compared.every(({ different }) => different.length === 0);
  return [...lines, isSame ? '  The restored system is the one of the backup' : '  It DIFFERS'];
}

const SHOWN_MAX = 20;

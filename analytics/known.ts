/**
 * An answer as it was known at a position of the journal: what stands in place of the manifest in force,
 * and the folder of its own that its files lie in until it is out.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '../sql/duckdb.ts';
import { demandRoom } from '../sql/export/work.ts';
import { asKnownAtSchema, type KnownAt, knownAt } from '../sql/position.ts';
import type { Db } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import type { Answered } from './ask.ts';
import { knownFiles } from './known-files.ts';
import { type Cut, readCut } from './known-source.ts';

/** A warehouse that has not come up to a position yet does so within about a minute. */
const RETRY_AFTER_S = 10;

/** The parameter of every report. */
export const asKnownQuery = { asKnownAt: asKnownAtSchema.optional() };

export interface Knowing {
  /** The warehouse as it was known then. Throws Problem `not-built` when it has not come so far yet. */
  view: (connection: DuckDBConnection, answered: Answered) => Promise<Answered>;
  /** Removes its files; nothing of the answer may be read after it. */
  close: () => Promise<void>;
}

interface KnownDeps {
  db: Db;
  questdb: Questdb;
  dataDir: string;
}

const folderOf = (dataDir: string): string => join(dataDir, 'exports', 'known');

/** Removes what a process before this one has left. */
export function sweepKnown(dataDir: string): void {
  rmSync(folderOf(dataDir), { recursive: true, force: true });
}

/** Resolves what `asKnownAt` of a request means. Throws Problem as `knownAt` does. */
export async function openKnowing(
  { db, questdb, dataDir }: KnownDeps,
  { projectId, asKnownAt, now }: { projectId: string; asKnownAt: string | undefined; now: Date },
): Promise<Knowing> {
  const at = await knownAt(db, { projectId, asKnownAt, now });
  if (!at) return { view: async (_connection, answered) => answered, close: async () => {} };
  const cut = await readCut(db, projectId, at);
  const folders: string[] = [];
  return {
    view: async (connection, { manifest, files, asOf }) => {
      if (asOf.toISOString() < at.sealedAt) {
        throw new Problem('not-built', 'The warehouse has not come up to this position yet.', {
          retryAfterS: RETRY_AFTER_S,
        });
      }
      mkdirSync(folderOf(dataDir), { recursive: true });
      await demandRoom(folderOf(dataDir));
      const folder = await mkdtemp(join(folderOf(dataDir), 'as-'));
      folders.push(folder);
      const then = { ...manifest, asOf: at.sealedAt };
      return {
        manifest: then,
        files: await knownFiles({ db, questdb, connection, folder, manifest, files, cut }),
        asOf: new Date(at.sealedAt),
        cut,
      };
    },
    close: async () => {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What an answer says of the position it stands on. */
export const shownCut = (cut: Cut | undefined): KnownAt | null =>
  cut ? { position: cut.position, sealedAt: cut.sealedAt } : null;

/** The same in the words of a file. */
export const aboutCut = (cut: Cut | undefined): { name: string; value: string }[] =>
  cut
    ? [{ name: 'as known at', value: `journal position ${cut.position}, sealed ${cut.sealedAt}` }]
    : [];

/** Throws Problem `not-known-then` for a question that has no memory of what it was. */
export function refuseKnown(asKnownAt: string | Cut | undefined, why: string): void {
  if (asKnownAt !== undefined) throw new Problem('not-known-then', why);
}

/**
 * How far settlements have been followed. The newest id alone does not tell: one with a lower id may commit later. So the
 * mark moves to an id only when every transaction is over that was under way when that id was seen.
 */
import { sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';
import { only } from './fields.ts';

export interface SettledMark {
  /**
   * What there is to follow: settlements above `after` (null: all), when `isNew`. `keep` says that it was done; what is
   * not kept is told again.
   */
  look: (
    db: Queryable,
    projectId: string,
  ) => Promise<{ after: string | null; isNew: boolean; keep: () => void }>;
  /** Every settlement up to this id has been followed; null: nothing is known. */
  upTo: () => string | null;
}

/** A mark that has followed nothing; it is of one project, and of one process. */
export function createSettledMark(): SettledMark {
  let upTo: string | null = null;
  let seen: string | null = null;
  /** Followed as far as it was there; `until`: the first transaction that began after it was seen. */
  let pending: { newest: string; until: bigint } | null = null;
  return {
    upTo: () => upTo,
    look: async (db, projectId) => {
      const found = await db.execute<{ newest: string; oldest: string; next: string }>(sql`
        SELECT (SELECT coalesce(max(id), 0)::text FROM settlements
            WHERE project_id = ${projectId}::bigint) AS newest,
          pg_snapshot_xmin(pg_current_snapshot())::text AS oldest,
          pg_snapshot_xmax(pg_current_snapshot())::text AS next`);
      const { newest, oldest, next } = only(found.rows);
      const over = pending !== null && BigInt(oldest) >= pending.until ? pending.newest : null;
      return {
        after: upTo,
        isNew: seen !== newest || over !== null,
        keep: () => {
          seen = newest;
          if (over !== null) {
            upTo = over;
            pending = null;
          }
          if (pending === null && newest !== upTo) pending = { newest, until: BigInt(next) };
        },
      };
    },
  };
}

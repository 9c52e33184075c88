/** What has expired in the tables of this room is deleted: sessions, counted tries, kept answers, files. */
import { sql } from 'drizzle-orm';
import type { Db } from '../sql/postgres.ts';
import { forgetOldSessions } from './auth.ts';
import { tidyExports } from './export-worker.ts';
import { forgetOldTries } from './throttle.ts';

/** Deletes what is over by `now`; harmless at any time and any number of times. */
export async function tidy(db: Db, now: Date, dataDir: string): Promise<void> {
  await tidyExports(db, { now, dataDir });
  await forgetOldSessions(db, now);
  await forgetOldTries(db, now);
  await db.execute(
    sql`DELETE FROM idempotency_keys WHERE expires_at < ${now.toISOString()}::timestamptz`,
  );
}

/** What has expired in the tables of this room is deleted: sessions, counted tries, kept answers. */
import { sql } from 'drizzle-orm';
import type { Db } from '../sql/postgres.ts';
import { forgetOldSessions } from './auth.ts';
import { forgetOldTries } from './throttle.ts';

/** Deletes what is over by `now`; harmless at any time and any number of times. */
export async function tidy(db: Db, now: Date): Promise<void> {
  await forgetOldSessions(db, now);
  await forgetOldTries(db, now);
  await db.execute(
    sql`DELETE FROM idempotency_keys WHERE expires_at < ${now.toISOString()}::timestamptz`,
  );
}

/** Doing something to see what comes of it: in a transaction that is always rolled back. */
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Tx } from '../sql/postgres.ts';
import * as schema from '../sql/schema/index.ts';

/**
 * Runs `act` on a connection of its own and undoes all of it; returns what it returned. Acts within that begin
 * a transaction of their own begin a savepoint.
 */
export async function rolledBack<Result>(
  pool: pg.Pool,
  act: (within: { client: pg.PoolClient; tx: Tx }) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let done: { result: Result } | undefined;
  const undo = new Error('looked at, and rolled back');
  try {
    // A BEGIN of ours would be committed by the first act that begins a transaction of its own.
    await drizzle(client, { schema }).transaction(async (tx) => {
      done = { result: await act({ client, tx }) };
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  } finally {
    client.release();
  }
  if (!done) throw new Error('nothing was looked at');
  return done.result;
}

/** A pool on Postgres as one room, and drizzle over it. The room's role owns nothing. */
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import * as schema from './schema/index.ts';

export type Db = NodePgDatabase<typeof schema>;
/** A transaction in progress: what `db.transaction(async (tx) => …)` hands in. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];
/** Either: for functions that are content with the transaction they are called in. */
export type Queryable = Db | Tx;

export interface Postgres {
  pool: pg.Pool;
  db: Db;
  close: () => Promise<void>;
}

/** Most connections a room keeps in one process; Postgres' default allows a hundred in all. */
export const POOL_MAX = 8;

/**
 * Opens a pool. A connection that breaks while idle is dropped and logged by `onError`, not fatal:
 * the next query opens another one.
 */
export function openPostgres({
  url,
  max = POOL_MAX,
  onError = () => {},
}: {
  url: string;
  max?: number;
  onError?: (error: Error) => void;
}): Postgres {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    options: '-c timezone=UTC',
  });
  pool.on('error', onError);
  // A client that is taken out for a transaction has no listener of the pool's: without this one, a
  // connection that breaks between two statements ends the process. The next statement says so itself.
  pool.on('connect', (client) => client.on('error', () => {}));
  return { pool, db: drizzle(pool, { schema }), close: () => pool.end() };
}

/** The constraint that a failed statement ran into, or undefined when it failed otherwise. */
export function violatedConstraint(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    const { code, constraint } = e as { code?: string; constraint?: string };
    if (code?.startsWith('23') && constraint) return constraint;
  }
  return undefined;
}

/** True for failures that the same transaction may survive when tried again. */
export function isRetryable(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    const code = (e as { code?: string }).code ?? '';
    if (code === '40001' || code === '40P01' || code.startsWith('08') || code.startsWith('57P')) {
      return true;
    }
  }
  return false;
}

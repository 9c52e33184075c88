/**
 * Sign-in attempts per account and per peer address. Every try is counted before the password is
 * looked at, in one statement, so that two hundred at once are counted as two hundred.
 */
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';

/** Failed tries within a window after which an account, or an address, has to wait. */
export const ACCOUNT_TRIES_MAX = 10;
export const PEER_TRIES_MAX = 30;
export const WINDOW_MINUTES = 15;

export interface Try {
  email: string;
  /** Address of the socket's other end; headers such as X-Forwarded-For are not asked. */
  peer: string;
  now: Date;
}

/** Counts a try. Throws Problem `too-many-requests` when the account or the peer has to wait. */
export async function countTry(db: Queryable, attempt: Try): Promise<void> {
  const at = attempt.now.toISOString();
  const { account, peer } = keysOf(attempt);
  // Account first, then peer, in every statement: no two statements can lock each other out.
  const counted = await db.execute<{ key: string; failures: number; wait: number }>(sql`
    INSERT INTO sign_in_attempts AS a (key, window_start, failures)
    VALUES (${account}, ${at}::timestamptz, 1), (${peer}, ${at}::timestamptz, 1)
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN a.window_start <= excluded.window_start - ${window}
        THEN 1 ELSE least(a.failures + 1, 1000000) END,
      window_start = CASE WHEN a.window_start <= excluded.window_start - ${window}
        THEN excluded.window_start ELSE a.window_start END
    RETURNING key, failures,
      ceil(extract(epoch FROM window_start + ${window} - ${at}::timestamptz))::int AS wait`);
  const over = counted.rows.filter(
    (r) => r.failures > (r.key === account ? ACCOUNT_TRIES_MAX : PEER_TRIES_MAX),
  );
  if (over.length > 0) {
    const retryAfterS = Math.max(...over.map((r) => r.wait), 1);
    throw new Problem('too-many-requests', 'Too many attempts to sign in. Wait and try again.', {
      retryAfterS,
    });
  }
}

const window = sql`make_interval(mins => ${sql.raw(String(WINDOW_MINUTES))})`;

/** Takes back what a successful sign-in counted, and the account's earlier failures with it. */
export async function forgiveTry(db: Queryable, attempt: Try): Promise<void> {
  const { account, peer } = keysOf(attempt);
  await db.execute(sql`DELETE FROM sign_in_attempts WHERE key = ${account}`);
  await db.execute(sql`
    UPDATE sign_in_attempts SET failures = greatest(failures - 1, 0) WHERE key = ${peer}`);
}

/** Deletes windows that have long passed. */
export async function forgetOldTries(db: Queryable, now: Date): Promise<void> {
  await db.execute(sql`
    DELETE FROM sign_in_attempts WHERE window_start < ${now.toISOString()}::timestamptz - ${window}`);
}

// Whatever was typed as an e-mail is not kept: it may be a password in the wrong field.
const keysOf = ({ email, peer }: Try) => ({
  account: `account:${createHash('sha256').update(email.trim().toLowerCase()).digest('hex')}`,
  peer: `peer:${network(peer)}`,
});

/** An IPv4 address, or the /64 of an IPv6 address, which is what one customer is given. */
function network(address: string): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 || !address.includes(':')) return v4 ?? address;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}

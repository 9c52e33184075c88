/**
 * Doing it twice is doing it once: the answer to a request is kept under (project, route, key) in the
 * transaction of the act. A second request waits for the first one's commit and gets its answer.
 */
import { createHash } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import { inFlights, Last, type Rows } from './flight.ts';
import type { Db, Tx } from './postgres.ts';
import { Problem } from './problem.ts';

/** Days for which an answer is kept. */
export const KEY_DAYS = 30;
/** Longest key that is accepted. */
export const KEY_LENGTH_MAX = 200;

export interface Answer<Body> {
  status: number;
  body: Body;
}

interface Request {
  projectId: string;
  route: string;
  key: string | undefined;
  actorId: string;
  request: unknown;
}

/**
 * Runs `act` once per key and returns its answer, now or as it was given before. Throws Problem
 * `idempotency-key-missing`, or `idempotency-key-reused` when another body or actor used the key.
 * When `act` throws, nothing is kept and the same key may be tried again.
 */
export async function once<Body>(
  db: Db,
  asked: Request,
  act: (tx: Tx) => Promise<Answer<Body>>,
): Promise<Answer<Body>> {
  const given = claimOf(asked);
  return await db.transaction(async (tx) => {
    const claimed = await tx.execute(claiming(given));
    if (claimed.rows.length === 0) return await kept<Body>(tx, given);
    const answer = await act(tx);
    await tx.execute(keeping(given, answer.status, sql`${JSON.stringify(answer.body)}::jsonb`));
    return answer;
  });
}

/**
 * Keeps the answer by a part of the act's last statement, whose body is an expression of jsonb. An act that returns a
 * `Last` has to.
 */
export type Keep = (status: number, body: SQL) => SQL;

/**
 * The same in few flights: the statements of `beside` leave with the claim of the key, in their order, and `act` gets
 * their rows. It returns its answer, or a `Last` whose statement keeps it.
 */
export async function onceInFlights<Body>(
  db: Db,
  asked: Request,
  beside: readonly SQL[],
  act: (tx: Tx, found: readonly Rows[], keep: Keep) => Promise<Answer<Body> | Last<Answer<Body>>>,
): Promise<Answer<Body>> {
  const given = claimOf(asked);
  return await inFlights(db, [claiming(given), ...beside], async (tx, [claimed, ...found]) => {
    if (!claimed?.length) return await kept<Body>(tx, given);
    const done = await act(tx, found, (status, body) => keeping(given, status, body));
    if (done instanceof Last) return done;
    await tx.execute(keeping(given, done.status, sql`${JSON.stringify(done.body)}::jsonb`));
    return done;
  });
}

interface Claim extends Request {
  key: string;
  hash: string;
}

function claimOf({ key, ...asked }: Request): Claim {
  if (!key || key.length > KEY_LENGTH_MAX) {
    throw new Problem(
      'idempotency-key-missing',
      'Send a header Idempotency-Key of 1 to 200 characters.',
    );
  }
  const hash = createHash('sha256').update(JSON.stringify(asked.request)).digest('hex');
  return { ...asked, key, hash };
}

/** Waits for who has claimed the key already; one row where it is ours. */
const claiming = ({ projectId, route, key, actorId, hash }: Claim) => sql`
  INSERT INTO idempotency_keys
    (project_id, route, key, actor_id, request_hash, status, response, expires_at)
  VALUES (${projectId}::bigint, ${route}, ${key}, ${actorId}, ${hash}, 0, 'null'::jsonb,
    now() + make_interval(days => ${KEY_DAYS}))
  ON CONFLICT DO NOTHING RETURNING key`;

const keeping = ({ projectId, route, key }: Claim, status: number, body: SQL) => sql`
  UPDATE idempotency_keys SET status = ${status}, response = ${body}
  WHERE project_id = ${projectId}::bigint AND route = ${route} AND key = ${key}`;

async function kept<Body>(tx: Tx, { projectId, route, key, ...asked }: Claim) {
  const found = await tx.execute<{
    actor_id: string;
    request_hash: string;
    status: number;
    response: Body;
  }>(sql`SELECT actor_id, request_hash, status, response FROM idempotency_keys
    WHERE project_id = ${projectId}::bigint AND route = ${route} AND key = ${key}`);
  const row = found.rows[0];
  if (!row || row.request_hash !== asked.hash || row.actor_id !== asked.actorId) {
    throw new Problem('idempotency-key-reused', 'This key belongs to another request.');
  }
  return { status: row.status, body: row.response };
}

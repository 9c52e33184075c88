/**
 * Doing it twice is doing it once: the answer to a request is kept under (project, route, key) in the
 * transaction of the act. A second request waits for the first one's commit and gets its answer.
 */
import { createHash } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
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

/**
 * Keeps the answer by a statement of the act's own (as a part of it), whose body is an expression of jsonb: for an act
 * that has to end with that statement. `once` then keeps nothing itself.
 */
export type Keep = (status: number, body: SQL) => SQL;

/**
 * Runs `act` once per key and returns its answer, now or as it was given before. Throws Problem
 * `idempotency-key-missing`, or `idempotency-key-reused` when another body or actor used the key.
 * When `act` throws, nothing is kept and the same key may be tried again.
 */
export async function once<Body>(
  db: Db,
  {
    projectId,
    route,
    key,
    actorId,
    request,
  }: {
    projectId: string;
    route: string;
    key: string | undefined;
    actorId: string;
    request: unknown;
  },
  act: (tx: Tx, keep: Keep) => Promise<Answer<Body>>,
): Promise<Answer<Body>> {
  if (!key || key.length > KEY_LENGTH_MAX) {
    throw new Problem(
      'idempotency-key-missing',
      'Send a header Idempotency-Key of 1 to 200 characters.',
    );
  }
  const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  return await db.transaction(async (tx) => {
    const claimed = await tx.execute(sql`
      INSERT INTO idempotency_keys
        (project_id, route, key, actor_id, request_hash, status, response, expires_at)
      VALUES (${projectId}::bigint, ${route}, ${key}, ${actorId}, ${hash}, 0, 'null'::jsonb,
        now() + make_interval(days => ${KEY_DAYS}))
      ON CONFLICT DO NOTHING RETURNING key`);
    if (claimed.rowCount === 0) {
      const kept = await tx.execute<{
        actor_id: string;
        request_hash: string;
        status: number;
        response: Body;
      }>(sql`SELECT actor_id, request_hash, status, response FROM idempotency_keys
        WHERE project_id = ${projectId}::bigint AND route = ${route} AND key = ${key}`);
      const row = kept.rows[0];
      if (!row || row.request_hash !== hash || row.actor_id !== actorId) {
        throw new Problem('idempotency-key-reused', 'This key belongs to another request.');
      }
      return { status: row.status, body: row.response };
    }
    let isKept = false;
    const keep: Keep = (status, body) => {
      isKept = true;
      return sql`UPDATE idempotency_keys SET status = ${status}, response = ${body}
        WHERE project_id = ${projectId}::bigint AND route = ${route} AND key = ${key}`;
    };
    const answer = await act(tx, keep);
    if (isKept) return answer;
    await tx.execute(keep(answer.status, sql`${JSON.stringify(answer.body)}::jsonb`));
    return answer;
  });
}

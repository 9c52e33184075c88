/** Where a person is signed in; others with the right to may end it. */
import { z } from '@hono/zod-openapi';
import { and, desc, eq, gt, sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { sessions } from '../sql/schema/index.ts';

export const sessionRowSchema = z
  .object({
    id: z.string(),
    /** Address of the socket's other end when it began. */
    address: z.string().nullable(),
    agent: z.string().nullable().openapi({ description: 'What the browser calls itself' }),
    startedAt: z.string(),
    /** When it was last prolonged: at most half an hour before it was last used. */
    prolongedAt: z.string(),
    expiresAt: z.string(),
    current: z.boolean().openapi({ description: 'True of the session that asks' }),
  })
  .openapi('SessionRow');

/** The sessions of a user that have not expired, newest first; `token` is that of the one that asks. */
export async function sessionsOf(
  db: Queryable,
  { userId, token }: { userId: string; token?: string | undefined },
): Promise<z.output<typeof sessionRowSchema>[]> {
  const rows = await db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, sql`now()`)))
    .orderBy(desc(sessions.createdAt), desc(sessions.id));
  return rows.map((row) => ({
    id: row.id,
    address: row.ipAddress,
    agent: row.userAgent,
    startedAt: row.createdAt.toISOString(),
    prolongedAt: row.updatedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    current: row.token === token,
  }));
}

/** Ends a session of a user. Throws Problem `not-found`, also for a session of somebody else. */
export async function endSession(
  db: Queryable,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<void> {
  const gone = await db
    .delete(sessions)
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId)))
    .returning({ id: sessions.id });
  if (gone.length === 0) throw notFound('session');
}

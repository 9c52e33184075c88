/**
 * Positions of a project's journal: what was known when. A position is said as its number, or as an
 * instant, which means the last one sealed by then; nothing before the first is position 0.
 */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Queryable } from './postgres.ts';
import { Problem } from './problem.ts';

const POSITION = /^\d{1,18}$/;

/** A position or an instant, as a query says it. */
export const positionSchema = z
  .string()
  .refine(
    (text) => POSITION.test(text) || z.iso.datetime({ offset: true }).safeParse(text).success,
    'neither a position nor an instant (RFC 3339 with an offset)',
  )
  .openapi({
    description:
      'A journal position, or an instant, which means the last position sealed by then; unset: now, with what is committed and not yet sealed',
    example: '2026-11-24T06:32:00Z',
  });

/** The same as the parameter `asKnownAt` of everything that can be asked as it was known then. */
export const asKnownAtSchema = positionSchema.openapi({
  description:
    'As it was known at this journal position, or at an instant (the last position sealed by then): postings up to it and the intervals known when it was sealed; unset: as it is known now',
  example: '2026-11-24T06:32:00Z',
});

/** What an answer says of the position that it stands on. */
export const knownAtSchema = z.object({ position: z.string(), sealedAt: z.string() });
export type KnownAt = z.output<typeof knownAtSchema>;

export interface Position {
  /** Decimal; '0' where nothing was sealed yet. */
  position: string;
  hash: string | null;
  sealedAt: string | null;
}

/** The position that `at` means, of those that are sealed. Throws Problem `not-found` for one ahead of all. */
export async function positionAt(
  db: Queryable,
  { projectId, at }: { projectId: string; at: string },
): Promise<Position> {
  const isPosition = POSITION.test(at);
  if (isPosition && BigInt(at) === 0n) return { position: '0', hash: null, sealedAt: null };
  const chosen = isPosition
    ? sql`s.position = ${at}::bigint`
    : sql`s.sealed_at <= ${at}::timestamptz`;
  const found = await db.execute<{ position: string; hash: string; sealed_at: string }>(sql`
    SELECT s.position::text, s.hash, s.sealed_at FROM seals s
    WHERE s.project_id = ${projectId}::bigint AND ${chosen}
    ORDER BY s.sealed_at DESC, s.position DESC LIMIT 1`);
  const row = found.rows[0];
  if (row) {
    const { position, hash, sealed_at } = row;
    return { position, hash, sealedAt: new Date(sealed_at).toISOString() };
  }
  if (isPosition) throw new Problem('not-found', `Position ${at} is not sealed yet.`);
  return { position: '0', hash: null, sealedAt: null };
}

/**
 * The sealed position that a request's `asKnownAt` means; null where it names none. Throws Problem
 * `invalid-request` for an instant ahead of now, `not-found` for one before the first seal and for a
 * position that is not sealed.
 */
export async function knownAt(
  db: Queryable,
  { projectId, asKnownAt, now }: { projectId: string; asKnownAt: string | undefined; now: Date },
): Promise<KnownAt | null> {
  if (asKnownAt === undefined) return null;
  if (!POSITION.test(asKnownAt) && Date.parse(asKnownAt) > now.getTime()) {
    throw new Problem('invalid-request', 'query/asKnownAt: lies ahead of now', {
      faults: [{ at: 'query/asKnownAt', message: 'lies ahead of now' }],
    });
  }
  const { position, sealedAt } = await positionAt(db, { projectId, at: asKnownAt });
  if (sealedAt === null) {
    throw new Problem('not-found', `Nothing of the journal was sealed yet at ${asKnownAt}.`);
  }
  return { position, sealedAt };
}

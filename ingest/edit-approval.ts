/** Whether an edit of quarter-hours waits for a second person: by the money that it may move. */
import { sql } from 'drizzle-orm';
import { exponentOf } from '../sql/money.ts';
import { type Actor, personOf } from '../sql/permission.ts';
import type { Tx } from '../sql/postgres.ts';

const SLOTS_PER_HOUR = 4;
/** How far before and after it the same person's edits count with it: as long as one may be. */
const AROUND_MS = 31 * 86_400_000;

/**
 * Whether a second person must approve: by what is moved, at the point's price, and the demand that the quarter-hour
 * moved most may make; with what the same person has moved there around this time without one, so that many small edits
 * are not a way past it.
 */
export async function approvalFor(
  tx: Tx,
  {
    id: projectId,
    settings,
    currency,
    pointId,
    moves,
    fromMs,
    toMs,
    actor,
  }: {
    id: string;
    settings: { approvalAboveMinor: number };
    currency: string;
    pointId: string;
    /** Of each quarter-hour, base units. */
    moves: readonly number[];
    fromMs: number;
    toMs: number;
    actor: Actor;
  },
): Promise<'amount' | 'no-price' | null> {
  const moved = moves.reduce((a, b) => a + b, 0);
  const peakW = Math.max(...moves) * SLOTS_PER_HOUR;
  const { rows } = await tx.execute<{ minor: string | null; held: boolean }>(sql`
    WITH alone AS (
      SELECT coalesce(sum(abs((s ->> 1)::numeric - coalesce((s ->> 2)::numeric, 0))), 0) AS moved
      FROM interval_edits e CROSS JOIN LATERAL jsonb_array_elements(e.slots) s
      WHERE e.project_id = ${projectId}::bigint AND e.point_id = ${pointId}::bigint
        AND e.proposed_by = ${personOf(actor)} AND e.approval IS NULL
        AND e.from_at < ${new Date(toMs + AROUND_MS).toISOString()}::timestamptz
        AND e.to_at > ${new Date(fromMs - AROUND_MS).toISOString()}::timestamptz
        AND (SELECT decision FROM interval_edit_decisions d WHERE d.project_id = e.project_id
          AND d.edit_id = e.id ORDER BY d.id DESC LIMIT 1) = 'approve')
    SELECT (energy + demand) / 1000 * 10 ^ ${exponentOf(currency)}::int AS minor, held FROM (
    SELECT (SELECT price FROM point_prices WHERE project_id = ${projectId}::bigint
        AND point_id = ${pointId}::bigint) * (${moved}::numeric + alone.moved) AS energy,
      coalesce((SELECT c.price FROM settlements s JOIN charges c ON c.project_id = s.project_id
          AND c.settlement_id = s.id AND c.kind = 'demand'
        WHERE s.project_id = ${projectId}::bigint AND s.scope_id = ${pointId}::bigint
        ORDER BY s.local_day DESC, s.id DESC LIMIT 1), 0) * ${peakW}::numeric AS demand,
      EXISTS (SELECT FROM tenancies WHERE project_id = ${projectId}::bigint
        AND point_id = ${pointId}::bigint) AS held
    FROM alone) sums`);
  const found = rows[0];
  if (!found?.held || moved === 0) return null;
  if (found.minor === null) return 'no-price';
  return Number(found.minor) > settings.approvalAboveMinor ? 'amount' : null;
}

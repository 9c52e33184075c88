/** What is known of the supply behind a meter: what its samples show, and what it was last told. */
import { sql } from 'drizzle-orm';
import type { CommandFunction } from '../sql/command-functions.ts';
import type { Queryable } from '../sql/postgres.ts';
import { suppliedBy, supplyFunctions } from '../sql/supply.ts';

interface MeterSupply {
  /** As its newest sample shows it; null where no sample tells. */
  state: 'on' | 'off' | null;
  sampleAt: string | null;
  lockedOut: boolean;
  /** The newest confirmed command of its supply. */
  commanded: { commandId: string; function: CommandFunction; at: string } | null;
}

/** The supply of one meter, at an instant; undefined when there is no such meter. */
export async function supplyOf(
  db: Queryable,
  { projectId, meterId, at }: { projectId: string; meterId: string; at: Date },
): Promise<MeterSupply | undefined> {
  const instant = sql`${at.toISOString()}::timestamptz`;
  const { rows } = await db.execute<{
    channels: Record<string, number> | null;
    sample_at: Date | string | null;
    locked: boolean;
    command_id: string | null;
    function: CommandFunction | null;
    resolved_at: Date | string | null;
  }>(sql`
    SELECT s.channels, s.last_sample_at AS sample_at, p.lock_out IS NOT NULL AS locked,
      c.command_id, c.function, c.resolved_at
    FROM meters m
    LEFT JOIN meter_states s ON s.project_id = m.project_id AND s.meter_id = m.id
    LEFT JOIN installations i ON i.project_id = m.project_id AND i.meter_id = m.id
      AND i.valid_from <= ${instant} AND (i.valid_to IS NULL OR i.valid_to > ${instant})
    LEFT JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    LEFT JOIN LATERAL (
      SELECT c.id::text AS command_id, c.function, t.resolved_at
      FROM commands c
      JOIN command_states t ON t.project_id = c.project_id AND t.command_id = c.id
      WHERE c.project_id = m.project_id AND c.meter_id = m.id AND t.state = 'confirmed'
        AND c.function IN (${supplyFunctions})
      ORDER BY c.sequence DESC LIMIT 1) c ON true
    WHERE m.project_id = ${projectId}::bigint AND m.id = ${meterId}::bigint`);
  const row = rows[0];
  if (!row) return undefined;
  const { command_id: commandId, function: name, resolved_at: resolvedAt } = row;
  return {
    state: suppliedBy(row.channels ?? {}) ?? null,
    sampleAt: row.sample_at && new Date(row.sample_at).toISOString(),
    lockedOut: row.locked,
    commanded:
      commandId && name && resolvedAt
        ? { commandId, function: name, at: new Date(resolvedAt).toISOString() }
        : null,
  };
}

/** Which meters a batch is for and what would become of each; the digest says whether that still holds. */
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { CommandFunction } from '../sql/command-functions.ts';
import { COMMAND_METERS_MAX, commandObstacles, type Obstacle } from '../sql/commands.ts';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { suppliedBy } from '../sql/supply.ts';

/** Meters by where they are and what they are; what is not said is not looked at. */
interface MeterFilter {
  buildingId?: string | undefined;
  floorId?: string | undefined;
  gatewayId?: string | undefined;
  model?: string | undefined;
  commodity?: 'electricity' | 'water' | undefined;
}

export interface Selection {
  projectId: string;
  function: CommandFunction;
  arguments: Record<string, unknown>;
  /** One of the two. */
  filter?: MeterFilter | undefined;
  meterIds?: readonly string[] | undefined;
  at: Date;
}

/** A meter that was chosen, as it stands. */
export interface Chosen {
  meterId: string;
  serial: string;
  model: string | null;
  pointId: string | null;
  pointCode: string | null;
  accountId: string | null;
  accountName: string | null;
  silent: boolean;
  /** As its newest sample shows it. */
  supply: 'on' | 'off' | null;
  obstacle: Obstacle | null;
}

/**
 * The meters in the order of their points. Throws Problem `invalid-request` when there are none, or more
 * than one act may command; `not-found` when one that was named is not there.
 */
export async function chosenMeters(tx: Queryable, selection: Selection): Promise<Chosen[]> {
  const { projectId, function: name, at } = selection;
  const rows = await metersOf(tx, selection);
  if (rows.length === 0) throw new Problem('invalid-request', 'No meter fits.');
  if (rows.length > COMMAND_METERS_MAX) {
    throw new Problem('invalid-request', `At most ${COMMAND_METERS_MAX} meters at a time.`);
  }
  const strange = rows.find(({ serial }) => serial === null);
  if (strange) throw new Problem('not-found', `There is no such meter: ${strange.id}.`);
  const meterIds = rows.map(({ id }) => id);
  const inTheWay = await commandObstacles(tx, { projectId, function: name, meterIds, at });
  return rows.map((row) => ({
    meterId: row.id,
    serial: row.serial ?? '',
    model: row.model,
    pointId: row.point_id,
    pointCode: row.point_code,
    accountId: row.account_id,
    accountName: row.account_name,
    silent: row.silent,
    supply: suppliedBy(row.channels ?? {}) ?? null,
    obstacle: inTheWay.get(row.id) ?? null,
  }));
}

/** What a preview promised: the act, and of each meter who it is, whose, and why it is left out. */
export function digestOf(
  { function: name, arguments: args }: Selection,
  meters: readonly Chosen[],
) {
  const lines = meters
    .map((m) => [m.meterId, m.serial, m.model, m.pointId, m.accountId, m.obstacle])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([name, args, lines]))
    .digest('hex');
}

interface Row extends Record<string, unknown> {
  id: string;
  serial: string | null;
  model: string | null;
  point_id: string | null;
  point_code: string | null;
  account_id: string | null;
  account_name: string | null;
  silent: boolean;
  channels: Record<string, number> | null;
}

async function metersOf(
  tx: Queryable,
  { projectId, filter = {}, meterIds, at }: Selection,
): Promise<Row[]> {
  const instant = sql`${at.toISOString()}::timestamptz`;
  const { buildingId, floorId, gatewayId, model, commodity } = filter;
  const chosen = meterIds
    ? sql`(SELECT DISTINCT n AS id FROM unnest(${`{${meterIds.join(',')}}`}::bigint[]) AS t (n)) t`
    : sql`(SELECT id FROM meters WHERE project_id = ${projectId}::bigint AND retired_at IS NULL) t`;
  const { rows } = await tx.execute<Row>(sql`
    SELECT t.id::text, m.serial, m.model, p.id::text AS point_id, p.code AS point_code,
      a.id::text AS account_id, a.name AS account_name, coalesce(s.silent, false) AS silent,
      s.channels
    FROM ${chosen}
    LEFT JOIN meters m ON m.project_id = ${projectId}::bigint AND m.id = t.id
    LEFT JOIN buses u ON u.project_id = m.project_id AND u.id = m.bus_id
    LEFT JOIN installations i ON i.project_id = m.project_id AND i.meter_id = m.id
      AND i.valid_from <= ${instant} AND (i.valid_to IS NULL OR i.valid_to > ${instant})
    LEFT JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    LEFT JOIN tenancies y ON y.project_id = p.project_id AND y.point_id = p.id
      AND y.valid_from <= ${instant} AND (y.valid_to IS NULL OR y.valid_to > ${instant})
    LEFT JOIN accounts a ON a.project_id = y.project_id AND a.id = y.account_id
    LEFT JOIN meter_states s ON s.project_id = m.project_id AND s.meter_id = m.id
    WHERE ${fits('p.building_id', buildingId)} AND ${fits('p.floor_id', floorId)}
      AND ${fits('u.gateway_id', gatewayId)}
      AND (${model ?? null}::text IS NULL OR m.model = ${model ?? null})
      AND (${commodity ?? null}::text IS NULL OR p.commodity = ${commodity ?? null})
    ORDER BY p.code NULLS LAST, t.id LIMIT ${COMMAND_METERS_MAX + 1}`);
  return rows;
}

const fits = (column: 'p.building_id' | 'p.floor_id' | 'u.gateway_id', id: string | undefined) =>
  id === undefined ? sql`true` : sql`${sql.raw(column)} = ${id}::bigint`;

/** Meters as the API shows them: device, place, schedule and state in one row. */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { type ChannelValues, channelFields } from '../sql/channels.ts';
import type { Db } from '../sql/postgres.ts';
import { idSchema } from '../sql/route.ts';

/** Periods of its schedule, and seconds at least, without a reading until contact counts as lost. */
const LOST_AFTER_PERIODS = 3;
const LOST_AFTER_S_MIN = 300;

export const meterSchema = z
  .object({
    id: idSchema,
    serial: z.string(),
    model: z.string(),
    simulated: z.boolean(),
    busId: idSchema.nullable(),
    unit: z.number().int().nullable(),
    clockZone: z.string().nullable(),
    verifiedUntil: z.string().nullable(),
    pointId: idSchema.nullable(),
    pointCode: z.string().nullable(),
    pollSeconds: z.number().int(),
    state: z.enum(['online', 'silent', 'unread', 'retired']),
    lastSampleAt: z.string().nullable(),
    ageS: z.number().int().nullable(),
    lastError: z.string().nullable(),
    lastErrorAt: z.string().nullable(),
    clockOffsetMs: z.number().int().nullable(),
    live: z.record(z.string(), z.number()).nullable().openapi({
      description: 'Channels of the newest sample, before CT/PT; in lists only with live=true',
    }),
  })
  .openapi('Meter');

interface Row extends Record<string, unknown> {
  id: string;
  serial: string;
  model: string;
  bus_id: string | null;
  unit: number | null;
  clock_zone: string | null;
  verified_until: string | null;
  retired: boolean;
  point_id: string | null;
  point_code: string | null;
  poll_seconds: number;
  last_sample_at: Date | null;
  last_error_at: Date | null;
  last_error_kind: string | null;
  clock_offset_ms: number | null;
  channels: ChannelValues | null;
  silent: boolean;
}

/** Meters in order of id after `after`, or the one that is named; `withRetired`: those out of use, too. */
export async function readMeters(
  db: Db,
  {
    projectId,
    now,
    limit,
    after,
    meterId,
    withRetired = false,
  }: {
    projectId: string;
    now: Date;
    limit: number;
    after?: string | undefined;
    meterId?: string;
    withRetired?: boolean;
  },
) {
  const at = sql`${now.toISOString()}::timestamptz`;
  const which =
    meterId === undefined
      ? sql`m.id > ${after ?? '0'}::bigint AND (${withRetired} OR m.retired_at IS NULL)`
      : sql`m.id = ${meterId}::bigint`;
  const { rows } = await db.execute<Row>(sql`
    SELECT m.id::text, m.serial, m.model, m.bus_id::text, m.unit, m.clock_zone, m.verified_until,
      m.retired_at IS NOT NULL AS retired, p.id::text AS point_id, p.code AS point_code,
      coalesce(c.seconds, r.poll_seconds) AS poll_seconds, s.last_sample_at, s.last_error_at,
      s.last_error_kind, s.clock_offset_ms, s.channels, coalesce(s.silent, false) AS silent
    FROM meters m
    JOIN projects r ON r.id = m.project_id
    LEFT JOIN installations i ON i.project_id = m.project_id AND i.meter_id = m.id
      AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at})
    LEFT JOIN points p ON p.project_id = m.project_id AND p.id = i.point_id
    LEFT JOIN schedules c ON c.project_id = m.project_id AND c.meter_id = m.id
      AND c.valid_from <= ${at} AND (c.valid_to IS NULL OR c.valid_to > ${at})
    LEFT JOIN meter_states s ON s.project_id = m.project_id AND s.meter_id = m.id
    WHERE m.project_id = ${projectId}::bigint AND ${which}
    ORDER BY m.id LIMIT ${limit}`);
  return rows.map((row) => shownMeter(row, now));
}

function shownMeter(row: Row, now: Date) {
  const lastSampleAt = row.last_sample_at && new Date(row.last_sample_at);
  const lastErrorAt = row.last_error_at && new Date(row.last_error_at);
  const ageS =
    lastSampleAt && Math.max(0, Math.round((now.getTime() - lastSampleAt.getTime()) / 1000));
  const isOver = lastErrorAt !== null && lastSampleAt !== null && lastErrorAt < lastSampleAt;
  return {
    id: row.id,
    serial: row.serial,
    model: row.model,
    simulated: row.model.endsWith('-SIM'),
    busId: row.bus_id,
    unit: row.unit,
    clockZone: row.clock_zone,
    verifiedUntil: row.verified_until,
    pointId: row.point_id,
    pointCode: row.point_code,
    pollSeconds: row.poll_seconds,
    state: stateOf(row, ageS),
    lastSampleAt: lastSampleAt?.toISOString() ?? null,
    ageS,
    // An error that a newer sample has answered is over.
    lastError: isOver ? null : row.last_error_kind,
    lastErrorAt: isOver ? null : (lastErrorAt?.toISOString() ?? null),
    clockOffsetMs: row.clock_offset_ms,
    live: row.channels && channelFields(row.channels),
  };
}

function stateOf(row: Row, ageS: number | null): 'online' | 'silent' | 'unread' | 'retired' {
  if (row.retired) return 'retired';
  if (row.bus_id === null || row.unit === null) return 'unread';
  const isLost =
    ageS === null || ageS > Math.max(LOST_AFTER_PERIODS * row.poll_seconds, LOST_AFTER_S_MIN);
  return row.silent || isLost ? 'silent' : 'online';
}

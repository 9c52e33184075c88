/** Meters as devices on a bus: what they are, how they are read, what they said last. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { type ChannelValues, channelFields } from '../sql/channels.ts';
import { isZone } from '../sql/local-day.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { buses, meters } from '../sql/schema/index.ts';
import { idPageQuery } from './fields.ts';
import { modelNames } from './models.ts';
import type { IngestDeps } from './routes.ts';
import { broken, by, only, pageOf } from './rows.ts';
import { setPollSeconds } from './schedules.ts';

/** Meters that one bus can be read with. */
export const BUS_METERS_MAX = 32;
/** Periods of its schedule, and seconds at least, without a reading until contact counts as lost. */
const LOST_AFTER_PERIODS = 3;
const LOST_AFTER_S_MIN = 300;

const serialSchema = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'not a serial number')
  .openapi({ example: '202611240001' });
const modelSchema = z.enum(modelNames, {
  error: ({ input }) => `unknown model ${String(input).slice(0, 40)}; GET /models names them`,
});
const unitSchema = z.number().int().min(1).max(247);
const zoneSchema = z.string().refine(isZone, 'not an IANA zone');
export const pollSecondsSchema = z.number().int().min(5).max(86_400);

const meterSchema = z
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

const body = z.strictObject({
  serial: serialSchema,
  model: modelSchema,
  busId: idSchema.nullable().default(null),
  unit: unitSchema.nullable().default(null),
  clockZone: zoneSchema.nullable().default(null),
  verifiedUntil: z.iso.date().nullable().default(null),
  pollSeconds: pollSecondsSchema.optional(),
});

const patch = z.strictObject({
  serial: serialSchema.optional(),
  busId: idSchema.nullable().optional(),
  unit: unitSchema.nullable().optional(),
  clockZone: zoneSchema.nullable().optional(),
  verifiedUntil: z.iso.date().nullable().optional(),
  pollSeconds: pollSecondsSchema.optional(),
  retired: z.boolean().optional(),
});

const params = projectParams.extend({ meterId: idSchema });

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/meters',
  summary: 'Meters with their place and state',
  ...needs('device.read'),
  request: {
    params: projectParams,
    query: idPageQuery.extend({ live: z.enum(['true', 'false']).default('false') }),
  },
  responses: answers(listOf(meterSchema)),
});

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/meters/{meterId}',
  summary: 'A meter with its newest sample',
  ...needs('device.read'),
  request: { params },
  responses: answers(meterSchema),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/meters',
  summary: 'Add a meter; it is read as soon as it has a bus and a unit',
  ...needs('device.write'),
  request: { params: projectParams, body: takes(body) },
  responses: makes(meterSchema),
});

const change = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/meters/{meterId}',
  summary: 'Move a meter to another bus, change its interval, retire it',
  ...needs('device.write'),
  request: { params, body: takes(patch) },
  responses: answers(meterSchema),
});

const sameSerial = new Problem('conflict', 'There is a meter of this serial number.');
const sameUnit = new Problem('conflict', 'Another meter on this bus has this unit.');
const taken = broken({ bus_unit: sameUnit, serial_unique: sameSerial });

export function meterRoutes({ db, clock }: IngestDeps) {
  const one = async (projectId: string, meterId: string) => {
    const [meter] = await readMeters(db, { projectId, now: clock(), limit: 1, meterId });
    if (!meter) throw notFound('meter');
    return meter;
  };
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, live } = c.req.valid('query');
      const now = clock();
      const found = await readMeters(db, { projectId, now, limit: limit + 1, after: cursor });
      const rows = live === 'true' ? found : found.map((meter) => ({ ...meter, live: null }));
      return c.json({ ...pageOf(rows, limit), totals: null }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, meterId } = c.req.valid('param');
      return c.json(await one(projectId, meterId), 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { pollSeconds, ...values } = c.req.valid('json');
      const id = await db.transaction(async (tx) => {
        await takePlace(tx, { projectId, meterId: null, ...values });
        const meter = only(
          await tx
            .insert(meters)
            .values({ projectId, ...values })
            .returning({ id: meters.id })
            .catch(taken),
        );
        if (pollSeconds !== undefined) {
          await setPollSeconds(tx, {
            projectId,
            meterId: meter.id,
            seconds: pollSeconds,
            at: clock(),
          });
        }
        await record(tx, {
          projectId,
          ...by(c),
          action: 'meter.created',
          subjectKind: 'meter',
          subjectId: meter.id,
          detail: { serial: values.serial, model: values.model, unit: values.unit },
        });
        return meter.id;
      });
      return c.json(await one(projectId, id), 201);
    })
    .openapi(change, async (c) => {
      const { projectId, meterId } = c.req.valid('param');
      const { pollSeconds, retired, ...values } = c.req.valid('json');
      await db.transaction(async (tx) => {
        const which = and(eq(meters.projectId, projectId), eq(meters.id, meterId));
        const [before] = await tx.select().from(meters).where(which).for('update');
        if (!before) throw notFound('meter');
        const retiredAt = retired === undefined ? before.retiredAt : retired ? clock() : null;
        const after = { ...before, ...values, retiredAt };
        if (retiredAt === null) await takePlace(tx, { ...after, meterId });
        const { busId, unit, serial, clockZone, verifiedUntil } = after;
        await tx
          .update(meters)
          .set({ busId, unit, serial, clockZone, verifiedUntil, retiredAt })
          .where(which)
          .catch(taken);
        if (pollSeconds !== undefined) {
          await setPollSeconds(tx, { projectId, meterId, seconds: pollSeconds, at: clock() });
        }
        await record(tx, {
          projectId,
          ...by(c),
          action: 'meter.changed',
          subjectKind: 'meter',
          subjectId: meterId,
          detail: {
            from: Object.fromEntries(
              Object.keys(values).map((key) => [key, before[key as keyof typeof before]]),
            ),
            to: c.req.valid('json'),
          },
        });
      });
      return c.json(await one(projectId, meterId), 200);
    });
}

/**
 * Sees that the meter may stand on the bus: it exists, has room, and a meter that has a bus has a unit.
 * The bus row is locked, so that two meters do not take the last place at once.
 */
async function takePlace(
  tx: Tx,
  {
    projectId,
    meterId,
    busId,
    unit,
  }: { projectId: string; meterId: string | null; busId: string | null; unit: number | null },
): Promise<void> {
  if (busId === null) return;
  if (unit === null) throw new Problem('invalid-request', 'json/unit: a meter on a bus needs one');
  const found = await tx
    .select({ id: buses.id })
    .from(buses)
    .where(and(eq(buses.projectId, projectId), eq(buses.id, busId)))
    .for('update');
  if (found.length === 0) throw notFound('bus');
  const others = await tx
    .select({ id: meters.id })
    .from(meters)
    .where(and(eq(meters.projectId, projectId), eq(meters.busId, busId), isNull(meters.retiredAt)));
  if (others.filter((m) => m.id !== meterId).length >= BUS_METERS_MAX) {
    throw new Problem('bus-full', `The bus has ${BUS_METERS_MAX} meters already.`);
  }
}

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

async function readMeters(
  db: Db,
  {
    projectId,
    now,
    limit,
    after,
    meterId,
  }: { projectId: string; now: Date; limit: number; after?: string; meterId?: string },
) {
  const at = sql`${now.toISOString()}::timestamptz`;
  const which =
    meterId === undefined
      ? sql`m.id > ${after ?? '0'}::bigint AND m.retired_at IS NULL`
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

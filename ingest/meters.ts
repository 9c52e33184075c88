/** Meters as devices on a bus: what they are, how they are read, what they said last. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { assertUnused } from '../sql/in-use.ts';
import { isZone } from '../sql/local-day.ts';
import type { Tx } from '../sql/postgres.ts';
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
import { meters } from '../sql/schema/index.ts';
import { assertFits } from './bus-budgets.ts';
import {
  idPageQuery,
  modelSchema,
  pollSecondsSchema,
  retiredAfter,
  serialSchema,
  unitSchema,
  withRetired,
} from './fields.ts';
import { meterSchema, readMeters } from './meter-rows.ts';
import type { IngestDeps } from './routes.ts';
import { type Acting, broken, by, only, pageOf, type Refuse, thrown } from './rows.ts';
import { setPollSeconds } from './schedules.ts';

/** Meters that one bus can be read with. */
export const BUS_METERS_MAX = 32;
const zoneSchema = z.string().refine(isZone, 'not an IANA zone');

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
    query: idPageQuery.extend({ ...withRetired, live: z.enum(['true', 'false']).default('false') }),
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
      const { limit, cursor, live, retired } = c.req.valid('query');
      const found = await readMeters(db, {
        ...{ projectId, now: clock(), limit: limit + 1, after: cursor },
        withRetired: retired === 'true',
      });
      const rows = live === 'true' ? found : found.map((meter) => ({ ...meter, live: null }));
      return c.json({ ...pageOf(rows, limit), totals: null }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, meterId } = c.req.valid('param');
      return c.json(await one(projectId, meterId), 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const wanted = c.req.valid('json');
      const id = await db.transaction((tx) =>
        addMeter(tx, { projectId, ...by(c) }, { wanted, at: clock() }),
      );
      return c.json(await one(projectId, id), 201);
    })
    .openapi(change, async (c) => {
      const { projectId, meterId } = c.req.valid('param');
      const { pollSeconds, retired, ...values } = c.req.valid('json');
      const { pollSeconds: pollBefore } = await one(projectId, meterId);
      await db.transaction(async (tx) => {
        const which = and(eq(meters.projectId, projectId), eq(meters.id, meterId));
        const [before] = await tx.select().from(meters).where(which).for('update');
        if (!before) throw notFound('meter');
        if (retired && !before.retiredAt)
          await assertUnused(tx, usesOf(projectId, meterId, clock()));
        const retiredAt = retiredAfter(before.retiredAt, retired, clock());
        const after = { ...before, ...values, retiredAt };
        if (retiredAt === null)
          await takePlaces(tx, { projectId, places: [{ ...after, meterId }] });
        const { busId, unit, serial, clockZone, verifiedUntil } = after;
        await tx
          .update(meters)
          .set({ busId, unit, serial, clockZone, verifiedUntil, retiredAt })
          .where(which)
          .catch(taken);
        if (pollSeconds !== undefined) {
          const wanted = [{ meterId, seconds: pollSeconds }];
          await setPollSeconds(tx, { projectId, wanted, at: clock() });
        }
        const asksMore = pollSeconds !== undefined || busId !== before.busId || retired === false;
        if (busId !== null && retiredAt === null && asksMore) {
          await assertFits(tx, { projectId, busId, at: clock() });
        }
        await record(tx, {
          projectId,
          ...by(c),
          action: 'meter.changed',
          subjectKind: 'meter',
          subjectId: meterId,
          detail: {
            from: {
              ...Object.fromEntries(
                Object.keys(values).map((key) => [key, before[key as keyof typeof before]]),
              ),
              ...(pollSeconds !== undefined && { pollSeconds: pollBefore }),
              ...(retired !== undefined && { retired: before.retiredAt !== null }),
            },
            to: c.req.valid('json'),
          },
        });
      });
      return c.json(await one(projectId, meterId), 200);
    });
}

/** Enters a meter within `tx`; returns its id. Throws Problem `conflict` (serial or unit taken), and as `takePlaces`. */
export async function addMeter(
  tx: Tx,
  { projectId, ...who }: Acting,
  { wanted, at }: { wanted: Omit<z.output<typeof body>, 'model'> & { model: string }; at: Date },
): Promise<string> {
  const { pollSeconds, ...values } = wanted;
  await takePlaces(tx, { projectId, places: [{ meterId: null, ...values }] });
  const meter = only(
    await tx
      .insert(meters)
      .values({ projectId, ...values })
      .returning({ id: meters.id })
      .catch(taken),
  );
  if (pollSeconds !== undefined) {
    const polled = [{ meterId: meter.id, seconds: pollSeconds }];
    await setPollSeconds(tx, { projectId, wanted: polled, at });
  }
  if (values.busId !== null) await assertFits(tx, { projectId, busId: values.busId, at });
  await record(tx, {
    ...{ projectId, ...who, action: 'meter.created' },
    ...{ subjectKind: 'meter', subjectId: meter.id, detail: { to: wanted } },
  });
  return meter.id;
}

/**
 * Puts a meter on a place of a line, or takes it off (null), within `tx`; returns where it was. Throws Problem
 * `not-found`, `conflict` when it is on a line already, and as `takePlaces`.
 */
export async function moveMeter(
  tx: Tx,
  { projectId, ...who }: Acting,
  {
    meterId,
    to,
    at,
  }: { meterId: string; to: { busId: string; unit: number | null } | null; at: Date },
): Promise<{ busId: string | null; unit: number | null }> {
  const which = and(eq(meters.projectId, projectId), eq(meters.id, meterId));
  const [before] = await tx.select().from(meters).where(which).for('update');
  if (!before) throw notFound('meter');
  if (to && before.busId) throw new Problem('conflict', 'The new meter is on a bus already.');
  if (to) await takePlaces(tx, { projectId, places: [{ ...to, meterId }] });
  const place = to ?? { busId: null, unit: null };
  await tx.update(meters).set(place).where(which).catch(taken);
  if (to) await assertFits(tx, { projectId, busId: to.busId, at });
  const { busId, unit } = before;
  await record(tx, {
    ...{ projectId, ...who, action: 'meter.changed' },
    ...{ subjectKind: 'meter', subjectId: meterId, detail: { from: { busId, unit }, to: place } },
  });
  return { busId, unit };
}

interface Place {
  /** Null before the meter exists. */
  meterId: string | null;
  busId: string | null;
  unit: number | null;
}

/**
 * Sees that all of these meters may stand on their buses together: each exists, has room, and a meter that has
 * a bus has a unit. Bus rows are locked, so that two meters do not take the last place at once. `refuse` is told
 * the first, in their order, that may not.
 */
export async function takePlaces(
  tx: Tx,
  { projectId, places }: { projectId: string; places: readonly Place[] },
  refuse: Refuse = thrown,
): Promise<void> {
  const busIds = [...new Set(places.flatMap(({ busId }) => busId ?? []))];
  if (busIds.length === 0) return;
  const ids = sql`${`{${busIds.join(',')}}`}::bigint[]`;
  const moved = sql`${`{${places.flatMap(({ meterId }) => meterId ?? []).join(',')}}`}::bigint[]`;
  const found = await tx.execute<{ id: string; retired: boolean }>(sql`
    SELECT id::text, retired_at IS NOT NULL AS retired FROM buses
    WHERE project_id = ${projectId}::bigint AND id = ANY (${ids}) ORDER BY id FOR UPDATE`);
  const others = await tx.execute<{ bus_id: string; meters: number }>(sql`
    SELECT bus_id::text, count(*)::int AS meters FROM meters
    WHERE project_id = ${projectId}::bigint AND bus_id = ANY (${ids}) AND retired_at IS NULL
      AND id <> ALL (${moved}) GROUP BY bus_id`);
  const retired = new Map(found.rows.map((bus) => [bus.id, bus.retired]));
  const taken = new Map(others.rows.map((bus) => [bus.bus_id, bus.meters]));
  for (const [nth, { busId, unit }] of places.entries()) {
    if (busId === null) continue;
    if (unit === null) {
      refuse(nth, new Problem('invalid-request', 'json/unit: a meter on a bus needs one'));
    }
    if (!retired.has(busId)) refuse(nth, notFound('bus'));
    if (retired.get(busId)) refuse(nth, new Problem('conflict', 'The bus is retired.'));
    const meters = (taken.get(busId) ?? 0) + 1;
    if (meters > BUS_METERS_MAX) {
      refuse(nth, new Problem('bus-full', `The bus has ${BUS_METERS_MAX} meters already.`));
    }
    taken.set(busId, meters);
  }
}

/** What a meter is still needed for at an instant: places where it stands or will, commands under way. */
const usesOf = (projectId: string, meterId: string, at: Date) => sql`
  SELECT 'installations' AS kind, p.code AS name FROM installations i
  JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
  WHERE i.project_id = ${projectId}::bigint AND i.meter_id = ${meterId}::bigint
    AND (i.valid_to IS NULL OR i.valid_to > ${at.toISOString()}::timestamptz)
  UNION ALL SELECT 'commands', c.function FROM commands c
  JOIN command_states s ON s.project_id = c.project_id AND s.command_id = c.id
  WHERE c.project_id = ${projectId}::bigint AND c.meter_id = ${meterId}::bigint
    AND s.state IN ('requested', 'sent', 'unknown')`;

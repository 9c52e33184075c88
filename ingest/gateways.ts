/** Gateways and their buses: the endpoints that are read. A change is in force within seconds. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
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
import { buildings, buses, gateways } from '../sql/schema/index.ts';
import { idPageQuery, nameFields, textSchema } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { broken, by, only, pageOf } from './rows.ts';

const TIMEOUT_MS_MIN = 50;
const TIMEOUT_MS_MAX = 60_000;
const timeoutSchema = z.number().int().min(TIMEOUT_MS_MIN).max(TIMEOUT_MS_MAX);
const stateSchema = z.enum(['online', 'partial', 'silent']);

/** A name or address as one writes it in a URL, without scheme, port or path. */
const hostSchema = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .regex(
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/,
    'not a host name or address',
  )
  .openapi({ example: '192.168.1.50' });

const busSchema = z
  .object({
    id: idSchema,
    gatewayId: idSchema,
    name: z.string(),
    framing: z.enum(['tcp', 'rtu-over-tcp', 'rtu-serial']),
    host: z.string(),
    port: z.number().int(),
    timeoutMs: z.number().int(),
    connectTimeoutMs: z.number().int(),
    state: stateSchema,
    lastSeenAt: z.string().nullable(),
    meters: z.number().int(),
    silentMeters: z.number().int(),
  })
  .openapi('Bus');

const gatewaySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    nameZh: z.string().nullable(),
    buildingId: idSchema.nullable(),
    state: stateSchema,
    lastSeenAt: z.string().nullable(),
    buses: z.array(busSchema),
  })
  .openapi('Gateway');

const busFields = {
  name: textSchema,
  framing: z.enum(['tcp', 'rtu-over-tcp']),
  host: hostSchema,
  port: z.number().int().min(1).max(65_535),
  timeoutMs: timeoutSchema.default(1500),
  connectTimeoutMs: timeoutSchema.default(3000),
};
const busBody = z.strictObject(busFields);
const busPatch = z.strictObject({
  name: textSchema.optional(),
  framing: busFields.framing.optional(),
  host: hostSchema.optional(),
  port: busFields.port.optional(),
  timeoutMs: timeoutSchema.optional(),
  connectTimeoutMs: timeoutSchema.optional(),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/gateways',
  summary: 'Gateways with their buses and whether they are heard',
  ...needs('device.read'),
  request: { params: projectParams, query: idPageQuery },
  responses: answers(listOf(gatewaySchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/gateways',
  summary: 'Make a gateway',
  ...needs('device.write'),
  request: {
    params: projectParams,
    body: takes(z.strictObject({ ...nameFields, buildingId: idSchema.nullable().default(null) })),
  },
  responses: makes(gatewaySchema),
});

const makeBus = createRoute({
  method: 'post',
  path: '/projects/{projectId}/gateways/{gatewayId}/buses',
  summary: 'Add a bus: one endpoint with up to 32 meters',
  ...needs('device.write'),
  request: { params: projectParams.extend({ gatewayId: idSchema }), body: takes(busBody) },
  responses: makes(busSchema),
});

const changeBus = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/buses/{busId}',
  summary: 'Change the endpoint of a bus',
  ...needs('device.write'),
  request: { params: projectParams.extend({ busId: idSchema }), body: takes(busPatch) },
  responses: answers(busSchema),
});

const sameGateway = new Problem('conflict', 'There is a gateway of this name.');
const sameBus = new Problem('conflict', 'The gateway has a bus of this name.');

export function gatewayRoutes({ db }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const rows = await readGateways(db, { projectId, limit: limit + 1, after: cursor });
      return c.json({ ...pageOf(rows, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const body = c.req.valid('json');
      const made = await db.transaction(async (tx) => {
        await assertBuilding(tx, projectId, body.buildingId);
        const gateway = only(
          await tx
            .insert(gateways)
            .values({ projectId, ...body })
            .returning()
            .catch(broken({ name_unique: sameGateway })),
        );
        await record(tx, {
          projectId,
          ...by(c),
          action: 'gateway.created',
          subjectKind: 'gateway',
          subjectId: gateway.id,
          detail: { name: gateway.name },
        });
        return gateway;
      });
      const { id, name, nameZh, buildingId } = made;
      const silence = { state: 'silent' as const, lastSeenAt: null };
      return c.json({ id, name, nameZh, buildingId, ...silence, buses: [] }, 201);
    })
    .openapi(makeBus, async (c) => {
      const { projectId, gatewayId } = c.req.valid('param');
      const { timeoutMs, ...body } = c.req.valid('json');
      const bus = await db.transaction(async (tx) => {
        const found = await tx
          .select({ id: gateways.id })
          .from(gateways)
          .where(and(eq(gateways.projectId, projectId), eq(gateways.id, gatewayId)));
        if (found.length === 0) throw notFound('gateway');
        const made = only(
          await tx
            .insert(buses)
            .values({ projectId, gatewayId, ...body, requestTimeoutMs: timeoutMs })
            .returning()
            .catch(broken({ name_unique: sameBus })),
        );
        await record(tx, {
          projectId,
          ...by(c),
          action: 'bus.created',
          subjectKind: 'bus',
          subjectId: made.id,
          detail: { gatewayId, name: made.name, host: made.host, port: made.port },
        });
        return made;
      });
      return c.json(shownBus(bus, undefined), 201);
    })
    .openapi(changeBus, async (c) => {
      const { projectId, busId } = c.req.valid('param');
      const { timeoutMs, ...body } = c.req.valid('json');
      const change = { ...body, ...(timeoutMs !== undefined && { requestTimeoutMs: timeoutMs }) };
      await db.transaction(async (tx) => {
        const which = and(eq(buses.projectId, projectId), eq(buses.id, busId));
        const [before] = await tx.select().from(buses).where(which).for('update');
        if (!before) throw notFound('bus');
        if (Object.keys(change).length === 0) return;
        await tx
          .update(buses)
          .set(change)
          .where(which)
          .catch(broken({ name_unique: sameBus }));
        await record(tx, {
          projectId,
          ...by(c),
          action: 'bus.changed',
          subjectKind: 'bus',
          subjectId: busId,
          detail: {
            from: Object.fromEntries(
              Object.keys(change).map((key) => [key, before[key as keyof typeof before]]),
            ),
            to: change,
          },
        });
      });
      const [bus] = await db
        .select()
        .from(buses)
        .where(and(eq(buses.projectId, projectId), eq(buses.id, busId)));
      if (!bus) throw notFound('bus');
      const heard = await busStates(db, projectId);
      return c.json(shownBus(bus, heard.get(busId)), 200);
    });
}

async function assertBuilding(tx: Tx, projectId: string, buildingId: string | null) {
  if (buildingId === null) return;
  const found = await tx
    .select({ id: buildings.id })
    .from(buildings)
    .where(and(eq(buildings.projectId, projectId), eq(buildings.id, buildingId)));
  if (found.length === 0) throw notFound('building');
}

interface Heard {
  meters: number;
  silent: number;
  lastSeenAt: Date | null;
}

/** How many meters hang on each bus and how many of them ingest calls silent or never heard. */
async function busStates(db: Db, projectId: string): Promise<Map<string, Heard>> {
  const { rows } = await db.execute<{
    bus_id: string;
    meters: number;
    silent: number;
    last: Date | null;
  }>(sql`
    SELECT m.bus_id::text, count(*)::int AS meters,
      count(*) FILTER (WHERE s.last_sample_at IS NULL OR s.silent)::int AS silent,
      max(s.last_sample_at) AS last
    FROM meters m LEFT JOIN meter_states s ON s.project_id = m.project_id AND s.meter_id = m.id
    WHERE m.project_id = ${projectId}::bigint AND m.retired_at IS NULL AND m.bus_id IS NOT NULL
    GROUP BY m.bus_id`);
  return new Map(
    rows.map((r) => [
      r.bus_id,
      { meters: r.meters, silent: r.silent, lastSeenAt: r.last && new Date(r.last) },
    ]),
  );
}

const NOTHING: Heard = { meters: 0, silent: 0, lastSeenAt: null };

function shownBus(bus: typeof buses.$inferSelect, heard: Heard = NOTHING) {
  const { id, gatewayId, name, framing, host, port, requestTimeoutMs, connectTimeoutMs } = bus;
  return {
    id,
    gatewayId,
    name,
    framing,
    host,
    port,
    timeoutMs: requestTimeoutMs,
    connectTimeoutMs,
    state: stateOf([heard]),
    lastSeenAt: heard.lastSeenAt?.toISOString() ?? null,
    meters: heard.meters,
    silentMeters: heard.silent,
  };
}

/** Silent when nothing is heard, online when nothing is missing. */
function stateOf(all: readonly Heard[]): 'online' | 'partial' | 'silent' {
  const meters = all.reduce((sum, h) => sum + h.meters, 0);
  const silent = all.reduce((sum, h) => sum + h.silent, 0);
  if (silent === meters) return 'silent';
  return silent === 0 ? 'online' : 'partial';
}

async function readGateways(
  db: Db,
  { projectId, limit, after }: { projectId: string; limit: number; after: string | undefined },
) {
  const where = sql`${gateways.projectId} = ${projectId}::bigint AND ${gateways.retiredAt} IS NULL
    AND ${gateways.id} > ${after ?? '0'}::bigint`;
  const [found, lines, heard] = await Promise.all([
    db.select().from(gateways).where(where).orderBy(gateways.id).limit(limit),
    db
      .select()
      .from(buses)
      .where(sql`${buses.projectId} = ${projectId}::bigint AND ${buses.retiredAt} IS NULL`)
      .orderBy(buses.id),
    busStates(db, projectId),
  ]);
  return found.map(({ id, name, nameZh, buildingId }) => {
    const own = lines.filter((bus) => bus.gatewayId === id);
    const states = own.map((bus) => heard.get(bus.id) ?? NOTHING);
    const seen = states.flatMap((s) => s.lastSeenAt?.getTime() ?? []);
    return {
      ...{ id, name, nameZh, buildingId },
      state: stateOf(states),
      lastSeenAt: seen.length > 0 ? new Date(Math.max(...seen)).toISOString() : null,
      buses: own.map((bus) => shownBus(bus, heard.get(bus.id))),
    };
  });
}

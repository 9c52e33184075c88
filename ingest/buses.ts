/** Buses of gateways: one endpoint each, up to 32 meters, and what their readings need of the line. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { assertUnused } from '../sql/in-use.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { buses, gateways } from '../sql/schema/index.ts';
import { type BusBudget, budgetOf } from './bus-budget.ts';
import { budgetSchema, budgetsOf, budgetWith, lineOf, lineSchema } from './bus-budgets.ts';
import { hostSchema, modelSchema, pollSecondsSchema, retiredAfter, textSchema } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { broken, by, only } from './rows.ts';

const TIMEOUT_MS_MIN = 50;
const TIMEOUT_MS_MAX = 60_000;
const timeoutSchema = z.number().int().min(TIMEOUT_MS_MIN).max(TIMEOUT_MS_MAX);
export const contactSchema = z.enum(['online', 'partial', 'silent']);
export const framingSchema = z.enum(['tcp', 'rtu-over-tcp']);
export const portSchema = z.number().int().min(1).max(65_535);

export const busSchema = z
  .object({
    id: idSchema,
    gatewayId: idSchema,
    name: z.string(),
    framing: z.enum(['tcp', 'rtu-over-tcp', 'rtu-serial']),
    host: z.string(),
    port: z.number().int(),
    timeoutMs: z.number().int(),
    connectTimeoutMs: z.number().int(),
    line: lineSchema.nullable(),
    state: contactSchema,
    lastSeenAt: z.string().nullable(),
    meters: z.number().int(),
    silentMeters: z.number().int(),
    budget: budgetSchema,
    retired: z.boolean(),
  })
  .openapi('Bus');

const busBody = z.strictObject({
  name: textSchema,
  framing: framingSchema,
  host: hostSchema,
  port: portSchema,
  timeoutMs: timeoutSchema.default(1500),
  connectTimeoutMs: timeoutSchema.default(3000),
  line: lineSchema.nullable().default(null),
});
const busPatch = z.strictObject({
  name: textSchema.optional(),
  framing: framingSchema.optional(),
  host: hostSchema.optional(),
  port: portSchema.optional(),
  timeoutMs: timeoutSchema.optional(),
  connectTimeoutMs: timeoutSchema.optional(),
  line: lineSchema.nullable().optional(),
  retired: z.boolean().optional(),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/gateways/{gatewayId}/buses',
  summary: 'Add a bus: one endpoint with up to 32 meters',
  ...needs('device.write'),
  request: { params: projectParams.extend({ gatewayId: idSchema }), body: takes(busBody) },
  responses: makes(busSchema),
});

const params = projectParams.extend({ busId: idSchema });
const change = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/buses/{busId}',
  summary: 'Change the endpoint or the line of a bus, retire it or take it back into use',
  ...needs('device.write'),
  request: { params, body: takes(busPatch) },
  responses: answers(busSchema),
});

const budget = createRoute({
  method: 'get',
  path: '/projects/{projectId}/buses/{busId}/budget',
  summary: 'What a meter would need of the time of a bus, before it is entered or changed',
  ...needs('device.read'),
  request: {
    params,
    query: z.object({
      model: modelSchema.optional(),
      pollSeconds: z.coerce
        .number()
        .pipe(pollSecondsSchema)
        .optional()
        .openapi({ description: 'The project’s default if left out' }),
      meterId: idSchema
        .optional()
        .openapi({ description: 'A meter that is there and would be read otherwise' }),
    }),
  },
  responses: answers(z.object({ before: budgetSchema, after: budgetSchema })),
});

const sameBus = broken({
  name_unique: new Problem('conflict', 'The gateway has a bus of this name.'),
});

export function busRoutes({ db, clock }: IngestDeps) {
  return createRoutes()
    .openapi(make, async (c) => {
      const { projectId, gatewayId } = c.req.valid('param');
      const { timeoutMs, ...body } = c.req.valid('json');
      const bus = await db.transaction(async (tx) => {
        const [gateway] = await tx
          .select({ retiredAt: gateways.retiredAt })
          .from(gateways)
          .where(and(eq(gateways.projectId, projectId), eq(gateways.id, gatewayId)))
          .for('share');
        if (!gateway) throw notFound('gateway');
        if (gateway.retiredAt) throw new Problem('conflict', 'The gateway is retired.');
        const made = only(
          await tx
            .insert(buses)
            .values({ projectId, gatewayId, ...body, requestTimeoutMs: timeoutMs })
            .returning()
            .catch(sameBus),
        );
        await record(tx, {
          projectId,
          ...by(c),
          action: 'bus.created',
          subjectKind: 'bus',
          subjectId: made.id,
          detail: { to: { gatewayId, ...settingsOf(made) } },
        });
        return made;
      });
      return c.json(shownBus(bus), 201);
    })
    .openapi(change, async (c) => {
      const { projectId, busId } = c.req.valid('param');
      const { timeoutMs, retired, ...body } = c.req.valid('json');
      const bus = await db.transaction(async (tx) => {
        const which = and(eq(buses.projectId, projectId), eq(buses.id, busId));
        const [before] = await tx.select().from(buses).where(which).for('update');
        if (!before) throw notFound('bus');
        if (retired && !before.retiredAt) {
          await assertUnused(tx, metersOn(projectId, sql`m.bus_id = ${busId}::bigint`));
        }
        const retiredAt = retiredAfter(before.retiredAt, retired, clock());
        const times = timeoutMs === undefined ? {} : { requestTimeoutMs: timeoutMs };
        const after = only(
          await tx
            .update(buses)
            .set({ ...body, ...times, retiredAt })
            .where(which)
            .returning()
            .catch(sameBus),
        );
        await record(tx, {
          projectId,
          ...by(c),
          action: 'bus.changed',
          subjectKind: 'bus',
          subjectId: busId,
          detail: { from: settingsOf(before), to: settingsOf(after) },
        });
        return after;
      });
      const [heard, budgets] = await Promise.all([
        busStates(db, projectId),
        budgetsOf(db, { projectId, at: clock(), busId }),
      ]);
      return c.json(shownBus(bus, heard.get(busId), budgets.get(busId)), 200);
    })
    .openapi(budget, async (c) => {
      const { projectId, busId } = c.req.valid('param');
      const { model = null, pollSeconds: seconds = null, meterId = null } = c.req.valid('query');
      const asked = { projectId, busId, at: clock(), meterId, model, seconds };
      const found = await budgetWith(db, asked);
      if (!found) throw notFound('bus');
      return c.json(found, 200);
    });
}

/** Meters that hang on a bus, as obstacles; the condition sees `m` and its bus `b`. */
export const metersOn = (projectId: string, where: ReturnType<typeof sql>) => sql`
  SELECT 'meters' AS kind, m.serial AS name FROM meters m
  JOIN buses b ON b.project_id = m.project_id AND b.id = m.bus_id
  WHERE m.project_id = ${projectId}::bigint AND m.retired_at IS NULL AND ${where}`;

interface Heard {
  meters: number;
  silent: number;
  lastSeenAt: Date | null;
}

/** How many meters hang on each bus and how many of them ingest calls silent or never heard. */
export async function busStates(db: Queryable, projectId: string): Promise<Map<string, Heard>> {
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

export const NOTHING_HEARD: Heard = { meters: 0, silent: 0, lastSeenAt: null };

type BusRow = typeof buses.$inferSelect;

/** What people set of a bus, as the API names it. */
function settingsOf({ name, framing, host, port, retiredAt, ...bus }: BusRow) {
  const { requestTimeoutMs: timeoutMs, connectTimeoutMs } = bus;
  const line = lineOf(bus.line);
  return { name, framing, host, port, timeoutMs, connectTimeoutMs, line, retired: !!retiredAt };
}

/** As the API shows it. */
export function shownBus(
  bus: BusRow,
  heard: Heard = NOTHING_HEARD,
  needed: BusBudget = budgetOf([], lineOf(bus.line)),
) {
  return {
    id: bus.id,
    gatewayId: bus.gatewayId,
    ...settingsOf(bus),
    state: contactOf([heard]),
    lastSeenAt: heard.lastSeenAt?.toISOString() ?? null,
    meters: heard.meters,
    silentMeters: heard.silent,
    budget: needed,
  };
}

/** Silent when nothing is heard, online when nothing is missing. */
export function contactOf(all: readonly Heard[]): 'online' | 'partial' | 'silent' {
  const meters = all.reduce((sum, h) => sum + h.meters, 0);
  const silent = all.reduce((sum, h) => sum + h.silent, 0);
  if (silent === meters) return 'silent';
  return silent === 0 ? 'online' : 'partial';
}

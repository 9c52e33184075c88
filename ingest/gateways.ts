/** Gateways: what stands between our network and the buses of meters. A change is in force within seconds. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { assertUnused } from '../sql/in-use.ts';
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
import { budgetsOf } from './bus-budgets.ts';
import {
  busSchema,
  busStates,
  contactOf,
  contactSchema,
  metersOn,
  NOTHING_HEARD,
  shownBus,
} from './buses.ts';
import { idPageQuery, nameFields, retiredAfter, textSchema, withRetired } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { broken, by, only, pageOf } from './rows.ts';

const gatewaySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    nameZh: z.string().nullable(),
    buildingId: idSchema.nullable(),
    state: contactSchema,
    lastSeenAt: z.string().nullable(),
    retired: z.boolean(),
    buses: z.array(busSchema),
  })
  .openapi('Gateway');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/gateways',
  summary: 'Gateways with their buses, whether they are heard, and what their lines carry',
  ...needs('device.read'),
  request: { params: projectParams, query: idPageQuery.extend(withRetired) },
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

const change = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/gateways/{gatewayId}',
  summary: 'Rename a gateway, move it, retire it or take it back into use',
  ...needs('device.write'),
  request: {
    params: projectParams.extend({ gatewayId: idSchema }),
    body: takes(
      z.strictObject({
        name: textSchema.optional(),
        nameZh: textSchema.nullable().optional(),
        buildingId: idSchema.nullable().optional(),
        retired: z.boolean().optional(),
      }),
    ),
  },
  responses: answers(gatewaySchema),
});

const sameGateway = broken({
  name_unique: new Problem('conflict', 'There is a gateway of this name.'),
});

export function gatewayRoutes({ db, clock }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, retired } = c.req.valid('query');
      const found = await readGateways(db, {
        ...{ projectId, at: clock(), limit: limit + 1, after: cursor },
        withRetired: retired === 'true',
      });
      return c.json({ ...pageOf(found, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const body = c.req.valid('json');
      const { id } = await db.transaction(async (tx) => {
        await assertBuilding(tx, projectId, body.buildingId);
        const made = tx.insert(gateways).values({ projectId, ...body });
        const gateway = only(await made.returning().catch(sameGateway));
        await record(tx, {
          projectId,
          ...by(c),
          action: 'gateway.created',
          subjectKind: 'gateway',
          subjectId: gateway.id,
          detail: { to: body },
        });
        return gateway;
      });
      const silence = { state: 'silent' as const, lastSeenAt: null };
      return c.json({ id, ...body, ...silence, retired: false, buses: [] }, 201);
    })
    .openapi(change, async (c) => {
      const { projectId, gatewayId } = c.req.valid('param');
      const { retired, ...body } = c.req.valid('json');
      await db.transaction(async (tx) => {
        const which = and(eq(gateways.projectId, projectId), eq(gateways.id, gatewayId));
        const [before] = await tx.select().from(gateways).where(which).for('update');
        if (!before) throw notFound('gateway');
        if (body.buildingId !== before.buildingId) {
          await assertBuilding(tx, projectId, body.buildingId ?? null);
        }
        if (retired && !before.retiredAt) {
          await assertUnused(tx, metersOn(projectId, sql`b.gateway_id = ${gatewayId}::bigint`));
        }
        const retiredAt = retiredAfter(before.retiredAt, retired, clock());
        const changed = tx
          .update(gateways)
          .set({ ...body, retiredAt })
          .where(which);
        const after = only(await changed.returning().catch(sameGateway));
        await record(tx, {
          projectId,
          ...by(c),
          action: 'gateway.changed',
          subjectKind: 'gateway',
          subjectId: gatewayId,
          detail: { from: settingsOf(before), to: settingsOf(after) },
        });
      });
      const found = { projectId, at: clock(), limit: 1, withRetired: true, gatewayId };
      return c.json(only(await readGateways(db, found)), 200);
    });
}

const settingsOf = ({ name, nameZh, buildingId, retiredAt }: typeof gateways.$inferSelect) => ({
  ...{ name, nameZh, buildingId },
  retired: retiredAt !== null,
});

async function assertBuilding(tx: Tx, projectId: string, buildingId: string | null) {
  if (buildingId === null) return;
  const [building] = await tx
    .select({ retiredAt: buildings.retiredAt })
    .from(buildings)
    .where(and(eq(buildings.projectId, projectId), eq(buildings.id, buildingId)))
    .for('share');
  if (!building) throw notFound('building');
  if (building.retiredAt) throw new Problem('conflict', 'The building is retired.');
}

async function readGateways(
  db: Db,
  {
    projectId,
    at,
    limit,
    after,
    withRetired: all,
    gatewayId = null,
  }: {
    projectId: string;
    at: Date;
    limit: number;
    after?: string | undefined;
    withRetired: boolean;
    gatewayId?: string | null;
  },
) {
  const where = sql`${gateways.projectId} = ${projectId}::bigint
    AND (${all} OR ${gateways.retiredAt} IS NULL) AND ${gateways.id} > ${after ?? '0'}::bigint
    AND (${gatewayId}::bigint IS NULL OR ${gateways.id} = ${gatewayId}::bigint)`;
  const [found, lines, heard, budgets] = await Promise.all([
    db.select().from(gateways).where(where).orderBy(gateways.id).limit(limit),
    db
      .select()
      .from(buses)
      .where(
        sql`${buses.projectId} = ${projectId}::bigint AND (${all} OR ${buses.retiredAt} IS NULL)`,
      )
      .orderBy(buses.id),
    busStates(db, projectId),
    budgetsOf(db, { projectId, at }),
  ]);
  return found.map((gateway) => {
    const own = lines.filter((bus) => bus.gatewayId === gateway.id);
    const states = own.map((bus) => heard.get(bus.id) ?? NOTHING_HEARD);
    const seen = states.flatMap((s) => s.lastSeenAt?.getTime() ?? []);
    return {
      id: gateway.id,
      ...settingsOf(gateway),
      state: contactOf(states),
      lastSeenAt: seen.length > 0 ? new Date(Math.max(...seen)).toISOString() : null,
      buses: own.map((bus) => shownBus(bus, heard.get(bus.id), budgets.get(bus.id))),
    };
  });
}

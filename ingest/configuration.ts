/**
 * What is to be read, from Postgres as data: every bus that is in use with its meters (none yet: it waits
 * for a test-read), their addresses and the interval in force. And a cheap mark by which one sees that something changed.
 */
import { and, eq, gt, isNotNull, isNull, lte, or, sql } from 'drizzle-orm';
import { isZone } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import { buses, gateways, meters, projects, schedules } from '../sql/schema/index.ts';
import type { BusConfig, MeterConfig } from './bus.ts';
import { modelOf } from './models.ts';

export interface Configuration {
  buses: BusConfig[];
  /** Meters that cannot be read as they are entered, and why. */
  unreadable: { meterId: string; why: string }[];
}

/** The configuration in force at an instant; schedules are dated, so it changes with time alone. */
export async function loadConfiguration(db: Db, at: Date): Promise<Configuration> {
  const rows = await db
    .select({
      bus: buses,
      meterId: meters.id,
      model: meters.model,
      unit: meters.unit,
      clockZone: meters.clockZone,
      zone: projects.zone,
      seconds: sql<number>`coalesce(${schedules.seconds}, ${projects.pollSeconds})`,
    })
    .from(buses)
    .innerJoin(projects, eq(projects.id, buses.projectId))
    .innerJoin(
      gateways,
      and(eq(gateways.projectId, buses.projectId), eq(gateways.id, buses.gatewayId)),
    )
    .leftJoin(
      meters,
      and(
        eq(meters.projectId, buses.projectId),
        eq(meters.busId, buses.id),
        isNull(meters.retiredAt),
        isNotNull(meters.unit),
      ),
    )
    .leftJoin(
      schedules,
      and(
        eq(schedules.projectId, meters.projectId),
        eq(schedules.meterId, meters.id),
        lte(schedules.validFrom, at),
        or(isNull(schedules.validTo), gt(schedules.validTo, at)),
      ),
    )
    .where(and(isNull(buses.retiredAt), isNull(gateways.retiredAt)))
    .orderBy(buses.id, meters.id);
  const found = new Map<string, BusConfig & { meters: MeterConfig[] }>();
  const unreadable: Configuration['unreadable'] = [];
  for (const { bus, meterId, unit, seconds, ...row } of rows) {
    const config = found.get(bus.id) ?? busOf(bus);
    found.set(bus.id, config);
    if (meterId === null) continue;
    const model = modelOf(row.model ?? '')?.name;
    const zone = [row.clockZone, row.zone].find((name) => name !== null && isZone(name)) ?? 'UTC';
    if (!model || unit === null) {
      unreadable.push({ meterId, why: `model ${row.model} is not known` });
      continue;
    }
    config.meters.push({ id: meterId, projectId: bus.projectId, model, zone, unit, seconds });
  }
  return { buses: [...found.values()], unreadable };
}

function busOf(bus: typeof buses.$inferSelect): BusConfig & { meters: MeterConfig[] } {
  const { id, projectId, gatewayId, framing, host, port } = bus;
  const { connectTimeoutMs, requestTimeoutMs } = bus;
  const endpoint = { framing, host, port, connectTimeoutMs, requestTimeoutMs };
  return { id, projectId, gatewayId, endpoint, meters: [] };
}

/**
 * A text that differs after any committed change of what is read. Row versions (xmin) only grow, so
 * their count and sum tell; no trigger and no clock is needed, and nothing is missed by a late commit.
 */
export async function configurationMark(db: Db): Promise<string> {
  const marks = [projects, gateways, buses, meters, schedules].map(
    (table) => sql`(SELECT count(*) || ':' || coalesce(sum(xmin::text::bigint), 0) FROM ${table})`,
  );
  const { rows } = await db.execute<{ mark: string }>(
    sql`SELECT concat_ws('/', ${sql.join(marks, sql`, `)}) AS mark`,
  );
  return rows[0]?.mark ?? '';
}

/**
 * `/metrics` for Prometheus: what each room's process has counted, and what the tables say. It answers to
 * this machine, or to who sends the token; a label never holds an id or a name of anything of a customer.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { AggregatorRegistry, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../sql/clock.ts';
import {
  labelMetrics,
  type Metrics,
  readSnapshots,
  registry,
  SNAPSHOT_STALE_MS,
} from '../sql/metrics.ts';
import { rooms } from '../sql/owners.ts';
import type { Db } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { RouteEnv } from '../sql/route.ts';
import { currentTrace } from '../sql/trace.ts';
import { peerOf } from './request.ts';
import { measureWarehouse, readSigns, readWarehouse } from './signs.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const requestSeconds = new Histogram({
  name: 'wattledger_http_request_seconds',
  help: 'Requests from their head to the head of their answer, by the pattern of their route',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10],
  registers: [registry],
});

/** Counts and times every request, but not those that we ask of ourselves on behalf of one. */
export const countRequests: MiddlewareHandler<RouteEnv> = async (c, next) => {
  if (currentTrace() !== undefined) return await next();
  const timed = requestSeconds.startTimer();
  await next();
  const method = METHODS.includes(c.req.method) ? c.req.method : 'other';
  timed({ method, route: routeOf(c), status: String(c.res.status) });
};

/** The pattern of the route that answered: there are as many as there are routes, whatever is asked. */
function routeOf(c: Context): string {
  const route = matchedRoutes(c).findLast(({ method }) => method !== 'ALL');
  if (route) return route.path;
  return c.req.path.startsWith('/api') ? 'none' : 'page';
}

interface MetricsDeps {
  db: Db;
  dataDir: string;
  clock: Clock;
  /** Lets in whoever sends it as a bearer token; without one only this machine is let in. */
  token?: string;
}

/** Serves /metrics. */
export function mountMetrics(app: OpenAPIHono<RouteEnv>, deps: MetricsDeps): void {
  labelMetrics('web');
  app.get('/metrics', async (c) => {
    assertMay(c, deps.token);
    c.header('cache-control', 'no-store');
    return c.text(await render(deps), 200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE });
  });
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
/** What a proxy on this machine adds: then the peer says nothing about who asks. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** Throws Problem `unauthenticated` for anybody else. */
function assertMay(c: Context, token: string | undefined): void {
  const sent = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
  if (sent !== undefined && token !== undefined && isSame(sent, token)) return;
  const isForwarded = FORWARDED.some((name) => c.req.header(name) !== undefined);
  const isSilent = c.req.header('authorization') === undefined;
  if (isSilent && !isForwarded && LOOPBACK.test(peerOf(c))) return;
  throw new Problem('unauthenticated', 'Metrics are for this machine, or for who has the token.');
}

/** Takes as long for a token that is nearly right as for one that is not. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string) => createHash('sha256').update(text).digest();

/** The text of an answer. A store that is away costs its figures, never the rest. */
async function render({ db, dataDir, clock }: MetricsDeps): Promise<string> {
  const now = clock();
  const nowMs = now.getTime();
  const snapshots = readSnapshots(dataDir);
  const alive = snapshots.filter(({ atMs }) => Math.abs(nowMs - atMs) <= SNAPSHOT_STALE_MS);
  const told = createGauges();
  for (const room of rooms) {
    const isUp = room === 'web' || alive.some((snapshot) => snapshot.room === room);
    told.up.set({ room }, isUp ? 1 : 0);
  }
  await tellTables(told, { db, dataDir, now });
  const parts: Metrics[] = [
    ...alive.map(({ metrics }) => metrics),
    await registry.getMetricsAsJSON(),
    await told.registry.getMetricsAsJSON(),
  ];
  return await AggregatorRegistry.aggregate(parts).metrics();
}

function createGauges() {
  const own = new Registry();
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge<Label>({ name: `wattledger_${name}`, help, labelNames, registers: [own] });
  return {
    registry: own,
    up: gauge('room_up', "1 while the room's process tells of itself", ['room']),
    storesUp: gauge('tables_readable', '1 when Postgres answered this question'),
    sampleAge: gauge('newest_sample_age_seconds', 'Age of the newest sample of any meter'),
    meters: gauge('meters', 'Meters that are read, and those of them that are silent', ['state']),
    dirty: gauge('dirty_marks', 'Point-days that a consumer has still to deal with', ['consumer']),
    waits: gauge('settlement_waits', 'Point-days that are due and cannot be settled yet', [
      'reason',
    ]),
    unsettled: gauge(
      'settlement_points_unsettled',
      'Points whose newest day that is over has no header',
    ),
    jobs: gauge('export_jobs', 'Export jobs by state', ['state']),
    alarms: gauge('alarms_open', 'Open alarms by kind', ['kind']),
    creditCases: gauge('credit_cases', 'Accounts below their thresholds, by how each stands', [
      'state',
    ]),
    creditBrakes: gauge('credit_brakes_engaged', 'Projects in which the brake on trips holds'),
    warehouseAge: gauge('warehouse_age_seconds', 'Age of the warehouse that is furthest behind'),
    warehouseFiles: gauge('warehouse_files', 'Parquet files that manifests name'),
    warehouseBytes: gauge('warehouse_bytes', 'Bytes of these files'),
  };
}

/** Fills the gauges that come from tables and manifests. */
async function tellTables(
  told: ReturnType<typeof createGauges>,
  { db, dataDir, now }: { db: Db; dataDir: string; now: Date },
): Promise<void> {
  const nowMs = now.getTime();
  const warehouse = readWarehouse(dataDir);
  const asOfMs = Date.parse(warehouse.asOf ?? '');
  if (!Number.isNaN(asOfMs)) told.warehouseAge.set((nowMs - asOfMs) / 1000);
  const { files, bytes } = measureWarehouse(dataDir);
  told.warehouseFiles.set(files);
  told.warehouseBytes.set(bytes);
  try {
    const signs = await readSigns(db, now);
    for (const consumer of ['intervals', 'rating', 'export'] as const) {
      told.dirty.set({ consumer }, signs[`pending_${consumer}`]);
    }
    told.unsettled.set(signs.unsettled);
    told.meters.set({ state: 'read' }, signs.meters);
    const counted = await db.execute<{ what: string; which: string; n: number }>(sql`
      SELECT 'wait' AS what, reason AS which, count(*)::int AS n FROM settlement_waits GROUP BY 2
      UNION ALL SELECT 'job', state, count(*)::int FROM export_jobs GROUP BY 2
      UNION ALL SELECT 'alarm', kind, count(*)::int FROM alarms WHERE cleared_at IS NULL GROUP BY 2
      UNION ALL SELECT 'case', state, count(*)::int FROM credit_cases
        WHERE state <> 'clear' GROUP BY 2
      UNION ALL SELECT 'brake', '', count(*)::int FROM projects p WHERE 'engaged' = (
        SELECT act FROM credit_brake_acts b WHERE b.project_id = p.id ORDER BY b.id DESC LIMIT 1)
      UNION ALL SELECT 'sample', '', (extract(epoch FROM max(last_sample_at)))::int
        FROM meter_states`);
    const of = (what: string) => counted.rows.filter((row) => row.what === what);
    for (const { which: reason, n } of of('wait')) told.waits.set({ reason }, n);
    for (const { which: state, n } of of('job')) told.jobs.set({ state }, n);
    for (const { which: kind, n } of of('alarm')) told.alarms.set({ kind }, n);
    for (const { which: state, n } of of('case')) told.creditCases.set({ state }, n);
    told.creditBrakes.set(of('brake')[0]?.n ?? 0);
    const silent = of('alarm').find(({ which }) => which === 'meter.silent');
    told.meters.set({ state: 'silent' }, silent?.n ?? 0);
    const newestS = of('sample')[0]?.n;
    if (newestS !== undefined && newestS !== null) told.sampleAge.set(nowMs / 1000 - newestS);
    told.storesUp.set(1);
  } catch {
    told.storesUp.set(0); // Told as a figure: whoever watches sees it, and the others stay readable.
  }
}

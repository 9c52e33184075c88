/**
 * Whether each part does its work, told without a sign-in and without a name. A room is judged by
 * what it leaves in its tables: ingest by the states of meters, billing by live balances, analytics
 * by its manifest. 200, or 503 with the reasons.
 */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import type { Db } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { messageOf } from '../sql/refusal.ts';
import { open, type RouteEnv } from '../sql/route.ts';
import type { ServerDeps } from './server.ts';
import { readSigns, readWarehouse, type Signs, type Warehouse } from './signs.ts';

/** Seconds without a sign of life after which a room counts as failed. */
export const STALE_AFTER_S = { ingest: 300, billing: 300, analytics: 900 } as const;
/** Difference between the host's clock and that of Postgres: a warning, and a failure. */
export const CLOCK_WARNING_MS = 2_000;
export const CLOCK_FAILURE_MS = 60_000;
const ASK_TIMEOUT_MS = 4_000;
/** Anyone may ask; the stores are asked at most this often. */
const KEEP_MS = 1_000;

const componentSchema = z.object({
  status: z.enum(['ok', 'warning', 'failed']),
  reason: z.string().nullable(),
});
type Component = z.output<typeof componentSchema>;

const healthSchema = z
  .object({
    status: z.enum(['ok', 'warning', 'failed']),
    at: z.string(),
    components: z.object({
      postgres: componentSchema.extend({ clockOffsetMs: z.number().nullable() }),
      questdb: componentSchema.extend({ suspended: z.array(z.string()) }),
      ingest: componentSchema.extend({ newestAt: z.string().nullable() }),
      billing: componentSchema.extend({ newestAt: z.string().nullable() }),
      analytics: componentSchema.extend({ newestAt: z.string().nullable() }),
      spool: componentSchema,
    }),
    /** Nothing that has come in waits to be worked off, and every day that is over is settled. */
    caughtUp: z.boolean(),
    /** How far that is, in words. */
    progress: z.string(),
    backlog: z
      .object({
        pendingDirtyDays: z.object({
          intervals: z.number().int(),
          rating: z.number().int(),
          export: z.number().int(),
        }),
        settlementsWaiting: z.number().int(),
        settledTo: z.string().nullable(),
        warehouseAsOf: z.string().nullable(),
      })
      .nullable(),
  })
  .openapi('Health');
type Health = z.output<typeof healthSchema>;

const show = createRoute({
  method: 'get',
  path: '/api/health',
  summary: 'State of each component',
  ...open,
  responses: {
    200: {
      description: 'Everything works',
      content: { 'application/json': { schema: healthSchema } },
    },
    503: {
      description: 'Something does not',
      content: { 'application/json': { schema: healthSchema } },
    },
  },
});

interface HealthDeps {
  db: Db;
  questdb: Questdb;
  clock: Clock;
  dataDir: string;
}

/** Serves /api/health. */
export function mountHealth(app: OpenAPIHono<RouteEnv>, { rooms, clock }: ServerDeps): void {
  let kept: { untilMs: number; health: Promise<Health> } | undefined;
  app.openapi(show, async (c) => {
    const nowMs = clock().getTime();
    if (!kept || nowMs >= kept.untilMs || nowMs < kept.untilMs - KEEP_MS) {
      kept = { untilMs: nowMs + KEEP_MS, health: examine(rooms.web) };
    }
    const health = await kept.health;
    return health.status === 'failed' ? c.json(health, 503) : c.json(health, 200);
  });
}

/** Asks every part. Never throws: what cannot be asked has failed. */
export async function examine({ db, questdb, clock, dataDir }: HealthDeps): Promise<Health> {
  const [postgres, questdbState, signs] = await Promise.all([
    askPostgres(db, clock),
    askQuestdb(questdb),
    within(readSigns(db, clock())).catch(plain),
  ]);
  const now = clock();
  const warehouse = readWarehouse(dataDir);
  const components = {
    postgres,
    questdb: questdbState,
    ...judgeRooms({ now, signs, warehouse }),
  };
  const statuses = Object.values(components).map((component) => component.status);
  return {
    status: statuses.includes('failed')
      ? 'failed'
      : statuses.includes('warning')
        ? 'warning'
        : 'ok',
    at: now.toISOString(),
    components,
    ...backlogOf({ signs, warehouse }),
  };
}

/** What is still to be worked off. Nothing is caught up while it cannot be asked. */
function backlogOf({
  signs,
  warehouse,
}: {
  signs: Signs | string;
  warehouse: Warehouse;
}): Pick<Health, 'caughtUp' | 'progress' | 'backlog'> {
  if (typeof signs === 'string') return { caughtUp: false, progress: signs, backlog: null };
  const { pending_intervals: intervals, pending_rating: rating, unsettled } = signs;
  const exported = signs.pending_export;
  const settledTo = signs.billed.map((p) => p.settled_day ?? '').sort()[0] || null;
  const built = warehouse.projects >= signs.billed.length;
  const words = [
    intervals > 0 ? `${intervals} point-days to be cut into intervals` : 'intervals are built',
    rating + unsettled > 0
      ? `${unsettled} points to be settled, ${rating} point-days to be priced anew, settled to ${settledTo ?? 'nowhere yet'}`
      : 'days are settled',
    exported > 0 || !built ? `${exported} point-days to be exported` : 'reports are ready',
  ];
  return {
    caughtUp: intervals + rating + exported + unsettled === 0 && built,
    progress: words.join('; '),
    backlog: {
      pendingDirtyDays: { intervals, rating, export: exported },
      settlementsWaiting: signs.waits,
      settledTo,
      warehouseAsOf: warehouse.asOf,
    },
  };
}

const ok: Component = { status: 'ok', reason: null };
const warning = (reason: string): Component => ({ status: 'warning', reason });
const failed = (reason: string): Component => ({ status: 'failed', reason });

async function askPostgres(db: Db, clock: Clock) {
  const before = clock().getTime();
  try {
    const found = await within(
      db.execute<{ ms: number }>(
        sql`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`,
      ),
    );
    // The server looked at its clock between the two looks at ours.
    const middle = (before + clock().getTime()) / 2;
    const clockOffsetMs = Math.round(middle - Number(found.rows[0]?.ms));
    const off = Math.abs(clockOffsetMs);
    const reason = `the host's clock and that of Postgres differ by ${clockOffsetMs} ms`;
    if (off > CLOCK_FAILURE_MS) return { ...failed(reason), clockOffsetMs };
    if (off > CLOCK_WARNING_MS) return { ...warning(reason), clockOffsetMs };
    return { ...ok, clockOffsetMs };
  } catch (error) {
    return { ...failed(`Postgres does not answer: ${plain(error)}`), clockOffsetMs: null };
  }
}

async function askQuestdb(questdb: Questdb) {
  try {
    const tables = await within(questdb.walTables());
    const suspended = tables.filter((t) => t.suspended).map((t) => t.name);
    if (suspended.length === 0) return { ...ok, suspended };
    const reason = `QuestDB has suspended ${suspended.join(', ')}: acknowledged rows are hidden until it is resumed`;
    return { ...failed(reason), suspended };
  } catch (error) {
    return { ...failed(`QuestDB does not answer: ${plain(error)}`), suspended: [] };
  }
}

/** `signs` is the reason when the tables could not be read: then nothing is known of any room. */
function judgeRooms({
  now,
  signs,
  warehouse,
}: {
  now: Date;
  signs: Signs | string;
  warehouse: Warehouse;
}) {
  if (typeof signs === 'string') {
    const unknown = { ...failed(`not known: ${signs}`), newestAt: null };
    return {
      ingest: unknown,
      billing: unknown,
      analytics: unknown,
      spool: failed(`not known: ${signs}`),
    };
  }
  const due = signs.billed.length > 0;
  // A project that has no manifest yet is behind all others.
  const exportedAt = warehouse.projects < signs.billed.length ? null : warehouse.asOf;
  return {
    ingest: judge(now, 'ingest', { due: signs.meters > 0, newestAt: signs.ingest_at }),
    billing: judge(now, 'billing', { due, newestAt: signs.billing_at }),
    analytics: judge(now, 'analytics', { due, newestAt: exportedAt }),
    spool: judgeSpool(signs.spool_alarms),
  };
}

function judge(
  now: Date,
  room: keyof typeof STALE_AFTER_S,
  sign: { due: boolean; newestAt: string | null },
) {
  const newestMs = sign.newestAt === null ? Number.NaN : Date.parse(sign.newestAt);
  const newestAt = Number.isNaN(newestMs) ? null : new Date(newestMs).toISOString();
  if (!sign.due) return { ...ok, newestAt };
  if (newestAt === null) return { ...failed(`${room} has not said anything yet`), newestAt };
  const ageS = Math.round((now.getTime() - newestMs) / 1000);
  if (ageS <= STALE_AFTER_S[room]) return { ...ok, newestAt };
  return { ...failed(`${room} has not been heard of for ${ageS} s`), newestAt };
}

function judgeSpool(alarms: Signs['spool_alarms']): Component {
  if (alarms.length === 0) return ok;
  const reason = [...new Set(alarms.map((a) => a.kind))].join(', ');
  return alarms.some((a) => a.severity === 'critical') ? failed(reason) : warning(reason);
}

/** The promise, or a failure once nobody would wait any longer. */
function within<Value>(answer: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it took too long')), ASK_TIMEOUT_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** The innermost message: drizzle's own repeats the statement. Addresses are no secret on loopback. */
function plain(error: unknown): string {
  let e = error;
  while (e instanceof Error && e.cause instanceof Error) e = e.cause;
  return messageOf(e) || (e instanceof Error ? e.name : 'unknown');
}

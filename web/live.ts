/** Every point of a project as it stands now: state, power, age, balance. One statement, no loop. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { money } from '../sql/money.ts';
import type { Access } from '../sql/permission.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  moneySchema,
  needs,
  projectParams,
} from '../sql/route.ts';
import { alarms } from '../sql/schema/index.ts';
import { matches } from '../sql/search.ts';
import { alarmSchema, renderAlarm, shownAlarm, visibleAlarms } from './alarms.ts';
import type { WebDeps } from './routes.ts';
import { type ShownState, shownState, shownStates } from './shown-state.ts';

const pointSchema = z
  .object({
    pointId: idSchema,
    code: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    commodity: z.enum(['electricity', 'water']),
    role: z.enum(['unit', 'building-main', 'park-main']),
    buildingId: idSchema.nullable(),
    floorId: idSchema.nullable(),
    level: z.number().int().nullable(),
    meterId: idSchema.nullable(),
    state: z.enum(shownStates),
    lockedOut: z.boolean().openapi({ description: 'A tag hangs there: nothing closes it' }),
    powerW: z.number().nullable(),
    overloadW: z.number().int().nullable(),
    lastSampleAt: z.string().nullable(),
    ageS: z.number().int().nullable(),
    accountId: idSchema.nullable(),
    accountName: z.string().nullable(),
    accountNameZh: z.string().nullable(),
    liveBalance: moneySchema.nullable(),
  })
  .openapi('LivePoint');

const liveSchema = z
  .object({
    asOf: z.string(),
    zone: z.string(),
    data: z.array(pointSchema),
    counts: z.record(z.enum(shownStates), z.number().int()),
    alarms: z.array(alarmSchema),
  })
  .openapi('Live');

/** Open alarms shown beside the points, newest first; GET alarms has all of them. */
export const LIVE_ALARMS_MAX = 50;

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/live',
  summary: 'All points with their state now',
  ...needs('device.read'),
  request: { params: projectParams },
  responses: answers(liveSchema),
});

// Not by `extend`, which the description would tell as two halves: files need all columns in one.
const listed = z
  .object({
    ...pointSchema.shape,
    serial: z.string().nullable(),
    buildingCode: z.string().nullable(),
  })
  .openapi('ListedLivePoint');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/live-points',
  summary: 'Points with their state now, those of a search',
  ...needs('device.read'),
  request: {
    params: projectParams,
    query: z.object({
      q: z.string().max(100).optional().openapi({
        description: 'A part of the code, a name or the serial of the meter, in any case',
      }),
      buildingId: idSchema.optional(),
      kind: z.enum(['units', 'mains', 'water', 'all']).default('all'),
      state: z.enum(shownStates).optional(),
    }),
  },
  responses: answers(listOf(listed)),
});

export function liveRoutes({ db, clock }: WebDeps) {
  const app = createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const { state, ...filter } = c.req.valid('query');
    const withAccounts = c.get('access').may(projectId, 'account.read') === 'allowed';
    const now = clock();
    const { points } = await readPoints(db, {
      projectId,
      now,
      filter: { ...filter, withAccounts },
    });
    const data = points
      .map((row) => ({
        ...renderPoint(row, { now, withAccounts }),
        serial: row.serial,
        buildingCode: row.building_code,
      }))
      .filter((point) => state === undefined || point.state === state);
    return c.json({ data, nextCursor: null, totals: null }, 200);
  });
  return app.openapi(show, async (c) => {
    const { projectId } = c.req.valid('param');
    const access = c.get('access');
    const withAccounts = access.may(projectId, 'account.read') === 'allowed';
    const withAlarms = access.may(projectId, 'alarm.read') === 'allowed';
    const now = clock();
    const [rows, open] = await Promise.all([
      readPoints(db, { projectId, now }),
      withAlarms ? openAlarms(db, projectId, access) : [],
    ]);
    const zone = rows.zone;
    const data = rows.points.map((row) => renderPoint(row, { now, withAccounts }));
    return c.json({ asOf: now.toISOString(), zone, data, counts: count(data), alarms: open }, 200);
  });
}

interface Row extends Record<string, unknown> {
  id: string;
  code: string;
  name: string;
  name_zh: string | null;
  commodity: 'electricity' | 'water';
  role: 'unit' | 'building-main' | 'park-main';
  building_id: string | null;
  floor_id: string | null;
  level: number | null;
  overload_w: number | null;
  meter_id: string | null;
  serial: string | null;
  building_code: string | null;
  poll_seconds: number;
  power_w: number | null;
  locked_out: boolean;
  last_sample_at: Date | null;
  silent: boolean;
  account_id: string | null;
  account_name: string | null;
  account_name_zh: string | null;
  alarm1_minor: string;
  alarm2_minor: string;
  balance_minor: string | null;
  currency: string | null;
}

interface Filter {
  q?: string | undefined;
  buildingId?: string | undefined;
  kind: 'units' | 'mains' | 'water' | 'all';
  /** Names of accounts are looked at only for whom they are shown to. */
  withAccounts: boolean;
}

async function readPoints(
  db: Db,
  {
    projectId,
    now,
    filter: { q = '', buildingId, kind, withAccounts } = {
      kind: 'all',
      withAccounts: false,
    },
  }: { projectId: string; now: Date; filter?: Filter },
) {
  const at = sql`${now.toISOString()}::timestamptz`;
  const [project, found] = await Promise.all([
    db.execute<{ zone: string }>(sql`SELECT zone FROM projects WHERE id = ${projectId}::bigint`),
    db.execute<Row>(sql`
      SELECT p.id::text, p.code, p.name, p.name_zh, p.commodity, p.role, p.building_id::text,
        p.floor_id::text, f.level, p.overload_w, i.meter_id::text,
        coalesce(c.seconds, r.poll_seconds) AS poll_seconds,
        (s.channels ->> 'power_w')::float8
          * CASE WHEN i.basis = 'secondary' THEN i.ct * i.pt ELSE 1 END AS power_w,
        s.last_sample_at, coalesce(s.silent, false) AS silent,
        p.lock_out IS NOT NULL AS locked_out,
        m.serial, u.code AS building_code,
        a.id::text AS account_id, a.name AS account_name, a.name_zh AS account_name_zh,
        coalesce(a.alarm1_minor, r.alarm1_minor)::text AS alarm1_minor,
        coalesce(a.alarm2_minor, r.alarm2_minor)::text AS alarm2_minor,
        (b.settled_minor - b.provisional_minor)::text AS balance_minor, b.currency
      FROM points p
      JOIN projects r ON r.id = p.project_id
      LEFT JOIN buildings u ON u.project_id = p.project_id AND u.id = p.building_id
      LEFT JOIN floors f ON f.project_id = p.project_id AND f.id = p.floor_id
      LEFT JOIN installations i ON i.project_id = p.project_id AND i.point_id = p.id
        AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at})
      LEFT JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
      LEFT JOIN schedules c ON c.project_id = p.project_id AND c.meter_id = i.meter_id
        AND c.valid_from <= ${at} AND (c.valid_to IS NULL OR c.valid_to > ${at})
      LEFT JOIN meter_states s ON s.project_id = p.project_id AND s.meter_id = i.meter_id
      LEFT JOIN tenancies t ON t.project_id = p.project_id AND t.point_id = p.id
        AND t.valid_from <= ${at} AND (t.valid_to IS NULL OR t.valid_to > ${at})
      LEFT JOIN accounts a ON a.project_id = p.project_id AND a.id = t.account_id
      LEFT JOIN live_balance_generations g ON g.project_id = p.project_id
      LEFT JOIN live_balances b ON b.project_id = p.project_id AND b.generation = g.generation
        AND b.account_id = a.id
      WHERE p.project_id = ${projectId}::bigint AND p.retired_at IS NULL
        AND (${buildingId ?? null}::bigint IS NULL OR p.building_id = ${buildingId ?? null}::bigint)
        AND (${kind} = 'all' OR ${kind} = CASE WHEN p.commodity = 'water' THEN 'water'
          WHEN p.role = 'unit' THEN 'units' ELSE 'mains' END)
        AND ${matches(
          q,
          sql`p.code, p.name, p.name_zh, m.serial, CASE WHEN ${withAccounts} THEN a.name END,
            CASE WHEN ${withAccounts} THEN a.name_zh END`,
        )}
      ORDER BY p.code`),
  ]);
  const zone = project.rows[0]?.zone;
  if (zone === undefined) throw notFound('project');
  return { zone, points: found.rows };
}

function renderPoint(row: Row, { now, withAccounts }: { now: Date; withAccounts: boolean }) {
  const lastSampleAt = row.last_sample_at && new Date(row.last_sample_at);
  // A clock a moment behind the reader's is not a negative age.
  const ageS =
    lastSampleAt && Math.max(0, Math.round((now.getTime() - lastSampleAt.getTime()) / 1000));
  const balanceMinor = row.balance_minor === null ? null : BigInt(row.balance_minor);
  const shown = withAccounts && row.account_id !== null;
  return {
    pointId: row.id,
    code: row.code,
    name: row.name,
    nameZh: row.name_zh,
    commodity: row.commodity,
    role: row.role,
    buildingId: row.building_id,
    floorId: row.floor_id,
    level: row.level,
    meterId: row.meter_id,
    state: shownState({
      role: row.role,
      metered: row.meter_id !== null,
      silent: row.silent,
      ageS,
      pollSeconds: row.poll_seconds,
      rented: row.account_id !== null,
      balanceMinor,
      alarm1Minor: BigInt(row.alarm1_minor),
      alarm2Minor: BigInt(row.alarm2_minor),
    }),
    lockedOut: row.locked_out,
    powerW: row.power_w,
    overloadW: row.overload_w,
    lastSampleAt: lastSampleAt?.toISOString() ?? null,
    ageS,
    accountId: shown ? row.account_id : null,
    accountName: shown ? row.account_name : null,
    accountNameZh: shown ? row.account_name_zh : null,
    liveBalance:
      shown && balanceMinor !== null && row.currency ? money(balanceMinor, row.currency) : null,
  };
}

function count(data: readonly { state: ShownState }[]): Record<ShownState, number> {
  const counts = { lostContact: 0, notOpened: 0, arrears: 0, alarm2: 0, alarm1: 0, opened: 0 };
  for (const { state } of data) counts[state]++;
  return counts;
}

async function openAlarms(db: Db, projectId: string, access: Access) {
  const rows = await db
    .select(shownAlarm)
    .from(alarms)
    .where(
      and(
        eq(alarms.projectId, projectId),
        isNull(alarms.clearedAt),
        visibleAlarms(access, projectId),
      ),
    )
    .orderBy(desc(alarms.raisedAt))
    .limit(LIVE_ALARMS_MAX);
  return rows.map(renderAlarm);
}

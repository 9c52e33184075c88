/**
 * All projects that one may see, side by side: how they stand now. A row holds what its reader may read in that
 * project, and money of each stays its own: nothing of it is ever added up.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { isoOrNull } from '../sql/clock.ts';
import { dayStart, localDayOf } from '../sql/local-day.ts';
import { formatMinor } from '../sql/money.ts';
import type { Permission } from '../sql/permission.ts';
import { answers, createRoutes, idSchema, listOf, signedIn } from '../sql/route.ts';
import { actorAccess } from './access.ts';
import { visibleProjects } from './projects.ts';
import type { WebDeps } from './routes.ts';

const rowSchema = z
  .object({
    projectId: idSchema,
    name: z.string(),
    nameZh: z.string().nullable(),
    groupName: z.string(),
    groupNameZh: z.string().nullable(),
    zone: z.string(),
    currency: z.string(),
    meters: z.number().int().nullable().openapi({ description: 'Meters that are read' }),
    silent: z.number().int().nullable().openapi({ description: 'Of these, without contact' }),
    alarms: z.number().int().nullable().openapi({ description: 'Open, that the reader may see' }),
    newAlarms: z.number().int().nullable().openapi({ description: 'Of these, seen to by nobody' }),
    accounts: z.number().int().nullable().openapi({ description: 'Accounts that are not closed' }),
    arrears: z.number().int().nullable().openapi({ description: 'Of these, below zero now' }),
    owed: z.string().nullable().openapi({ description: 'What these owe, live, in `currency`' }),
    held: z.string().nullable().openapi({ description: 'What the others have left, live' }),
    balancesAt: z.string().nullable(),
    sales: z.number().int().nullable().openapi({ description: 'Of today by its own clock' }),
    sold: z.string().nullable().openapi({ description: 'By these, reversals not taken off' }),
  })
  .openapi('ProjectOverview');

const list = createRoute({
  method: 'get',
  path: '/projects-overview',
  summary: 'How each project that you may see stands now; null is what you may not read there',
  ...signedIn,
  responses: answers(
    listOf(
      rowSchema,
      z.object({
        meters: z.number().int(),
        silent: z.number().int(),
        alarms: z.number().int(),
        newAlarms: z.number().int(),
      }),
    ),
  ),
});

/** Figures of a project; text is minor units. */
interface Found extends Record<string, unknown> {
  id: string;
  meters: number;
  silent: number;
  alarms: number;
  new_alarms: number;
  account_alarms: number;
  new_account_alarms: number;
  accounts: number;
  arrears: number | null;
  owed: string | null;
  held: string | null;
  balances_at: string | null;
  sales: number;
  sold: string;
}

export function overviewRoutes({ db, clock }: WebDeps) {
  return createRoutes().openapi(list, async (c) => {
    const projects = await visibleProjects(db, actorAccess(c.get('access')).actor);
    const now = clock();
    const asked = projects.map(({ id, zone }) => ({
      id,
      today: new Date(dayStart(zone, localDayOf(zone, now.getTime()))).toISOString(),
    }));
    const { rows } = await db.execute<Found>(sql`
      SELECT p.id::text, m.meters, m.silent, a.*, n.accounts, b.*, s.*
      FROM jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) AS p (id bigint, today timestamptz),
      LATERAL (SELECT count(*)::int AS meters, (count(*) FILTER (WHERE t.silent))::int AS silent
        FROM meters m LEFT JOIN meter_states t ON t.project_id = m.project_id AND t.meter_id = m.id
        WHERE m.project_id = p.id AND m.retired_at IS NULL AND m.bus_id IS NOT NULL) m,
      LATERAL (SELECT (count(*) FILTER (WHERE subject_kind <> 'account'))::int AS alarms,
          (count(*) FILTER (WHERE subject_kind <> 'account' AND acknowledged_at IS NULL))::int AS new_alarms,
          (count(*) FILTER (WHERE subject_kind = 'account'))::int AS account_alarms,
          (count(*) FILTER (WHERE subject_kind = 'account' AND acknowledged_at IS NULL))::int
            AS new_account_alarms
        FROM alarms WHERE project_id = p.id AND cleared_at IS NULL) a,
      LATERAL (SELECT count(*)::int AS accounts FROM accounts
        WHERE project_id = p.id AND closed_on IS NULL) n,
      LATERAL (SELECT (count(*) FILTER (WHERE live < 0))::int AS arrears,
          (-sum(live) FILTER (WHERE live < 0))::text AS owed,
          (sum(live) FILTER (WHERE live >= 0))::text AS held, max(computed_at)::text AS balances_at
        FROM (SELECT l.settled_minor - l.provisional_minor AS live, g.computed_at
          FROM live_balance_generations g
          JOIN live_balances l ON l.project_id = g.project_id AND l.generation = g.generation
          JOIN accounts o ON o.project_id = l.project_id AND o.id = l.account_id
            AND o.closed_on IS NULL
          WHERE g.project_id = p.id) l) b,
      LATERAL (SELECT count(*)::int AS sales, coalesce(sum(amount_minor), 0)::text AS sold
        FROM sales WHERE project_id = p.id AND sold_at >= p.today) s`);
    const found = new Map(rows.map((row) => [row.id, row]));
    const data = projects.map(({ id, permissions, language: _, groupId: __, ...project }) => {
      const row = found.get(id);
      const may = (permission: Permission) => permissions.includes(permission);
      const its = <Value>(permission: Permission, value: Value | undefined) =>
        may(permission) && value !== undefined ? value : null;
      const amount = (permission: Permission, minor: string | null | undefined) =>
        may(permission) && minor != null ? formatMinor(BigInt(minor), project.currency) : null;
      const ofAccounts = may('account.read') ? 1 : 0;
      const hasBalances = row?.balances_at != null;
      return {
        ...{ projectId: id, ...project },
        meters: its('device.read', row?.meters),
        silent: its('device.read', row?.silent),
        alarms: its('alarm.read', row && row.alarms + ofAccounts * row.account_alarms),
        newAlarms: its('alarm.read', row && row.new_alarms + ofAccounts * row.new_account_alarms),
        accounts: its('account.read', row?.accounts),
        arrears: its('account.read', hasBalances ? (row.arrears ?? 0) : null),
        owed: amount('account.read', hasBalances ? (row.owed ?? '0') : null),
        held: amount('account.read', hasBalances ? (row.held ?? '0') : null),
        balancesAt: its('account.read', isoOrNull(row?.balances_at ?? null)),
        sales: its('sale.read', row?.sales),
        sold: amount('sale.read', row?.sold),
      };
    });
    const total = (of: (row: (typeof data)[number]) => number | null) =>
      data.reduce((sum, row) => sum + (of(row) ?? 0), 0);
    const totals = {
      meters: total(({ meters }) => meters),
      silent: total(({ silent }) => silent),
      alarms: total(({ alarms }) => alarms),
      newAlarms: total(({ newAlarms }) => newAlarms),
    };
    return c.json({ data, nextCursor: null, totals }, 200);
  });
}

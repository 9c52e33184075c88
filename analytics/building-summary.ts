/**
 * A building at a glance: today, this month and what they compare with, its peak, its floors, its main
 * meter against its units. Three statements, whatever the building's size.
 */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { and, eq } from 'drizzle-orm';
import { type DuckDBConnection, question, rowsOf } from '../sql/duckdb.ts';
import {
  addDays,
  addMonths,
  dayStart,
  daysBetween,
  type LocalDay,
  localDayOf,
  monthOf,
  SLOT_MS,
  wallMinutes,
} from '../sql/local-day.ts';
import { notFound } from '../sql/problem.ts';
import { answers, idSchema, needs, type RouteEnv } from '../sql/route.ts';
import { buildings, projects } from '../sql/schema/index.ts';
import { type Answered, overWarehouse } from './ask.ts';
import { type BuildingPoint, figuresOf } from './building-figures.ts';
import { list } from './columns.ts';
import { commodities } from './places.ts';
import type { ReportDeps } from './report.ts';
import { dueQuarterOf } from './scope.ts';

const quantity = z
  .int()
  .nullable()
  .openapi({ description: 'Wh or litres; null: nothing is known' });
const span = {
  quantity,
  estimated: z.int().openapi({ description: 'Slots' }),
  missing: z.int(),
};
const peak = z
  .object({
    quantity: z.int(),
    averagePowerW: z.int().nullable().openapi({ description: 'Null for water' }),
    at: z.string(),
  })
  .nullable()
  .openapi({ description: 'The quarter-hour in which the units together used most' });
const against = z.object({
  main: quantity,
  units: quantity,
  difference: quantity.openapi({ description: 'Main less units' }),
  share: z.number().nullable().openapi({ description: 'Of the main, 0 to 1' }),
  mainMissing: z.int().openapi({ description: 'Slots; above zero the difference says little' }),
  unitsMissing: z.int(),
});

const summary = z
  .object({
    zone: z.string(),
    asOf: z.string(),
    ageS: z.int(),
    building: z.object({
      id: z.string(),
      code: z.string(),
      name: z.string(),
      nameZh: z.string().nullable(),
    }),
    commodity: z.enum(commodities),
    points: z.int().openapi({ description: 'Units' }),
    accounts: z.int().openapi({ description: 'That hold one of the units now' }),
    newestAt: z.string().nullable().openapi({ description: 'Up to here today and month reach' }),
    newestAgeS: z.int().nullable(),
    today: z.object({ day: z.string(), ...span }),
    yesterday: z.object({ day: z.string(), quantity, toSameTime: quantity }),
    month: z.object({ from: z.string(), ...span }),
    monthBefore: z.object({
      from: z.string(),
      toSameDay: quantity.openapi({ description: 'Up to the same time of the same day' }),
    }),
    peak: z.object({ today: peak, month: peak }),
    main: z
      .object({
        points: z.array(z.object({ id: z.string(), code: z.string() })),
        today: against,
        month: against,
      })
      .nullable()
      .openapi({ description: 'Null: the building has no main meter of this commodity' }),
    floors: z.array(
      z.object({
        floorId: z.string().nullable(),
        level: z.int().nullable(),
        name: z.string().nullable(),
        points: z.int(),
        today: quantity,
        month: quantity,
        missingToday: z.int(),
        missingMonth: z.int(),
      }),
    ),
    top: z.array(
      z.object({
        pointId: z.string(),
        code: z.string(),
        label: z.string(),
        labelZh: z.string().nullable(),
        today: quantity,
        month: quantity,
        share: z.number().nullable().openapi({ description: 'Of the month of all units' }),
      }),
    ),
  })
  .openapi('BuildingSummary');

const route = createRoute({
  method: 'get',
  path: '/projects/{projectId}/buildings/{buildingId}/summary',
  summary: 'A building at a glance',
  description:
    'Today and this month up to the newest interval, yesterday and the month before up to the same wall time, the peak quarter-hour, floors, main meter against units, the five units that used most this month. Missing is null, never zero.',
  ...needs('report.read'),
  request: {
    params: z.object({ projectId: idSchema, buildingId: idSchema }),
    query: z.object({ commodity: z.enum(commodities).default('electricity') }),
  },
  responses: answers(summary),
});

/** Mounts the summary of a building. */
export function mountBuildingSummary(
  app: OpenAPIHono<RouteEnv>,
  { db, clock, dataDir, reader }: ReportDeps,
): void {
  app.openapi(route, async (c) => {
    const { projectId, buildingId } = c.req.valid('param');
    const { commodity } = c.req.valid('query');
    const [building] = await db
      .select({
        id: buildings.id,
        code: buildings.code,
        name: buildings.name,
        nameZh: buildings.nameZh,
        zone: projects.zone,
      })
      .from(buildings)
      .innerJoin(projects, eq(projects.id, buildings.projectId))
      .where(and(eq(buildings.projectId, projectId), eq(buildings.id, buildingId)));
    if (!building) throw notFound('building');
    const { zone, ...named } = building;
    const now = clock();
    const answer = async (connection: DuckDBConnection, { files, asOf }: Answered) => {
      const days = daysAround(localDayOf(zone, now.getTime()));
      const chosen = { points: await files.dimension('points'), building: buildingId, commodity };
      const [newest] = await rowsOf<{
        newest_quarter: bigint | null;
        today_slots: number;
        accounts: bigint;
      }>(connection, await question('building-newest'), {
        ...chosen,
        tenancies: await files.dimension('tenancies'),
        intervals: await files.days('intervals', [days.yesterday, days.today]),
        yesterday: days.yesterday,
        today: days.today,
        now_quarter: BigInt(Math.floor(now.getTime() / SLOT_MS)),
      });
      if (!newest) throw new Error('building-newest.sql has no row');
      const dueQuarter = dueQuarterOf(zone, asOf);
      const points = await rowsOf<BuildingPoint>(connection, await question('building-points'), {
        ...chosen,
        installations: await files.dimension('installations'),
        energy_days: await files.days(
          'energy_days',
          daysBetween(days.beforeFrom, addDays(days.today, 1)),
        ),
        intervals: await files.days('intervals', [days.yesterday, days.cutDay ?? days.yesterday]),
        today: days.today,
        yesterday: days.yesterday,
        month_from: days.monthFrom,
        before_from: days.beforeFrom,
        cut_day: days.cutDay,
        yesterday_slots: list(slotsBefore(zone, days.yesterday, days.today, newest.today_slots)),
        cut_slots: list(
          days.cutDay ? slotsBefore(zone, days.cutDay, days.today, newest.today_slots) : [],
        ),
        month_quarter: BigInt(dayStart(zone, days.monthFrom) / SLOT_MS),
        due_quarter: BigInt(dueQuarter),
        due_day: localDayOf(zone, dueQuarter * SLOT_MS),
      });
      const peaks = await rowsOf<{ span: string; at: Date; quantity: bigint }>(
        connection,
        await question('building-peaks'),
        {
          ...chosen,
          intervals: await files.days(
            'intervals',
            daysBetween(days.monthFrom, addDays(days.today, 1)),
          ),
          month_from: days.monthFrom,
          today: days.today,
        },
      );
      const newestMs =
        newest.newest_quarter === null ? null : Number(newest.newest_quarter) * SLOT_MS;
      const peakOf = (wanted: 'today' | 'month') => {
        const found = peaks.find((p) => p.span === wanted);
        if (!found) return null;
        const used = Number(found.quantity);
        const averagePowerW = commodity === 'electricity' ? used * SLOTS_AN_HOUR : null;
        return { quantity: used, averagePowerW, at: found.at.toISOString() };
      };
      return {
        zone,
        asOf: asOf.toISOString(),
        ageS: ageS(now, asOf.getTime()),
        building: named,
        commodity,
        accounts: Number(newest.accounts),
        newestAt: newestMs === null ? null : new Date(newestMs).toISOString(),
        newestAgeS: newestMs === null ? null : ageS(now, newestMs),
        peak: { today: peakOf('today'), month: peakOf('month') },
        ...figuresOf(points, days),
      };
    };
    const body = await reader.ask(
      (connection) =>
        overWarehouse({ dataDir, projectId }, (answered) => answer(connection, answered)),
      c.req.raw.signal,
    );
    return c.json(body, 200);
  });
}

const SLOTS_AN_HOUR = 3_600_000 / SLOT_MS;
const ageS = (now: Date, ms: number): number =>
  Math.max(0, Math.round((now.getTime() - ms) / 1000));

/** The days that a summary looks at; `cutDay` is null in a month that has no such day. */
export interface SummaryDays {
  today: LocalDay;
  yesterday: LocalDay;
  monthFrom: LocalDay;
  beforeFrom: LocalDay;
  cutDay: LocalDay | null;
}

function daysAround(today: LocalDay): SummaryDays {
  const monthFrom = monthOf(today);
  const beforeFrom = addMonths(today, -1);
  const like = addDays(beforeFrom, Number(today.slice(8)) - 1);
  return {
    today,
    yesterday: addDays(today, -1),
    monthFrom,
    beforeFrom,
    cutDay: like < monthFrom ? like : null,
  };
}

/** The slots of `day` that lie before the wall time at which `known` slots of `today` are over. */
function slotsBefore(zone: string, day: LocalDay, today: LocalDay, known: number): number[] {
  const wall = wallMinutes(zone, day);
  const until = wallMinutes(zone, today)[known];
  return [...wall.keys()].filter((slot) => until === undefined || (wall[slot] as number) < until);
}

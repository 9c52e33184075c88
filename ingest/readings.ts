/** What is stored of a meter (samples) and believed of a point (intervals), read from QuestDB. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq } from 'drizzle-orm';
import { channelFields, channels } from '../sql/channels.ts';
import { dayFromNumber, dayStart, isLocalDay } from '../sql/local-day.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { QuestdbResult } from '../sql/questdb.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  instantSchema,
  listOf,
  needs,
  projectParams,
} from '../sql/route.ts';
import { meters, points, projects } from '../sql/schema/index.ts';
import { rangeOf } from './fields.ts';
import type { IngestDeps } from './routes.ts';

/** Rows of one answer; a day of one-minute samples has 1,440. */
export const READINGS_MAX = 5000;
const READINGS_DEFAULT = 1500;
/** Longest range of one question. */
export const RANGE_DAYS_MAX = 366;
const DAY_MS = 86_400_000;

/** An instant, or a day of the project, which means its beginning. */
const momentSchema = z.union([instantSchema, daySchema.refine(isLocalDay, 'not a day')], {
  error: 'an instant or a day is wanted',
});
const query = z.object({
  from: momentSchema,
  to: momentSchema,
  limit: z.coerce.number().int().min(1).max(READINGS_MAX).default(READINGS_DEFAULT),
  cursor: z.iso.datetime().optional(),
});

const readingSchema = z
  .object({
    at: z.string(),
    quality: z.string(),
    deviceClock: z.string().nullable(),
    channels: z.record(z.string(), z.number()),
  })
  .openapi('Reading');

const intervalSchema = z
  .object({
    at: z.string(),
    localDay: z.string(),
    localSlot: z.number().int(),
    quantity: z.number().int().nullable().openapi({ description: 'Wh or litres; null is missing' }),
    reverseQuantity: z.number().int().nullable(),
    quality: z.string(),
    gapS: z.number().int().nullable(),
    version: z.number().int(),
    knownAt: z.string(),
  })
  .openapi('Interval');

const listReadings = createRoute({
  method: 'get',
  path: '/projects/{projectId}/meters/{meterId}/readings',
  summary: 'Samples of a meter, as it said them: before CT and PT',
  ...needs('reading.read'),
  request: { params: projectParams.extend({ meterId: idSchema }), query },
  responses: answers(listOf(readingSchema)),
});

const listIntervals = createRoute({
  method: 'get',
  path: '/projects/{projectId}/points/{pointId}/intervals',
  summary: 'Quarter-hours of a point, in primary base units',
  ...needs('reading.read'),
  request: { params: projectParams.extend({ pointId: idSchema }), query },
  responses: answers(
    listOf(intervalSchema, z.object({ unit: z.enum(['Wh', 'l']), zone: z.string() })),
  ),
});

export function readingRoutes({ db, questdb }: IngestDeps) {
  /** Rows of a table within a range, one more than asked for; ids come from zod, so are digits. */
  async function read(
    statement: { columns: string; table: string; where: string; zone: string },
    asked: z.output<typeof query>,
  ) {
    const { zone } = statement;
    const { fromMs, toMs } = rangeOf({
      from: momentOf(zone, asked.from),
      to: momentOf(zone, asked.to),
    });
    if (toMs - fromMs > RANGE_DAYS_MAX * DAY_MS) {
      throw new Problem('range-too-long', `Ask for ${RANGE_DAYS_MAX} days at most.`);
    }
    const from = asked.cursor ?? new Date(fromMs).toISOString();
    const { columns, table, where } = statement;
    const result = await questdb.exec(
      `SELECT ${columns} FROM ${table} WHERE ${where} AND ts >= '${from}'
       AND ts < '${new Date(toMs).toISOString()}' ORDER BY ts LIMIT ${asked.limit + 1}`,
    );
    return pageOf(result, asked.limit);
  }
  return createRoutes()
    .openapi(listReadings, async (c) => {
      const { projectId, meterId } = c.req.valid('param');
      const [meter] = await db
        .select({ zone: projects.zone })
        .from(meters)
        .innerJoin(projects, eq(projects.id, meters.projectId))
        .where(and(eq(meters.projectId, projectId), eq(meters.id, meterId)));
      if (!meter) throw notFound('meter');
      const { zone } = meter;
      const columns = ['ts', 'quality', 'device_clock', ...channels.map(({ name }) => name)].join();
      const where = `project = '${projectId}' AND meter = '${meterId}'`;
      const page = await read({ columns, table: 'samples', where, zone }, c.req.valid('query'));
      const data = page.rows.map(([at, quality, deviceClock, ...values]) => ({
        at: instantOf(at),
        quality: String(quality),
        deviceClock: deviceClock === null ? null : instantOf(deviceClock),
        channels: channelFields(
          Object.fromEntries(
            channels.flatMap(({ name }, i) =>
              values[i] == null ? [] : [[name, Number(values[i])]],
            ),
          ),
        ),
      }));
      return c.json({ data, nextCursor: page.nextCursor, totals: null }, 200);
    })
    .openapi(listIntervals, async (c) => {
      const { projectId, pointId } = c.req.valid('param');
      const [point] = await db
        .select({ commodity: points.commodity, zone: projects.zone })
        .from(points)
        .innerJoin(projects, eq(projects.id, points.projectId))
        .where(and(eq(points.projectId, projectId), eq(points.id, pointId)));
      if (!point) throw notFound('point');
      const columns =
        'ts, local_day, local_slot, quantity, reverse_quantity, quality, gap_s, version, known_at';
      const where = `project = '${projectId}' AND point = '${pointId}'`;
      const page = await read(
        { columns, table: 'intervals', where, zone: point.zone },
        c.req.valid('query'),
      );
      const data = page.rows.map((row) => ({
        at: instantOf(row[0]),
        localDay: dayFromNumber(Number(row[1])),
        localSlot: Number(row[2]),
        quantity: numberOf(row[3]),
        reverseQuantity: numberOf(row[4]),
        quality: String(row[5]),
        gapS: numberOf(row[6]),
        version: Number(row[7]),
        knownAt: instantOf(row[8]),
      }));
      const unit = point.commodity === 'water' ? ('l' as const) : ('Wh' as const);
      return c.json({ data, nextCursor: page.nextCursor, totals: { unit, zone: point.zone } }, 200);
    });
}

const momentOf = (zone: string, text: string) =>
  isLocalDay(text) ? new Date(dayStart(zone, text)).toISOString() : text;

type Value = QuestdbResult['rows'][number][number];
const numberOf = (value: Value | undefined) => (value == null ? null : Number(value));
const instantOf = (value: Value | undefined) => new Date(String(value)).toISOString();

/** A page ends between two instants, so that the next one can begin at an instant. */
function pageOf({ rows }: QuestdbResult, limit: number) {
  const next = rows[limit];
  if (!next) return { rows, nextCursor: null };
  const whole = rows.slice(0, limit).filter((row) => row[0] !== next[0]);
  return { rows: whole.length > 0 ? whole : rows.slice(0, limit), nextCursor: instantOf(next[0]) };
}

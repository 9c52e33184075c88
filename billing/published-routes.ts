/** Monthly indexes, event days, and a holiday calendar read from text. */
import { createRoute, z } from '@hono/zod-openapi';
import { localDayOf } from '../sql/local-day.ts';
import { listCodeSchema } from '../sql/period-calendar.ts';
import { notFound } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  faultSchema,
  idSchema,
  listOf,
  makes,
  needs,
  pageQuery,
  projectParams,
  takes,
} from '../sql/route.ts';
import { by, idCursor, idPage } from './fields.ts';
import { eventWords } from './holiday-events.ts';
import { parseHolidays } from './holidays.ts';
import { readProject } from './project.ts';
import { listEventDays, listIndexes, publishEventDay, publishIndex } from './published.ts';
import type { BillingDeps } from './routes.ts';

const monthSchema = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month is written YYYY-MM')
  .openapi({ example: '2026-11' });
const indexSchema = z
  .object({
    id: idSchema,
    code: z.string(),
    month: monthSchema,
    value: z.string(),
    holds: z.boolean(),
    publishedBy: z.string(),
    at: z.string(),
  })
  .openapi('PriceIndex');
const eventDaySchema = z
  .object({
    id: idSchema,
    list: z.string(),
    day: daySchema,
    publishedBy: z.string(),
    at: z.string(),
  })
  .openapi('EventDay');

const indexPath = '/projects/{projectId}/price-indexes';
const listOfIndexes = createRoute({
  method: 'get',
  path: indexPath,
  summary:
    'Published monthly values that prices may follow, newest first; of a month the newest holds',
  ...needs('tariff.read'),
  request: { params: projectParams, query: pageQuery },
  responses: answers(listOf(indexSchema)),
});

const makeIndex = createRoute({
  method: 'post',
  path: indexPath,
  summary: 'Publish a month’s value; settled days of the month that follow it are settled anew',
  ...needs('tariff.write'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        code: listCodeSchema,
        month: monthSchema,
        value: z
          .string()
          .regex(/^\d{1,6}(\.\d{1,8})?$/, 'a value is a plain decimal of at most 8 decimals'),
      }),
    ),
  },
  responses: makes(indexSchema),
});

const dayPath = '/projects/{projectId}/event-days';
const listOfDays = createRoute({
  method: 'get',
  path: dayPath,
  summary: 'Days of published lists (hot days, critical peaks)',
  ...needs('tariff.read'),
  request: { params: projectParams, query: pageQuery },
  responses: answers(listOf(eventDaySchema)),
});

const newDay = z.strictObject({ list: listCodeSchema, day: daySchema });
const makeDay = createRoute({
  method: 'post',
  path: dayPath,
  summary: 'Put a day on a list; if it is settled it is settled anew',
  ...needs('tariff.write'),
  request: { params: projectParams, body: takes(newDay) },
  responses: makes(eventDaySchema),
});

const withdrawDay = createRoute({
  method: 'delete',
  path: `${dayPath}/{list}/{day}`,
  summary: 'Take a day off a list: a row that says so is added',
  ...needs('tariff.write'),
  request: { params: projectParams.extend(newDay.shape) },
  responses: answers(eventDaySchema, 'What was taken off'),
});

/** Characters of a holiday calendar, at most: some years of a country have 100 kB as iCalendar. */
const TEXT_MAX = 300_000;
const wordsSchema = z.array(z.string().max(40)).max(20);
const parse = createRoute({
  method: 'post',
  path: '/projects/{projectId}/holidays/parse',
  summary: 'Read a holiday calendar (CSV: date,kind,name, or iCalendar); nothing is stored',
  ...needs('tariff.read'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        text: z.string().max(TEXT_MAX),
        /** Of an iCalendar: what in an event makes it a make-up workday, and what no holiday. */
        words: z.strictObject({ workday: wordsSchema, none: wordsSchema }).partial().optional(),
      }),
    ),
  },
  responses: answers(
    z.object({
      format: z.enum(['csv', 'icalendar']),
      days: z.array(
        z.object({
          date: daySchema,
          kind: z.enum(['holiday', 'workday']),
          name: z.string(),
          line: z.number().int(),
          word: z.string().nullable(),
        }),
      ),
      faults: z.array(faultSchema),
      leftOut: z.array(z.object({ line: z.number().int(), name: z.string(), word: z.string() })),
      /** Those that held, for a page to show and to change. */
      words: z.object({ workday: wordsSchema, none: wordsSchema }),
    }),
  ),
});

export function publishedRoutes({ db, clock }: BillingDeps) {
  const clockText = () => clock().toISOString();
  return createRoutes()
    .openapi(listOfIndexes, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const after = cursor === undefined ? null : idCursor(cursor);
      const found = await listIndexes(db, { projectId, cursor: after, limit: limit + 1 });
      return c.json({ ...idPage(found, limit), totals: null }, 200);
    })
    .openapi(makeIndex, async (c) => {
      const { projectId } = c.req.valid('param');
      const { month, ...rest } = c.req.valid('json');
      const index = { ...rest, month: `${month}-01` };
      await publishIndex(db, { projectId, index, by: by(c) });
      const [made] = await listIndexes(db, { projectId, cursor: null, limit: 1 });
      if (!made) throw notFound('index');
      return c.json(made, 201);
    })
    .openapi(listOfDays, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const after = cursor === undefined ? null : idCursor(cursor);
      const found = await listEventDays(db, { projectId, cursor: after, limit: limit + 1 });
      return c.json({ ...idPage(found, limit), totals: null }, 200);
    })
    .openapi(makeDay, async (c) => {
      const { projectId } = c.req.valid('param');
      const given = { projectId, ...c.req.valid('json'), withdrawn: false, by: by(c) };
      const id = await publishEventDay(db, given);
      return c.json(
        shownDay(c.req.valid('json'), { id, by: given.by.actor.id, at: clockText() }),
        201,
      );
    })
    .openapi(withdrawDay, async (c) => {
      const { projectId, list, day } = c.req.valid('param');
      const id = await publishEventDay(db, { projectId, list, day, withdrawn: true, by: by(c) });
      return c.json(shownDay({ list, day }, { id, by: by(c).actor.id, at: clockText() }), 200);
    })
    .openapi(parse, async (c) => {
      const { text, words } = c.req.valid('json');
      const { zone } = await readProject(db, c.req.valid('param').projectId);
      const today = localDayOf(zone, clock().getTime());
      const read = parseHolidays(text, { today, words });
      return c.json({ ...read, words: { ...eventWords, ...words } }, 200);
    });
}

const shownDay = (
  of: { list: string; day: string },
  { id, by: publishedBy, at }: { id: string; by: string; at: string },
) => ({ id, ...of, publishedBy, at });

/** The face of analytics: reports over history. */
import { createRoute, z } from '@hono/zod-openapi';
import { eq } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import { formatAsked, formatSchema, withFiles } from '../sql/export/format.ts';
import { knownAtSchema } from '../sql/position.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import {
  answers,
  createRoutes,
  daySchema,
  instantSchema,
  needs,
  projectParams,
} from '../sql/route.ts';
import { projects } from '../sql/schema/index.ts';
import { overWarehouse } from './ask.ts';
import { mountBuildingSummary } from './building-summary.ts';
import { energyTable } from './energy-file.ts';
import { jsonReport } from './energy-report.ts';
import { asKnownQuery, openKnowing, sweepKnown } from './known.ts';
import { comparisons, units } from './periods.ts';
import { checkPlaces, commodities, placesQuery } from './places.ts';
import {
  askEnergy,
  askLongEnergy,
  CELLS_MAX,
  type EnergyQuestion,
  groupings,
} from './questions/energy.ts';
import { type Range, rangeOf } from './range.ts';
import { openReader } from './reader.ts';
import { fileOf } from './report-file.ts';
import { mountReports } from './reports.ts';
import { mountWarehouse } from './warehouse-routes.ts';

/** Longest range of a page, in local days, by unit; ten years and the days between. */
const DAYS_MAX = {
  quarter: 32,
  hour: 400,
  day: 3_700,
  week: 3_700,
  month: 3_700,
  year: 11_000,
} as const satisfies Record<(typeof units)[number], number>;
/** Of a file, whose hours need be on no screen. */
const FILE_DAYS_MAX = { ...DAYS_MAX, quarter: 3_700, hour: 3_700 };

/** Longest answer that is put together before it goes out, in characters. */
const SHORT_CHARS = 200_000;

/** What proxies write in their logs when nobody waits for the answer any more. */
const CLIENT_GONE = 499;

export interface AnalyticsParts {
  db: Db;
  questdb: Questdb;
  clock: Clock;
  dataDir: string;
}

const query = z.object({
  from: z.union([daySchema, instantSchema]).openapi({
    description: 'A local day, or an instant on a quarter-hour',
  }),
  to: z.union([daySchema, instantSchema]).openapi({
    description:
      'Exclusive: the day after the last one, an instant on a quarter-hour, or the current minute',
  }),
  unit: z.enum(units).default('day').openapi({ description: 'Length of a cell' }),
  by: z.enum(groupings).default('project').openapi({ description: 'What a row is about' }),
  against: z.enum(comparisons).default('previous').openapi({
    description:
      'What `previous` is: of whole months as many months before; of the first days of a month the same days of the month before; of other ranges as many days before; of a range that is cut within a day as much time before. `year`: the same days, or stretch of the clock, a year before.',
  }),
  commodity: z.enum(commodities).optional().openapi({
    description: 'Of the point when one is asked for, else electricity',
  }),
  ...placesQuery,
  ...asKnownQuery,
  format: formatSchema,
});
type Query = z.output<typeof query>;

const figures = {
  quantity: z.int().nullable().openapi({ description: 'Wh or litres; null: nothing is known' }),
  ranks: z.record(z.string(), z.int()).nullable().openapi({
    description: 'By rank, 1 spike to 5 deep valley, 0 no period known; null for water',
  }),
  estimatedQuantity: z.int().nullable(),
  measured: z.int().openapi({ description: 'Quarter-hours' }),
  estimated: z.int(),
  missing: z.int(),
  previous: z.int().nullable(),
};
const report = z
  .object({
    zone: z.string(),
    asOf: z.string(),
    ageS: z.int(),
    asKnownAt: knownAtSchema.nullable().openapi({ description: 'Null: as it is known now' }),
    parameters: z.record(z.string(), z.string().nullable()),
    comparison: z
      .object({
        kind: z.enum(['days', 'months', 'years', 'time']),
        from: z.string(),
        to: z.string(),
        beyond: z.int().nullable(),
      })
      .nullable(),
    columns: z.array(z.object({ name: z.string(), unit: z.string().nullable() })),
    rowCount: z.int(),
    totals: z.object(figures),
    data: z.array(
      z.object({
        period: z.string(),
        startsAt: z.string(),
        key: z.string().nullable(),
        code: z.string(),
        label: z.string(),
        labelZh: z.string().nullable(),
        ...figures,
      }),
    ),
  })
  .openapi('EnergyReport');

const energyRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/reports/energy',
  summary: 'Energy by time and place',
  description: `Exact quantities by hour, day, week (ISO, from Monday), month or year, of the project, its buildings, floors, accounts or points, by period of the reporting calendar. Missing is null, never zero. Every key has every cell; at most ${CELLS_MAX} of them, in files as many as there are, flat: a column for each rank. Ranges: ${Object.entries(
    DAYS_MAX,
  )
    .map(([unit, days]) => `by ${unit} at most ${days} days`)
    .join(
      ', ',
    )}; in files by quarter-hour and hour ${FILE_DAYS_MAX.hour}. Up to the current minute the last quarter-hour has what flowed in it so far, which no count of quarter-hours holds, and \`previous\` has all of its counterpart.`,
  ...needs('report.read'),
  request: { params: projectParams, query },
  responses: withFiles(answers(report, 'The report; other formats by `format`')),
});

/** Reports of analytics, answered by one bounded DuckDB in this process. */
export function routes({ db, questdb, clock, dataDir }: AnalyticsParts) {
  const app = createRoutes();
  sweepKnown(dataDir);
  const reader = openReader({ dataDir, clock });
  const deps = { db, questdb, clock, dataDir, reader };
  mountReports(app, deps);
  mountBuildingSummary(app, deps);
  mountWarehouse(app, deps);

  app.openapi(energyRoute, async (c) => {
    const { projectId } = c.req.valid('param');
    const asked = c.req.valid('query');
    const format = formatAsked(asked.format, c.req.header('accept'));
    const daysMax = (format === 'page' ? DAYS_MAX : FILE_DAYS_MAX)[asked.unit];
    const now = clock();
    const { question, range, projectName } = await questionOf(db, {
      projectId,
      asked,
      daysMax,
      now,
    });
    const { signal } = c.req.raw;
    const context = { now, projectId, projectName };
    const { asKnownAt } = asked;
    const knowing = await openKnowing(deps, { projectId, asKnownAt, now });
    const newer = { questdb, projectId, now };
    const asks = { question, range, ...(asKnownAt === undefined && { newer }) };
    if (format !== 'page') {
      return (await fileOf({
        ...{ reader, access: c.get('access'), format, signal, onEnd: knowing.close },
        answer: (connection, lasting) =>
          overWarehouse({ dataDir, projectId }, async (answered) => {
            const then = await knowing.view(connection, answered);
            const answer = await askLongEnergy(connection, { ...then, ...asks });
            return energyTable(answer, context, { connection, signal: lasting });
          }),
      })) as never; // A file: no schema describes its bytes.
    }
    const answer = await reader
      .ask(
        (connection) =>
          overWarehouse({ dataDir, projectId }, async (answered) =>
            askEnergy(connection, { ...(await knowing.view(connection, answered)), ...asks }),
          ),
        signal,
      )
      .finally(knowing.close)
      .catch((error) => {
        if (signal.aborted) return undefined;
        throw error;
      });
    if (!answer) return new Response(null, { status: CLIENT_GONE }) as never;
    return new Response(bodyOf(jsonReport(answer, context)), {
      headers: { 'content-type': 'application/json' },
    }) as never; // Streamed: the schema above describes it, no type can prove it.
  });
  return app;
}

/** Checks what is asked for; another project's building, account or point does not exist. */
async function questionOf(
  db: Db,
  {
    projectId,
    asked,
    daysMax,
    now,
  }: { projectId: string; asked: Query; daysMax: number; now: Date },
): Promise<{ question: EnergyQuestion; range: Range; projectName: string }> {
  const [project] = await db
    .select({ name: projects.name, zone: projects.zone })
    .from(projects)
    .where(eq(projects.id, projectId));
  if (!project) throw notFound('project');
  const range = rangeOf(asked, { zone: project.zone, now });
  const days = Date.parse(range.to) - Date.parse(range.from);
  if (days / 86_400_000 > daysMax) {
    throw new Problem(
      'range-too-long',
      `By ${asked.unit} a report covers at most ${daysMax} days.`,
    );
  }
  const commodity = await checkPlaces(db, projectId, asked);
  const { unit, by, against } = asked;
  return {
    projectName: project.name,
    range,
    question: {
      ...range.shown,
      unit,
      by,
      against,
      commodity: asked.commodity ?? commodity ?? 'electricity',
      role: asked.role ?? null,
      buildingId: asked.buildingId ?? null,
      floorId: asked.floorId ?? null,
      accountId: asked.accountId ?? null,
      pointId: asked.pointId ?? null,
    },
  };
}

/** A short answer goes out as one text, which costs the server less than a stream. */
function bodyOf(pieces: Iterable<string>): string | ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]();
  let text = '';
  while (text.length < SHORT_CHARS) {
    const { value, done } = iterator.next();
    if (done) return text;
    text += value;
  }
  return streamOf(text, iterator);
}

/** Text in pieces, made only as fast as it is read. */
function streamOf(first: string, iterator: Iterator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(first)),
    pull: (controller) => {
      const { value, done } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
}

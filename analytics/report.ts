/**
 * What a report is: a question with its parameters, columns with units, and one statement. Here it
 * becomes a route that answers as JSON for pages and as a file in every format, from the same rows.
 */

import type { DuckDBValue } from '@duckdb/node-api';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { eq } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import type { DuckDBConnection } from '../sql/duckdb.ts';
import { camel } from '../sql/export/ending.ts';
import { formatAsked, formatSchema, withFiles } from '../sql/export/format.ts';
import { quoted } from '../sql/export/source.ts';
import type { Closing } from '../sql/export/sums.ts';
import type { FileTable, Tally } from '../sql/export/table.ts';
import { columnTypes } from '../sql/export/table.ts';
import { exponentOf, formatMinor } from '../sql/money.ts';
import type { Permission } from '../sql/permission.ts';
import { knownAtSchema } from '../sql/position.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { answers, moneySchema, needs, projectParams, type RouteEnv } from '../sql/route.ts';
import { projects } from '../sql/schema/index.ts';
import { type Answered, overWarehouse } from './ask.ts';
import { aboutCut, asKnownQuery, openKnowing, refuseKnown, shownCut } from './known.ts';
import type { Reader } from './reader.ts';
import { type Cells, type ReportColumn, readCells, sumsOf } from './report-columns.ts';
import { fileOf } from './report-file.ts';

/** Most rows that a report answers as JSON; files have no such bound. */
export const REPORT_ROWS_MAX = 200_000;

/** What a report's `prepare` is given besides its question. */
export interface ReportPlace {
  projectId: string;
  projectName: string;
  zone: string;
  currency: string;
  now: Date;
  db: Db;
  questdb: Questdb;
}

/** The statement of an answer, whose columns are those of the report in their order. */
export interface Relation {
  statement: string;
  parameters: Record<string, DuckDBValue>;
  /** Totals that do not follow from the rows; they also travel with files. */
  totals?: Record<string, string | number | null>;
  /** Said in the envelope beside the rows: a proof, what is compared, other small tables. */
  beside?: Record<string, unknown> | ((sums: RowSums) => Record<string, unknown>);
}

/** What was added up over all rows, of pages and of files alike. */
export interface RowSums {
  rows: number;
  /** Of a column with `sum` (money: minor units), or a tally; null: no row has a value. */
  of: (name: string) => bigint | null;
}

export interface Report<Shape extends z.ZodRawShape> {
  /** The last part of its address. */
  name: string;
  summary: string;
  description: string;
  /** Unset: report.read. */
  permission?: Permission;
  /** Why it cannot be asked as it was known at a position; unset: it can. */
  unknownThen?: string;
  query: Shape;
  /** The columns, which may depend on what is asked (Wh or litres). */
  columns: (asked: z.output<z.ZodObject<Shape>>) => readonly ReportColumn[];
  /** Checks what is asked and says what to run; throws Problem. Runs inside the reader's turn. */
  relation: (
    connection: DuckDBConnection,
    asked: z.output<z.ZodObject<Shape>>,
    place: ReportPlace & Answered,
  ) => Promise<Relation>;
  /** Integers added up over the rows beside the columns, as SQL over these, for `totals`. */
  tallies?: readonly Tally[];
  /** Totals that are no sums (a share, a count), from the sums. */
  totals?: (sums: RowSums) => Record<string, unknown>;
  /** Schema of `beside`, for the description of the API. */
  beside?: z.ZodRawShape;
}

export interface ReportDeps {
  db: Db;
  questdb: Questdb;
  clock: Clock;
  dataDir: string;
  reader: Reader;
}

/** Mounts a report at `GET /projects/{projectId}/reports/<name>`. */
export function mountReport<Shape extends z.ZodRawShape>(
  app: OpenAPIHono<RouteEnv>,
  deps: ReportDeps,
  report: Report<Shape>,
): void {
  const { db, questdb, clock, dataDir, reader } = deps;
  const query = z.object({ ...report.query, ...asKnownQuery, format: formatSchema });
  type Asked = z.output<z.ZodObject<Shape>> & { asKnownAt?: string };
  const columns = report.columns({} as Asked); // Names and types do not depend on what is asked.
  const route = createRoute({
    method: 'get',
    path: `/projects/{projectId}/reports/${report.name}`,
    summary: report.summary,
    description: report.description,
    ...needs(report.permission ?? 'report.read'),
    request: { params: projectParams, query },
    responses: withFiles(
      answers(envelopeOf(report, columns), 'The report; other formats by `format`'),
    ),
  });
  app.openapi(route, async (c) => {
    const { projectId } = c.req.valid('param') as { projectId: string }; // As projectParams says.
    const asked = c.req.valid('query') as Asked & { format?: string }; // As the schema above says.
    const format = formatAsked(asked.format, c.req.header('accept'));
    const { signal } = c.req.raw;
    const { asKnownAt } = asked;
    if (report.unknownThen) refuseKnown(asKnownAt, report.unknownThen);
    const place = await placeOf({ db, questdb, projectId, now: clock() });
    const knowing = await openKnowing(deps, { projectId, asKnownAt, now: place.now });
    const shown = report.columns(asked);
    if (format !== 'page') {
      return (await fileOf({
        reader,
        access: c.get('access'),
        format,
        signal,
        onEnd: knowing.close,
        answer: (connection) =>
          overWarehouse({ dataDir, projectId }, async (now): Promise<FileTable> => {
            const answered = await knowing.view(connection, now);
            const relation = await report.relation(connection, asked, { ...place, ...answered });
            return tableOf(report, { asked, shown, place, answered, relation, connection });
          }),
      })) as never; // A file: no schema describes its bytes.
    }
    const answer = async (connection: DuckDBConnection, now: Answered) => {
      const answered = await knowing.view(connection, now);
      const relation = await report.relation(connection, asked, { ...place, ...answered });
      const { cells, sums } = await readRows(connection, relation, { report, shown });
      return {
        ...headOf(asked, place, answered),
        columns: shown.map(({ name, type, unit, title }) => ({
          name: camel(name),
          type,
          unit: type === 'money' ? place.currency : (unit ?? null),
          title,
        })),
        rowCount: cells.rowCount,
        totals: {
          ...rendered(shown, sums, place.currency),
          ...report.totals?.(sums),
          ...relation.totals,
        },
        ...besideOf(relation, sums),
        data: rowsOfCells(cells, shown, place.currency),
      };
    };
    const body = await reader
      .ask(
        (connection) => overWarehouse({ dataDir, projectId }, (now) => answer(connection, now)),
        signal,
      )
      .finally(knowing.close);
    return c.json(body as never, 200); // The columns above say it; no type can prove it.
  });
}

/** The rows for a page, and their sums and tallies. */
async function readRows(
  connection: DuckDBConnection,
  { statement, parameters }: Relation,
  {
    report: { tallies = [] },
    shown,
  }: { report: { tallies?: readonly Tally[] }; shown: readonly ReportColumn[] },
): Promise<{ cells: Cells; sums: RowSums }> {
  const counted = tallies.map(
    ({ name }): ReportColumn => ({ name, title: name, type: 'integer', sum: true }),
  );
  const counting = tallies.map(({ name, sql }) => `, CAST((${sql}) AS BIGINT) AS ${quoted(name)}`);
  const columns = [...shown, ...counted];
  const cells = await readCells(
    connection,
    {
      statement:
        tallies.length === 0 ? statement : `SELECT *${counting.join('')} FROM (\n${statement}\n)`,
      parameters,
    },
    columns,
    REPORT_ROWS_MAX,
  );
  const sums = sumsOf(cells, columns);
  return { cells, sums: { rows: cells.rowCount, of: (name) => sums[name] ?? null } };
}

/** The same sums, as a file has added them up. */
function sumsOfClosing({ rows, totals, tallies }: Closing): RowSums {
  return {
    rows,
    of: (name) => {
      const total = totals[name];
      // A total has all decimals of its column: without the point it is in the column's least units.
      return total ? BigInt(total.replace('.', '')) : (tallies[name] ?? null);
    },
  };
}

const besideOf = ({ beside }: Relation, sums: RowSums): Record<string, unknown> | undefined =>
  typeof beside === 'function' ? beside(sums) : beside;

/** What an answer says of itself before its rows. */
const headOf = (
  asked: Record<string, unknown>,
  { zone, now }: ReportPlace,
  { asOf, cut }: Answered,
) => ({
  zone,
  asOf: asOf.toISOString(),
  ageS: Math.max(0, Math.round((now.getTime() - asOf.getTime()) / 1000)),
  asKnownAt: shownCut(cut),
  parameters: parametersOf(asked),
});

async function placeOf({
  db,
  questdb,
  projectId,
  now,
}: Pick<ReportPlace, 'db' | 'questdb' | 'projectId' | 'now'>): Promise<ReportPlace> {
  const [project] = await db
    .select({ name: projects.name, zone: projects.zone, currency: projects.currency })
    .from(projects)
    .where(eq(projects.id, projectId));
  if (!project) throw notFound('project');
  const { name, zone, currency } = project;
  return { projectId, projectName: name, zone, currency, now, db, questdb };
}

function tableOf(
  report: {
    name: string;
    tallies?: readonly Tally[];
    totals?: (sums: RowSums) => Record<string, unknown>;
  },
  {
    asked,
    shown,
    place,
    answered,
    relation,
    connection,
  }: {
    asked: Record<string, unknown>;
    shown: readonly ReportColumn[];
    place: ReportPlace;
    answered: Answered;
    relation: Relation;
    connection: DuckDBConnection;
  },
): FileTable {
  const parameters = Object.entries(parametersOf(asked)).filter(([, value]) => value !== null);
  const range = [asked.from, asked.to].filter((day) => typeof day === 'string').join('-');
  return {
    name: range ? `${report.name}-${range}`.replaceAll(':', '') : report.name,
    title: report.name,
    columns: shown.map(({ name: column, type, unit, title, sum }) => ({
      name: column,
      type,
      title,
      sum,
      unit: type === 'money' ? place.currency : (unit ?? null),
      ...(type === 'money' && { scale: exponentOf(place.currency) }),
    })),
    about: [
      { name: 'project', value: place.projectName },
      { name: 'zone', value: place.zone },
      { name: 'as of', value: answered.asOf.toISOString() },
      ...aboutCut(answered.cut),
      ...parameters.map(([key, value]) => ({ name: key, value: String(value) })),
    ],
    head: headOf(asked, place, answered),
    tallies: report.tallies,
    closing: (closing) => {
      const sums = sumsOfClosing(closing);
      return {
        totals: { ...report.totals?.(sums), ...relation.totals },
        beside: besideOf(relation, sums),
      };
    },
    source: { connection, statement: relation.statement, parameters: relation.parameters },
  };
}

/** What was asked, defaults included; without the format, which is no part of the question. */
function parametersOf(asked: Record<string, unknown>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(asked)
      .filter(([name]) => name !== 'format')
      .map(([name, value]) => [name, value === undefined ? null : String(value)]),
  );
}

function rowsOfCells(cells: Cells, columns: readonly ReportColumn[], currency: string) {
  const names = columns.map(({ name }) => camel(name));
  return Array.from({ length: cells.rowCount }, (_, row) =>
    Object.fromEntries(
      columns.map((column, i) => [names[i], renderedCell(column, cells.at(i, row), currency)]),
    ),
  );
}

function rendered(columns: readonly ReportColumn[], sums: RowSums, currency: string) {
  return Object.fromEntries(
    columns
      .filter(({ sum }) => sum)
      .map((column) => [camel(column.name), renderedCell(column, sums.of(column.name), currency)]),
  );
}

/** Money with its currency; integers past 2^53 never occur here: readCells throws. */
function renderedCell({ type }: ReportColumn, value: unknown, currency: string): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'money') return { amount: formatMinor(BigInt(value as number), currency), currency };
  return typeof value === 'bigint' ? Number(value) : value;
}

const cellSchemas = {
  text: z.string(),
  id: z.string(),
  integer: z.int(),
  number: z.number(),
  decimal: z.string(),
  money: moneySchema,
  boolean: z.boolean(),
  day: z.string(),
  instant: z.string(),
} as const;

function envelopeOf<Shape extends z.ZodRawShape>(
  { name, beside = {} }: Report<Shape>,
  columns: readonly ReportColumn[],
) {
  const row = z.object(
    Object.fromEntries(
      columns.map(({ name: column, type, says }) => [
        camel(column),
        cellSchemas[type].nullable().openapi({ description: says }),
      ]),
    ),
  );
  const title = `${camel(name.replaceAll('-', '_')).replace(/^./, (c) => c.toUpperCase())}Report`;
  return z
    .object({
      zone: z.string(),
      asOf: z.string(),
      ageS: z.int(),
      asKnownAt: knownAtSchema.nullable().openapi({ description: 'Null: as it is known now' }),
      parameters: z.record(z.string(), z.string().nullable()),
      columns: z.array(
        z.object({
          name: z.string(),
          type: z.enum(columnTypes),
          unit: z.string().nullable(),
          title: z.string(),
        }),
      ),
      rowCount: z.int(),
      totals: z.record(z.string(), z.unknown()),
      ...beside,
      data: z.array(row),
    })
    .openapi(title);
}

/** The range of a report in local days. Throws Problem when it is upside down or too long. */
export function checkRange({
  from,
  to,
  daysMax,
}: {
  from: string;
  to: string;
  daysMax: number;
}): void {
  if (from >= to) {
    throw new Problem('invalid-request', 'The range ends before it begins: `to` is exclusive.', {
      faults: [{ at: 'query/to', message: 'must be later than from' }],
    });
  }
  if ((Date.parse(to) - Date.parse(from)) / 86_400_000 > daysMax) {
    throw new Problem('range-too-long', `This report covers at most ${daysMax} days.`);
  }
}

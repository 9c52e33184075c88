/**
 * Every list of the API as a file: `?format=` or Accept on a route that answers `{ data, nextCursor,
 * totals }` has all its rows. They are asked for page by page from the same route, as the same person,
 * so a file holds what its asker may see, and nothing else decides that.
 */
import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../sql/clock.ts';
import { type DuckDBConnection, type Duckdb, openDuckdb } from '../sql/duckdb.ts';
import { flattened } from '../sql/export/ending.ts';
import { fileResponse } from '../sql/export/file.ts';
import { fileContent, formatAsked, formatParameter } from '../sql/export/format.ts';
import { openLanes } from '../sql/export/lanes.ts';
import type { Cell, FileTable } from '../sql/export/table.ts';
import { openWorkFolder } from '../sql/export/work.ts';
import type { RouteEnv } from '../sql/route.ts';
import { PAGE_MAX } from '../sql/route.ts';
import {
  type Components,
  cellsOfRow,
  columnsOfRow,
  type JsonSchema,
  type ListColumn,
  resolved,
} from './list-columns.ts';

/** What a list's rows pass through on their way; they are never all there at once. */
const MEMORY = '256MB';

/** An operation of the API's description, as far as lists need it. */
export interface Operation {
  summary?: string;
  description?: string;
  parameters?: { name?: string; in?: string }[];
  responses?: Record<string, { content?: Record<string, { schema?: JsonSchema }> }>;
}

export interface ApiDescription {
  paths?: Record<string, { get?: Operation }>;
  components?: { schemas?: Components };
}

interface List {
  pattern: RegExp;
  path: string;
  summary: string;
  row: JsonSchema;
  hasPages: boolean;
}

export interface ListFileParts {
  /** Asks the whole app, as if it came from outside. */
  ask: (request: Request, env: unknown) => Response | Promise<Response>;
  describe: () => ApiDescription;
  project: (id: string) => Promise<{ name: string; zone: string; currency: string } | undefined>;
  clock: Clock;
  dataDir: string;
}

/** Answers lists as files; everything else passes. */
export function listFiles(parts: ListFileParts): MiddlewareHandler<RouteEnv> {
  const lanes = openLanes();
  const workFolder = openWorkFolder(parts.dataDir);
  let known: { lists: List[]; components: Components } | undefined;
  let duckdb: Promise<Duckdb> | undefined;
  return async (c, next) => {
    if (c.req.method !== 'GET') return next();
    known ??= listsOf(parts.describe());
    const list = known.lists.find(({ pattern }) => pattern.test(c.req.path));
    if (!list) return next();
    const format = formatAsked(c.req.query('format'), c.req.header('accept'));
    const access = c.get('access');
    // Who may not ask is told so by the route itself.
    if (format === 'page' || !access) return next();
    const { signal } = c.req.raw;
    const { components } = known;
    const page = (cursor: string | null) =>
      Promise.resolve(parts.ask(pageRequest(c.req.raw, { list, cursor }), c.env));
    const first = await page(null);
    if (!first.ok) return first;
    const leave = await lanes.enter(access.actor, signal);
    let connection: DuckDBConnection | undefined;
    const end = () => {
      connection?.closeSync();
      leave();
    };
    let table: FileTable;
    try {
      duckdb ??= openDuckdb({ memory: MEMORY, threads: 1 });
      connection = await (await duckdb).connect();
      const { url } = c.req;
      const { portions, ...rest } = await tableOf({
        list,
        components,
        first,
        page,
        url,
        parts,
        signal,
      });
      table = { ...rest, source: { connection, portions } };
    } catch (error) {
      end();
      throw error;
    }
    return fileResponse(table, format, { signal, workFolder, onEnd: end });
  };
}

interface Page {
  data: unknown[];
  nextCursor: string | null;
  totals?: unknown;
}

async function tableOf({
  list,
  components,
  first,
  page,
  url,
  parts: { clock, project },
  signal,
}: {
  list: List;
  components: Components;
  first: Response;
  page: (cursor: string | null) => Promise<Response>;
  url: string;
  parts: ListFileParts;
  signal: AbortSignal;
}): Promise<Omit<FileTable, 'source'> & { portions: AsyncGenerator<readonly Cell[][]> }> {
  const { pathname, searchParams } = new URL(url);
  const id = /\/projects\/(\d+)(\/|$)/.exec(pathname)?.[1];
  const place = id === undefined ? undefined : await project(id);
  const columns = columnsOfRow(list.row, { components, currency: place?.currency ?? 'CNY' });
  const begun = clock();
  const body = (await first.json()) as Page; // As the description says.
  const asked = [...searchParams].filter(([name]) => !['format', 'limit', 'cursor'].includes(name));
  return {
    name: `${nounsOf(list.path)}-${begun.toISOString().slice(0, 10)}`,
    title: list.summary,
    columns,
    about: [
      ...(place
        ? [
            { name: 'project', value: place.name },
            { name: 'zone', value: place.zone },
          ]
        : []),
      { name: 'as of', value: begun.toISOString() },
      { name: 'list', value: pathname },
      ...asked.map(([name, value]) => ({ name, value })),
      ...(body.totals ? flattened(body.totals) : []).map(([name, value]) => ({
        name: `total ${name}`,
        value,
      })),
    ],
    closing: () => ({
      beside: {
        read: `from ${begun.toISOString()} to ${clock().toISOString()}; what was there all the while is there once`,
      },
    }),
    portions: portionsOf({ columns, body, page, signal }),
  };
}

async function* portionsOf({
  columns,
  body,
  page,
  signal,
}: {
  columns: readonly ListColumn[];
  body: Page;
  page: (cursor: string | null) => Promise<Response>;
  signal: AbortSignal;
}): AsyncGenerator<readonly Cell[][]> {
  let at: string | null = null;
  for (let now = body; ; ) {
    yield now.data.map((row) => cellsOfRow(columns, row));
    if (now.nextCursor === null) return;
    if (now.nextCursor === at) throw new Error(`the list does not go on after ${at}`);
    at = now.nextCursor;
    signal.throwIfAborted();
    const answer = await page(at);
    // Also when the asker may no longer see it: the file breaks off.
    if (!answer.ok) throw new Error(`the list broke off: ${answer.status}`);
    now = (await answer.json()) as Page; // As the description says.
  }
}

/** The same question for one page, with what tells who asks. */
function pageRequest(
  asked: Request,
  { list, cursor }: { list: List; cursor: string | null },
): Request {
  const url = new URL(asked.url);
  url.searchParams.delete('format');
  url.searchParams.delete('cursor');
  if (list.hasPages) url.searchParams.set('limit', String(PAGE_MAX));
  if (cursor !== null) url.searchParams.set('cursor', cursor);
  const headers = new Headers();
  for (const name of ['cookie', 'authorization', 'host']) {
    const value = asked.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Request(url, { headers, signal: asked.signal });
}

/** '/api/v1/projects/{projectId}/accounts/{accountId}/entries' → 'accounts-entries'. */
const nounsOf = (path: string): string =>
  path
    .replace(/^\/api\/v1\/(projects\/\{projectId\}\/(?=.))?/, '')
    .split('/')
    .filter((part) => !part.startsWith('{'))
    .join('-');

/** The lists of an API, found by the shape of their answer. */
function listsOf({ paths = {}, components }: ApiDescription): {
  lists: List[];
  components: Components;
} {
  const schemas = components?.schemas ?? {};
  const lists = Object.entries(paths).flatMap(([path, { get }]): List[] => {
    const row = get && rowOf(get, schemas);
    if (!row) return [];
    return [
      {
        pattern: patternOf(path),
        path,
        summary: get.summary ?? path,
        row,
        hasPages: get.parameters?.some((p) => p.name === 'limit') ?? false,
      },
    ];
  });
  return { lists, components: schemas };
}

function rowOf({ responses }: Operation, components: Components): JsonSchema | undefined {
  const schema = responses?.[200]?.content?.['application/json']?.schema;
  const { properties } = schema ? resolved(schema, components) : {};
  const isList =
    properties !== undefined && Object.keys(properties).sort().join() === 'data,nextCursor,totals';
  const items = isList && properties.data ? resolved(properties.data, components).items : undefined;
  return items && resolved(items, components);
}

/** Says of an address (its path) whether files can be had there: of a list, or of a report. */
export function hasFileIn(describe: () => ApiDescription): (path: string) => boolean {
  let patterns: RegExp[] | undefined;
  return (path) => {
    patterns ??= Object.entries(describe().paths ?? {})
      .filter(([, { get }]) => get?.parameters?.some((p) => p.name === 'format'))
      .map(([at]) => patternOf(at));
    return patterns.some((pattern) => pattern.test(path));
  };
}

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`);

/** Writes into the description of the API that its lists can be had as files. */
export function describeListFiles({ paths = {}, components }: ApiDescription): void {
  for (const { get } of Object.values(paths)) {
    if (!get || get.parameters?.some((p) => p.name === 'format')) continue;
    if (!rowOf(get, components?.schemas ?? {})) continue;
    get.parameters = [...(get.parameters ?? []), formatParameter];
    const answer = get.responses?.[200];
    if (answer) answer.content = { ...answer.content, ...fileContent };
  }
}

/** What the warehouse of a project holds, whether it is as its sources, and a wish to have it checked. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Clock } from '../sql/clock.ts';
import { addDays } from '../sql/local-day.ts';
import { Problem } from '../sql/problem.ts';
import { answers, needs, projectParams, type RouteEnv } from '../sql/route.ts';
import { isCheckWished, readCheck, wishCheck } from './check-store.ts';
import {
  type DayTable,
  daysOf,
  dayTables,
  dimensionTables,
  type Manifest,
  NEVER,
  readManifest,
  type WarehouseFile,
  warehouseDir,
} from './manifest.ts';

const tableSchema = z.object({
  name: z.string(),
  days: z.int().nullable().openapi({ description: 'Local days that it holds; null: not by day' }),
  files: z.int(),
  rows: z.int(),
  bytes: z.int(),
  from: z.string().nullable().openapi({ description: 'First local day' }),
  to: z.string().nullable().openapi({ description: 'The day after the last one' }),
  lost: z.array(z.string()).openapi({
    description: 'Days whose file is damaged and whose source no longer holds them',
  }),
});

const schema = z
  .object({
    version: z.int(),
    asOf: z.string().nullable().openapi({ description: 'Null: it is being built' }),
    ageS: z.int().nullable(),
    samplesAsOf: z.string().nullable().openapi({
      description: 'The same for registers, electrical days and samples, which may be older',
    }),
    zone: z.string(),
    tables: z.array(tableSchema),
    checkWished: z.boolean(),
    lastCheck: z
      .object({
        at: z.string(),
        full: z.boolean(),
        fullAt: z.string().nullable(),
        filesChecked: z.int(),
        daysChecked: z.int(),
        differenceCount: z.int(),
        differences: z.array(
          z.object({
            table: z.string(),
            day: z.string().nullable(),
            what: z.string(),
            ours: z.string().nullable(),
            theirs: z.string().nullable(),
          }),
        ),
        tookMs: z.int(),
      })
      .nullable(),
  })
  .openapi('Warehouse');

const warehouseRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/warehouse',
  summary: 'What the warehouse holds, how old it is, and whether it is as its sources',
  ...needs('report.read'),
  request: { params: projectParams },
  responses: answers(schema),
});

const checkRoute = createRoute({
  method: 'post',
  path: '/projects/{projectId}/warehouse/checks',
  summary: 'Ask for a check of the whole warehouse; its result is the next `lastCheck`',
  description:
    'The exporter begins within seconds. Every file is read and every day but today is compared with QuestDB and Postgres. Asking twice is asking once.',
  ...needs('project.write'),
  request: { params: projectParams },
  responses: {
    202: {
      description: 'It will be made',
      content: { 'application/json': { schema: z.object({ wishedAt: z.string() }) } },
    },
    default: answers(schema).default,
  },
});

/** Mounts the two routes. */
export function mountWarehouse(
  app: OpenAPIHono<RouteEnv>,
  { dataDir, clock }: { dataDir: string; clock: Clock },
): void {
  const dir = warehouseDir(dataDir);
  const inForce = (projectId: string): Manifest => {
    const manifest = readManifest(dir, projectId);
    if (manifest) return manifest;
    throw new Problem('not-built', 'The warehouse of this project is being built.', {
      retryAfterS: 5,
    });
  };

  app.openapi(warehouseRoute, (c) => {
    const { projectId } = c.req.valid('param');
    const manifest = inForce(projectId);
    const known = (instant: string) => (instant === NEVER ? null : instant);
    const asOf = known(manifest.asOf);
    const ageMs = asOf === null ? null : clock().getTime() - Date.parse(asOf);
    const body: z.output<typeof schema> = {
      version: manifest.version,
      asOf,
      ageS: ageMs === null ? null : Math.max(0, Math.round(ageMs / 1000)),
      samplesAsOf: known(manifest.samplesAsOf),
      zone: manifest.zone,
      tables: [
        ...dayTables.map((table) => dayTableOf(manifest, table)),
        ...dimensionTables.map((table) => {
          const file = manifest.dimensions[table];
          return {
            name: table,
            days: null,
            from: null,
            to: null,
            lost: [],
            ...sizeOf(file ? [file] : []),
          };
        }),
      ],
      checkWished: isCheckWished(dir, projectId),
      lastCheck: readCheck(dir, projectId) ?? null,
    };
    return c.json(body, 200);
  });

  app.openapi(checkRoute, (c) => {
    const { projectId } = c.req.valid('param');
    inForce(projectId);
    wishCheck(dir, projectId);
    return c.json({ wishedAt: clock().toISOString() }, 202);
  });
}

function dayTableOf(manifest: Manifest, table: DayTable) {
  const days = daysOf(manifest, table).sort();
  const own = Object.entries(manifest.days[table]);
  const files = [...own.map(([, file]) => file), ...Object.values(manifest.months[table])];
  const last = days.at(-1);
  return {
    name: table,
    days: days.length,
    from: days[0] ?? null,
    to: last ? addDays(last, 1) : null,
    lost: own.filter(([, { lost }]) => lost).map(([day]) => day),
    ...sizeOf(files),
  };
}

const sizeOf = (files: readonly WarehouseFile[]) => ({
  files: files.length,
  rows: files.reduce((sum, { rows }) => sum + rows, 0),
  bytes: files.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
});

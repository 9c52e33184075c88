/** Places and devices from a table: what becomes of every row first, then all of it or nothing. */
import { createHash } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Context } from 'hono';
import { record } from '../sql/audit.ts';
import { once } from '../sql/idempotency.ts';
import type { Tx } from '../sql/postgres.ts';
import { type Fault, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  makes,
  needs,
  projectParams,
  type RouteEnv,
  takes,
} from '../sql/route.ts';
import { TABLE_BYTES_MAX } from '../sql/table-file.ts';
import { importFates, type PlannedRow } from './import-acts.ts';
import { applyImport } from './import-apply.ts';
import { importColumnNames } from './import-columns.ts';
import { type ImportFile, readImport } from './import-file.ts';
import { planImport } from './import-plan.ts';
import { type ImportState, readState } from './import-state.ts';
import { importTemplate } from './import-template.ts';
import type { IngestDeps } from './routes.ts';
import { by } from './rows.ts';

/** Wrong cells that a refusal names; the preview names them all. */
const FAULTS_TOLD = 100;

const fileFields = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .regex(/^[^\u0000-\u001f\u007f]*$/)
    .openapi({ example: 'meters.xlsx' }),
  content: z
    .base64()
    .max(Math.ceil(TABLE_BYTES_MAX / 3) * 4)
    .openapi({ description: `XLSX or CSV of at most ${TABLE_BYTES_MAX} bytes, as base64` }),
};

const rowSchema = z.object({
  row: z.number().int(),
  fate: z.enum(importFates),
  place: z.string().nullable(),
  point: z.string().nullable(),
  serial: z.string().nullable(),
  acts: z.array(
    z.object({
      act: z.enum(['create', 'change']),
      kind: z.enum([
        'building',
        'floor',
        'room',
        'gateway',
        'bus',
        'point',
        'meter',
        'installation',
      ]),
      name: z.string(),
    }),
  ),
  faults: z.array(
    z.object({
      column: z.enum(importColumnNames),
      code: z.string(),
      message: z.string(),
      parameters: z.object({ value: z.string(), other: z.string() }),
    }),
  ),
});

const previewSchema = z
  .object({
    name: z.string(),
    sha256: z.string(),
    digest: z.string().openapi({ description: 'Of the file and of what it comes to now' }),
    counts: z.object({
      create: z.number().int(),
      same: z.number().int(),
      change: z.number().int(),
      error: z.number().int(),
    }),
    rows: z.array(rowSchema),
  })
  .openapi('ImportPreview');

const template = createRoute({
  method: 'get',
  path: '/projects/{projectId}/imports/template.xlsx',
  summary: 'A workbook to fill, with a sheet of allowed values',
  ...needs('device.read'),
  request: {
    params: projectParams,
    query: z.object({ language: z.enum(['en', 'zh']).default('en') }),
  },
  responses: { 200: { description: 'The workbook' } },
});

const preview = createRoute({
  method: 'post',
  path: '/projects/{projectId}/imports/preview',
  summary: 'What an import would do with each row; nothing stays of it',
  ...needs('device.write'),
  request: { params: projectParams, body: takes(z.strictObject(fileFields)) },
  responses: answers(previewSchema),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/imports',
  summary: 'Import a table as it was previewed: all of it or nothing',
  ...needs('device.write'),
  request: {
    params: projectParams,
    headers: z.object({
      'idempotency-key': z
        .string()
        .optional()
        .openapi({ description: 'Needed: the same key imports once, however often it is sent' }),
    }),
    body: takes(z.strictObject({ ...fileFields, digest: z.string().max(64) })),
  },
  responses: makes(previewSchema),
});

export function importRoutes({ db, clock }: IngestDeps) {
  return createRoutes()
    .openapi(template, async (c) => {
      const { language } = c.req.valid('query');
      const bytes = await importTemplate(language);
      return c.body(Uint8Array.from(bytes).buffer, 200, {
        'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
        'content-disposition': `attachment; filename="import-${language}.xlsx"`,
      });
    })
    .openapi(preview, async (c) => {
      const { projectId } = c.req.valid('param');
      assertPlaces(c, projectId);
      const { name, content } = c.req.valid('json');
      const file = await readImport({ content });
      const acting = { projectId, ...by(c) };
      const at = clock();
      const answer = await rolledBack(
        (body) => db.transaction(body),
        async (tx) => {
          const planned = await plan(tx, { projectId, file, at });
          // What the plan could not see is found by doing it.
          if (isSound(planned.rows)) await applyImport(tx, acting, { ...planned, at });
          return shown(name, file, planned.rows);
        },
      );
      return c.json(answer, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      assertPlaces(c, projectId);
      const { name, content, digest } = c.req.valid('json');
      const file = await readImport({ content });
      const acting = { projectId, ...by(c) };
      const answer = await once(
        db,
        {
          ...{ projectId, route: 'imports' },
          key: c.req.header('idempotency-key'),
          actorId: acting.actor.id,
          request: { sha256: file.sha256, digest },
        },
        async (tx) => {
          const at = clock();
          const planned = await plan(tx, { projectId, file, at });
          const { rows } = planned;
          assertNoFaults(rows);
          const body = shown(name, file, rows);
          if (body.digest !== digest) {
            const why = 'What the file comes to has changed since its preview: look at it again.';
            throw new Problem('conflict', why);
          }
          await applyImport(tx, acting, { ...planned, at });
          await record(tx, {
            ...acting,
            action: 'import.applied',
            subjectKind: 'project',
            subjectId: projectId,
            detail: { file: name, sha256: file.sha256, rows: rows.length, ...body.counts },
          });
          return { status: 201, body };
        },
      );
      return c.json(answer.body, 201);
    });
}

/** An import enters places as well as devices. */
function assertPlaces(c: Context<RouteEnv>, projectId: string): void {
  if (c.get('access').may(projectId, 'place.write') !== 'allowed') {
    throw new Problem('forbidden', 'This needs the permission place.write, too.');
  }
}

/** What would be, and what becomes of each row. One import of a project at a time. */
async function plan(
  tx: Tx,
  { projectId, file, at }: { projectId: string; file: ImportFile; at: Date },
): Promise<{ state: ImportState; rows: PlannedRow[] }> {
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(hashtext('wattledger_import'), hashtext(${projectId}))`,
  );
  const state = await readState(tx, { projectId, at });
  return { state, rows: planImport(state, file.rows) };
}

const isSound = (rows: readonly PlannedRow[]) => rows.every(({ faults }) => faults.length === 0);

class Undo extends Error {}

/** The answer of an act whose transaction is given up. */
async function rolledBack<Answer>(
  transaction: (body: (tx: Tx) => Promise<void>) => Promise<void>,
  act: (tx: Tx) => Promise<Answer>,
): Promise<Answer> {
  let answer: { given: Answer } | undefined;
  try {
    await transaction(async (tx) => {
      answer = { given: await act(tx) };
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo) || !answer) throw error;
  }
  if (!answer) throw new Error('a transaction ended without its answer');
  return answer.given;
}

function assertNoFaults(rows: readonly PlannedRow[]): void {
  const faults: Fault[] = rows.flatMap(({ row, faults: own }) =>
    own.map(({ column, ...fault }) => ({ at: `row/${row}/${column}`, ...fault })),
  );
  if (faults.length === 0) return;
  const wrong = rows.filter(({ fate }) => fate === 'error').length;
  throw new Problem('import-refused', `${wrong} rows are wrong; nothing was imported.`, {
    faults: faults.slice(0, FAULTS_TOLD),
  });
}

function shown(name: string, { sha256 }: ImportFile, rows: readonly PlannedRow[]) {
  const counts = { create: 0, same: 0, change: 0, error: 0 };
  for (const { fate } of rows) counts[fate]++;
  const digest = createHash('sha256')
    .update(JSON.stringify([sha256, rows.map(({ row, fate, acts }) => [row, fate, acts])]))
    .digest('hex');
  return {
    ...{ name, sha256, digest, counts },
    rows: rows.map(({ acts, ...row }) => ({
      ...row,
      acts: acts.map((act) => ({ act: act.act, kind: act.kind, name: nameOf(act) })),
    })),
  };
}

function nameOf(act: PlannedRow['acts'][number]): string {
  switch (act.kind) {
    case 'building':
    case 'room':
    case 'point':
      return act.code;
    case 'floor':
      return `${act.building} ${act.name}`;
    case 'gateway':
      return act.name;
    case 'bus':
      return `${act.gateway} ${act.name}`;
    case 'meter':
      return act.serial;
    default:
      return `${act.serial} → ${act.point}`;
  }
}

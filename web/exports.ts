/** Long exports: asked for once, made in the background, fetched by a link that ends. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createRoute, z } from '@hono/zod-openapi';
import { and, desc, eq, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { Context } from 'hono';
import { record } from '../sql/audit.ts';
import { disposition } from '../sql/export/file.ts';
import { mediaTypes } from '../sql/export/format.ts';
import { fileFormats } from '../sql/export/table.ts';
import type { Access } from '../sql/permission.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  pageQuery,
  projectParams,
  type RouteEnv,
  takes,
} from '../sql/route.ts';
import { exportJobs } from '../sql/schema/index.ts';
import { exportFile } from './export-worker.ts';
import { cursorId, pageOf } from './page.ts';
import { rangeOf } from './range.ts';
import type { WebDeps } from './routes.ts';
import { by, only } from './rows.ts';

/** Jobs of one person that wait or run. */
export const OPEN_JOBS_MAX = 10;
/** Of all files that are kept, everybody's. */
export const KEPT_BYTES_MAX = 20_000_000_000;
const PATH_MAX = 2000;
const open = ['queued', 'running'] as const;

type Job = typeof exportJobs.$inferSelect;

const jobSchema = z
  .object({
    id: idSchema,
    path: z.string(),
    format: z.enum(fileFormats),
    state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled', 'expired']),
    rows: z.int().openapi({ description: 'Written so far' }),
    rowsExpected: z.int().nullable(),
    bytes: z.int().nullable(),
    sha256: z.string().nullable(),
    fileName: z.string().nullable(),
    problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
    requestedBy: z.string(),
    requestedAt: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    expiresAt: z.string().nullable(),
    link: z.string().nullable().openapi({ description: 'For who asked, while the file is there' }),
  })
  .openapi('ExportJob');

const jobParams = projectParams.extend({ exportId: idSchema });

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/exports',
  summary: 'Exports in the background, newest first: one’s own; with audit.read, everybody’s',
  ...needs('project.read'),
  request: { params: projectParams, query: pageQuery },
  responses: answers(listOf(jobSchema)),
});
const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/exports',
  summary: 'Have a file made of a report or list, of any length',
  description: `The question is asked with the access that its asker has when it is made. At most ${OPEN_JOBS_MAX} open ones; the file is kept for a day.`,
  ...needs('project.read'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        path: z
          .string()
          .max(PATH_MAX)
          .regex(/^\/[!"$-[\]-~]*$/, 'not an address below the project')
          .openapi({ example: '/reports/energy?from=2026-01-01&to=2026-12-01&by=point' }),
        format: z.enum(fileFormats),
      }),
    ),
  },
  responses: makes(jobSchema),
});
const one = createRoute({
  method: 'get',
  path: '/projects/{projectId}/exports/{exportId}',
  summary: 'How far an export is',
  ...needs('project.read'),
  request: { params: jobParams },
  responses: answers(jobSchema),
});
const remove = createRoute({
  method: 'delete',
  path: '/projects/{projectId}/exports/{exportId}',
  summary: 'Cancel an export that is open; remove one that is over, with its file',
  ...needs('project.read'),
  request: { params: jobParams },
  responses: { 204: { description: 'Cancelled or removed' } },
});
const file = createRoute({
  method: 'get',
  path: '/projects/{projectId}/exports/{exportId}/file',
  summary: 'The file of an export, whole or a range of its bytes',
  ...needs('project.read'),
  request: {
    params: jobParams,
    query: z.object({
      token: z
        .string()
        .max(100)
        .optional()
        .openapi({ description: 'As in the link; who asked needs none' }),
    }),
  },
  responses: {
    200: { description: 'The whole file' },
    206: { description: 'The bytes that Range asks for' },
    416: { description: 'The file has no such bytes' },
  },
});

export function exportRoutes({ db, clock, dataDir, secret, exports: worker }: WebDeps) {
  const tokenOf = ({ projectId, id, requestedAt }: Pick<Job, 'projectId' | 'id' | 'requestedAt'>) =>
    createHmac('sha256', secret)
      .update(`export ${projectId} ${id} ${requestedAt.toISOString()}`)
      .digest('base64url');

  function render(job: Job, access: Access): z.output<typeof jobSchema> {
    const isThere = job.state === 'done' && (job.expiresAt?.getTime() ?? 0) > clock().getTime();
    const at = `/api/v1/projects/${job.projectId}/exports/${job.id}/file`;
    return {
      id: job.id,
      path: job.path,
      format: job.format,
      state: job.state === 'done' && !isThere ? 'expired' : job.state,
      rows: Number(job.rows),
      rowsExpected: numberOrNull(job.rowsExpected),
      bytes: numberOrNull(job.bytes),
      sha256: job.sha256,
      fileName: job.fileName,
      problem:
        job.problemCode === null
          ? null
          : { code: job.problemCode, detail: job.problemDetail ?? '' },
      requestedBy: job.actorName,
      requestedAt: job.requestedAt.toISOString(),
      startedAt: job.startedAt?.toISOString() ?? null,
      finishedAt: job.finishedAt?.toISOString() ?? null,
      expiresAt: job.expiresAt?.toISOString() ?? null,
      link: isThere && isOwn(job, access) ? `${at}?token=${tokenOf(job)}` : null,
    };
  }

  const visible = (access: Access, projectId: string): SQL | undefined =>
    access.may(projectId, 'audit.read') === 'allowed'
      ? eq(exportJobs.projectId, projectId)
      : and(
          eq(exportJobs.projectId, projectId),
          eq(exportJobs.actorKind, kindOf(access)),
          eq(exportJobs.actorId, access.actor.id),
        );

  async function find(where: SQL | undefined, id: string): Promise<Job> {
    const [job] = await db
      .select()
      .from(exportJobs)
      .where(and(where, eq(exportJobs.id, id)));
    if (!job) throw notFound('export');
    return job;
  }

  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const access = c.get('access');
      const before = cursorId(cursor);
      const rows = await db
        .select()
        .from(exportJobs)
        .where(
          and(
            visible(access, projectId),
            before === undefined ? undefined : lt(exportJobs.id, before),
          ),
        )
        .orderBy(desc(exportJobs.id))
        .limit(limit + 1);
      const data = rows.map((row) => render(row, access));
      return c.json({ ...pageOf(data, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { path, format } = c.req.valid('json');
      const access = c.get('access');
      const { pathname, search } = new URL(`/api/v1/projects/${projectId}${path}`, 'http://inside');
      // What the address becomes when it is asked for, not what it was written like.
      if (!pathname.startsWith(`/api/v1/projects/${projectId}/`) || !worker.hasFile(pathname)) {
        throw new Problem('invalid-request', 'body/path: no report or list of this project', {
          faults: [{ at: 'body/path', message: 'no report or list of this project' }],
        });
      }
      const job = await db.transaction(async (tx) => {
        const { id: actorId, name: actorName } = access.actor;
        const actorKind = kindOf(access);
        // Two at once count one after the other.
        await tx.execute(
          sql`SELECT pg_advisory_xact_lock(hashtext(${`exports ${actorKind} ${actorId}`}))`,
        );
        const [counted] = await tx
          .select({ jobs: sql<number>`count(*)::int` })
          .from(exportJobs)
          .where(
            and(
              eq(exportJobs.actorKind, actorKind),
              eq(exportJobs.actorId, actorId),
              inArray(exportJobs.state, [...open]),
            ),
          );
        if ((counted?.jobs ?? 0) >= OPEN_JOBS_MAX) {
          throw new Problem(
            'too-many-requests',
            `You have ${OPEN_JOBS_MAX} open exports; wait for one of them.`,
            {
              retryAfterS: 60,
            },
          );
        }
        const [kept] = await tx
          .select({ bytes: sql<string>`coalesce(sum(bytes), 0)::text` })
          .from(exportJobs)
          .where(inArray(exportJobs.state, ['done', 'running']));
        if (Number(kept?.bytes ?? 0) >= KEPT_BYTES_MAX) {
          throw new Problem(
            'disk-full',
            `Exports hold ${KEPT_BYTES_MAX} bytes together: remove some.`,
          );
        }
        const requestedAt = clock();
        const made = only(
          await tx
            .insert(exportJobs)
            .values({
              projectId,
              actorKind,
              actorId,
              actorName,
              path: pathname.slice(`/api/v1/projects/${projectId}`.length) + search,
              format,
              traceId: c.get('traceId'),
              requestedAt,
            })
            .returning(),
        );
        await tx
          .update(exportJobs)
          .set({ tokenHash: hashOf(tokenOf(made)) })
          .where(and(eq(exportJobs.projectId, projectId), eq(exportJobs.id, made.id)));
        await record(tx, act(c, 'export.requested', made));
        return made;
      });
      worker.kick();
      return c.json(render(job, access), 201);
    })
    .openapi(one, async (c) => {
      const { projectId, exportId } = c.req.valid('param');
      const access = c.get('access');
      return c.json(render(await find(visible(access, projectId), exportId), access), 200);
    })
    .openapi(remove, async (c) => {
      const { projectId, exportId } = c.req.valid('param');
      const job = await find(visible(c.get('access'), projectId), exportId);
      const here = and(eq(exportJobs.projectId, projectId), eq(exportJobs.id, exportId));
      await db.transaction(async (tx) => {
        const cancelled = await tx
          .update(exportJobs)
          .set({ state: 'cancelled', finishedAt: clock(), tokenHash: null })
          .where(and(here, inArray(exportJobs.state, [...open])))
          .returning({ id: exportJobs.id });
        if (cancelled.length > 0) return record(tx, act(c, 'export.cancelled', job));
        await tx.delete(exportJobs).where(here);
        await record(tx, act(c, 'export.removed', job));
      });
      worker.cancel(exportId);
      await rm(exportFile(dataDir, job), { force: true });
      return c.body(null, 204);
    })
    .openapi(file, async (c) => {
      const { projectId, exportId } = c.req.valid('param');
      const { token } = c.req.valid('query');
      const access = c.get('access');
      const job = await find(eq(exportJobs.projectId, projectId), exportId);
      const isTheirs = token === undefined ? isOwn(job, access) : isToken(token, job.tokenHash);
      const path = exportFile(dataDir, job);
      const isOver = (job.expiresAt?.getTime() ?? 0) <= clock().getTime();
      if (!isTheirs || job.state !== 'done' || isOver || !existsSync(path)) throw notFound('file');
      // A download that is resumed is still the one that was noted at its first byte.
      const { range, ...answer } = rangeOf(c.req.raw.headers, {
        size: Number(job.bytes),
        etag: `"${job.sha256}"`,
      });
      if (range?.from === 0) await record(db, act(c, 'export.downloaded', job));
      const body = range && createReadStream(path, { start: range.from, end: range.to - 1 });
      return new Response(body ? (Readable.toWeb(body) as ReadableStream) : null, {
        status: answer.status,
        headers: {
          'content-type': mediaTypes[job.format],
          'content-disposition': disposition(job.fileName ?? `export.${job.format}`),
          'content-digest': `sha-256=:${Buffer.from(job.sha256 ?? '', 'hex').toString('base64')}:`,
          ...answer.headers,
        },
      }) as never; // A file: no schema describes its bytes.
    });
}

const numberOrNull = (value: bigint | string | null): number | null =>
  value === null ? null : Number(value);

const kindOf = ({ actor }: Access): 'user' | 'key' => {
  if (actor.kind === 'system') throw new Problem('forbidden', 'The system exports nothing.');
  return actor.kind;
};

const isOwn = (job: Job, { actor }: Access): boolean =>
  job.actorKind === actor.kind && job.actorId === actor.id;

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

function isToken(token: string, hash: string | null): boolean {
  if (hash === null) return false;
  return timingSafeEqual(Buffer.from(hashOf(token), 'hex'), Buffer.from(hash, 'hex'));
}

const act = (c: Context<RouteEnv>, action: string, job: Job) => ({
  ...by(c),
  projectId: job.projectId,
  action,
  subjectKind: 'export',
  subjectId: job.id,
  detail: { path: job.path, format: job.format },
});

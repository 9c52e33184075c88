/**
 * The HTTP face of the whole: what every request passes, the rooms' routes under /api/v1, health,
 * the API's description, and the browser app for everything else.
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type pg from 'pg';
import type { Logger } from 'pino';
import { routes as analyticsRoutes } from '../analytics/routes.ts';
import { routes as billingRoutes } from '../billing/routes.ts';
import { routes as ingestRoutes } from '../ingest/routes.ts';
import type { Clock } from '../sql/clock.ts';
import type { Room } from '../sql/owners.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import type { RouteEnv } from '../sql/route.ts';
import { currentTrace, inTrace, newTrace, traceOf, traceparent } from '../sql/trace.ts';
import { accessOfActor, accessOfKey, accessOfSession, accessOfUser } from './access.ts';
import { refuseUnknowing } from './as-known.ts';
import { type Auth, hashOfKey, SESSION_HOURS, SESSION_PROLONG_MINUTES } from './auth.ts';
import { ACTING, type ExportWorker } from './export-worker.ts';
import { problemOf, renderFailure } from './failure.ts';
import { mountHealth } from './health.ts';
import { type ApiDescription, listFiles } from './list-files.ts';
import { countRequests, mountMetrics } from './metrics.ts';
import { describeApi, methodsOf, mountDocs } from './openapi.ts';
import { projectNamed } from './projects.ts';
import { isSecure, sameOrigin, soundBody, soundQuery } from './request.ts';
import { routes as webRoutes } from './routes.ts';
import { type Assets, servePage } from './static.ts';

/** What a room's routes are given. */
export interface RoomDeps {
  db: Db;
  /** The pool under `db`, for work that COPY takes part in. */
  pool: pg.Pool;
  questdb: Questdb;
  clock: Clock;
  dataDir: string;
  /** By which notices can leave, by name. */
  noticeChannels: readonly string[];
}

export interface ServerDeps {
  /** One pool per room, each as that room's own role in Postgres. */
  rooms: Record<Room, RoomDeps>;
  auth: Auth;
  clock: Clock;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  assets: Assets;
  /** Signs links to files. */
  secret: string;
  exports: ExportWorker;
  /** Opens /metrics to other machines that send it. */
  metricsToken?: string;
  /** Origins beyond that of the Host header at which our pages are served. */
  origins?: readonly string[];
}

export type Server = OpenAPIHono<RouteEnv>;

/** Composes the app. It listens to nothing: main.ts serves it, tests and demo call `app.request`. */
export function createServer(deps: ServerDeps): Server {
  const app = new OpenAPIHono<RouteEnv>();
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem.code === 'internal' || problem.code === 'store-unavailable') {
      const { path } = c.req;
      const projectId = PROJECT_PATH.exec(path)?.[1];
      deps.log.error({ err: error, traceId: c.get('traceId'), projectId, path }, problem.detail);
    }
    return renderFailure(c, problem);
  });

  app.use('*', countRequests, traced(deps), headers);
  app.use('/api/*', sameOrigin(deps.origins ?? []), soundQuery, ...soundBody);
  app.use('/api/v1/*', authenticate(deps));
  app.use('/api/*', async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
  });

  const describe = () => describeApi(app) as ApiDescription; // As much of it as these two need.
  app.use(
    '/api/v1/*',
    endless,
    refuseUnknowing(describe),
    listFiles({
      ask: (request, env) => app.fetch(request, env as object), // What the server gave us.
      describe,
      project: (id) => projectNamed(deps.rooms.web.db, id),
      clock: deps.clock,
      dataDir: deps.rooms.web.dataDir,
    }),
  );

  app.route('/api/v1', webRoutes({ ...deps.rooms.web, ...deps }));
  app.route('/api/v1', ingestRoutes(deps.rooms.ingest));
  app.route('/api/v1', billingRoutes(deps.rooms.billing));
  app.route('/api/v1', analyticsRoutes(deps.rooms.analytics));
  mountHealth(app, deps);
  mountMetrics(app, { ...deps.rooms.web, token: deps.metricsToken });
  mountDocs(app);

  app.notFound((c) => {
    if (!isApi(c.req.path)) return servePage(c, deps.assets);
    const methods = methodsOf(app, c.req.path);
    if (methods.length === 0) throw new Problem('not-found', 'There is no such address.');
    c.header('allow', methods.join(', '));
    throw new Problem('method-not-allowed', `This address takes ${methods.join(', ')}.`);
  });
  return app;
}

/** Of HEAD nobody reads the body: a file that was begun for it is given up. */
const endless: MiddlewareHandler<RouteEnv> = async (c, next) => {
  await next();
  if (c.req.method === 'HEAD') await c.res.body?.cancel();
};

/** Every spelling of /api, so that `//api` or `/%61pi` gets no page of the app in answer. */
const isApi = (path: string): boolean => {
  let plain = path;
  try {
    plain = decodeURIComponent(path);
  } catch {
    // A broken escape stays as it is.
  }
  return /^[/\\.]*api([/\\]|$)/i.test(plain);
};

function traced({ log, clock }: ServerDeps): MiddlewareHandler<RouteEnv> {
  return async (c, next) => {
    // Who calls us may have begun the trace; what is not a valid one is as if it had not been sent.
    // A request that we ask of ourselves goes on in the trace of the one that it is asked for.
    const traceId = currentTrace() ?? traceOf(c.req.header('traceparent')) ?? newTrace();
    const startedAt = clock();
    c.set('traceId', traceId);
    await inTrace(traceId, next);
    c.header('x-trace-id', traceId);
    c.header('traceparent', traceparent(traceId));
    if (!c.req.path.startsWith('/api')) return;
    const { method, path } = c.req;
    const durationMs = clock().getTime() - startedAt.getTime();
    const actor = c.get('access')?.actor;
    const projectId = PROJECT_PATH.exec(path)?.[1];
    const { status } = c.res;
    const line = { traceId, projectId, method, path, status, durationMs, actor: actor?.id };
    log.info(line, 'request');
  };
}

const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'"],
    // The component library writes style elements as it renders.
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  referrerPolicy: 'same-origin',
  strictTransportSecurity: false, // said by whoever ends TLS
});

const PROJECT_PATH = /^\/api\/v1\/projects\/([1-9]\d{0,18})(?:\/|$)/;
const LARGEST_ID = 2n ** 63n - 1n;
/** A session with less left than this is prolonged. */
const FRESH_MINUTES = SESSION_HOURS * 60 - SESSION_PROLONG_MINUTES;

/**
 * Sets `access` for a bearer key or a session cookie; leaves it unset for neither, and the guard of
 * each route then says no. A wrong key is refused at once: whoever sends one means to use it.
 */
function authenticate({ rooms, auth, clock }: ServerDeps): MiddlewareHandler<RouteEnv> {
  const { db } = rooms.web;
  return async (c, next) => {
    const asked = PROJECT_PATH.exec(c.req.path)?.[1];
    const projectId = asked && BigInt(asked) <= LARGEST_ID ? asked : null;
    // Node's server puts other things there: only our own call can be acting for somebody.
    const acting = (c.env as { [ACTING]?: Actor } | undefined)?.[ACTING];
    const authorization = c.req.header('authorization');
    if (acting) {
      const access = await accessOfActor(db, { ...acting, projectId, now: clock() });
      if (!access) throw new Problem('unauthenticated', 'Who asked for it is gone.');
      c.set('access', access);
    } else if (authorization !== undefined) {
      const key = /^Bearer (wl_[\w-]{43})$/.exec(authorization)?.[1];
      const access =
        key && (await accessOfKey(db, { hash: hashOfKey(key), projectId, now: clock() }));
      if (!access) throw new Problem('unauthenticated', 'The API key is unknown or has ended.');
      c.set('access', access);
    } else {
      const token = auth.tokenOf(c.req.raw.headers);
      const known =
        token && (await accessOfSession(db, { token, minutes: FRESH_MINUTES, projectId }));
      if (known) {
        c.set('access', known);
        return await next();
      }
      const session = await auth.session(c.req.raw.headers, isSecure(c));
      const access = session && (await accessOfUser(db, { userId: session.userId, projectId }));
      for (const line of session?.cookies ?? []) c.header('set-cookie', line, { append: true });
      if (access) c.set('access', access);
    }
    await next();
  };
}

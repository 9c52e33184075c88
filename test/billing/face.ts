/** Billing's routes as web mounts them, asked by an actor who may do everything. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { routes } from '../../billing/routes.ts';
import type { Permission } from '../../sql/permission.ts';
import { Problem, problems, renderProblem } from '../../sql/problem.ts';
import type { RouteEnv } from '../../sql/route.ts';
import type { Park } from './park.ts';

export interface Answer {
  status: number;
  // Tests look into answers as a caller in any language would.
  // biome-ignore lint/suspicious/noExplicitAny: shapes are what the tests check
  body: any;
}

export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** Paths are below the project: ask('GET', '/accounts'). */
export function openFace(
  park: Park,
  actorId = 'cashier-1',
  mayDo: (permission: Permission) => boolean = () => true,
  /** Who made the key that acts; a person acts where none is said. */
  person?: string,
): Ask {
  const app = new OpenAPIHono<RouteEnv>();
  app.use('*', async (c, next) => {
    c.set('traceId', 'trace');
    c.set('access', {
      actor: person
        ? { kind: 'key', id: actorId, name: `Name of ${actorId}`, person }
        : { kind: 'user', id: actorId, name: `Name of ${actorId}` },
      may: (projectId, permission) => {
        if (projectId !== park.project.id) return 'hidden';
        return mayDo(permission) ? 'allowed' : 'forbidden';
      },
    });
    await next();
  });
  app.onError((error, c) => {
    if (!(error instanceof Problem)) throw error;
    return c.json(renderProblem(error, 'trace'), problems[error.code].status as 400);
  });
  const { db, pool } = park.postgres;
  app.route('/', routes({ db, pool, questdb: park.questdb, clock: () => park.now }));
  return async (method, path, body, headers = {}) => {
    const response = await app.request(`/projects/${park.project.id}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
}

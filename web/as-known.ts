/**
 * `asKnownAt` where it is not known: refused, since an answer of now must never pass for one of then. Routes that
 * take it say so in the API's description.
 */
import type { MiddlewareHandler } from 'hono';
import { Problem } from '../sql/problem.ts';
import type { RouteEnv } from '../sql/route.ts';
import type { ApiDescription } from './list-files.ts';

const NAME = 'asKnownAt';

/** Throws Problem `not-known-then` for a question with `asKnownAt` to a route that does not take it. */
export function refuseUnknowing(describe: () => ApiDescription): MiddlewareHandler<RouteEnv> {
  let knowing: RegExp[] | undefined;
  return async (c, next) => {
    if (c.req.query(NAME) === undefined) return next();
    knowing ??= Object.entries(describe().paths ?? {})
      .filter(([, { get }]) => get?.parameters?.some(({ name }) => name === NAME))
      .map(([path]) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`));
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return next();
    if (!knowing.some((pattern) => pattern.test(c.req.path))) {
      throw new Problem('not-known-then', 'This is known as it is now only: leave asKnownAt out.');
    }
    await next();
  };
}

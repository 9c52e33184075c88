/**
 * How a room declares a route: zod schemas, the permission it needs, and answers in one shape.
 * A route without `needs(…)` or `open` fails a test. web sets the variables before any route runs.
 */
import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Access, Permission } from './permission.ts';
import { notFound, Problem } from './problem.ts';

export interface RouteEnv {
  Variables: { access: Access; traceId: string };
}

/** An empty sub-app of a room; a request that its schema refuses becomes a Problem. */
export function createRoutes(): OpenAPIHono<RouteEnv> {
  return new OpenAPIHono<RouteEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      // A malformed id in the path names nothing: it answers like an id that does not exist.
      if (result.target === 'param') throw notFound('thing');
      const faults = result.error.issues.map((issue) => ({
        at: `${result.target}/${issue.path.join('/')}`,
        message: issue.message,
      }));
      const first = faults[0];
      throw new Problem('invalid-request', first ? `${first.at}: ${first.message}` : 'Not valid.', {
        faults,
      });
    },
  });
}

const actors: Record<string, string[]>[] = [{ session: [] }, { apiKey: [] }];
const nobody: Record<string, string[]>[] = [];

/**
 * Spread into `createRoute`: the permission a route needs, written into the API description and
 * checked before the handler. Routes under `/projects/{projectId}` are checked for that project.
 */
export function needs(permission: Permission) {
  return {
    'x-permission': permission,
    security: actors,
    middleware: guard(permission),
  };
}

/** Spread into `createRoute` for what anyone may ask (signing in). */
export const open = { 'x-permission': 'open' as const, security: nobody };

/** Spread into `createRoute` for what any signed-in actor may ask of itself. */
export const signedIn = {
  'x-permission': 'signed-in' as const,
  security: actors,
  middleware: knownActor(),
};

/** Nobody in particular is told so before anything else of the request is judged. */
function knownActor(): MiddlewareHandler<RouteEnv> {
  return async (c, next) => {
    if (!c.get('access')) throw new Problem('unauthenticated', 'Sign in, or send an API key.');
    await next();
  };
}

function guard(permission: Permission): MiddlewareHandler<RouteEnv> {
  return async (c, next) => {
    const access = c.get('access');
    if (!access) throw new Problem('unauthenticated', 'Sign in, or send an API key.');
    const projectId = c.req.param('projectId');
    const verdict = access.may(projectId ?? null, permission);
    if (verdict === 'hidden') throw notFound('project');
    if (verdict === 'forbidden') {
      throw new Problem('forbidden', `This needs the permission ${permission}.`);
    }
    await next();
  };
}

const LARGEST_ID = 2n ** 63n - 1n;

/** An id in a path or body: a decimal string of 64 bits at most. */
export const idSchema = z
  .string()
  .refine((text) => /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= LARGEST_ID, 'not an id')
  .openapi({ example: '1042' });

/** A calendar day of the project's zone. */
export const daySchema = z.iso.date().openapi({ example: '2026-11-24' });

/** An instant, RFC 3339 with an offset. */
export const instantSchema = z.iso
  .datetime({ offset: true })
  .openapi({ example: '2026-11-24T06:32:00Z' });

export const moneySchema = z
  .object({ amount: z.string(), currency: z.string().length(3) })
  .openapi('Money', { example: { amount: '12.34', currency: 'CNY' } });

export const projectParams = z.object({ projectId: idSchema });

/** Largest page of a list, and the usual one. */
export const PAGE_MAX = 1000;
export const PAGE_DEFAULT = 200;
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().max(200).optional(),
});

/** A page of a list of local days `[from, to)`; what is left out is open. */
export const rangeQuery = pageQuery.extend({
  from: daySchema.optional(),
  to: daySchema.optional().openapi({ description: 'Exclusive' }),
});

/** What a list is searched for, in any case: a part of what `places` names. */
export const searchText = (places: string) =>
  z
    .string()
    .max(100)
    .optional()
    .openapi({ description: `A part of ${places}` });

/** `{ data, nextCursor, totals }` of rows of one schema. */
export const listOf = <Row extends z.ZodType, Totals extends z.ZodType = z.ZodAny>(
  row: Row,
  totals?: Totals,
) =>
  z.object({
    data: z.array(row),
    nextCursor: z.string().nullable(),
    totals: (totals ?? z.any()) as Totals,
  });

/** A wrong place, in a problem or in the answer of a check. */
export const faultSchema = z
  .object({
    at: z.string(),
    message: z.string(),
    code: z.string().optional(),
    parameters: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  })
  .openapi('Fault');

const problemAnswer = {
  description: 'What went wrong (RFC 9457)',
  content: {
    'application/problem+json': {
      schema: z
        .object({
          type: z.string(),
          title: z.string(),
          status: z.number(),
          code: z.string(),
          detail: z.string(),
          retryable: z.boolean(),
          traceId: z.string(),
          faults: z.array(faultSchema).optional(),
        })
        .openapi('Problem'),
    },
  },
} as const;

/** The `responses` of a route that answers 200 with JSON, or a problem. */
export const answers = <Schema extends z.ZodType>(schema: Schema, description = 'The answer') => ({
  200: { description, content: { 'application/json': { schema } } },
  default: problemAnswer,
});

/** The `responses` of a route that makes something: 201 with JSON, or a problem. */
export const makes = <Schema extends z.ZodType>(schema: Schema, description = 'What was made') => ({
  201: { description, content: { 'application/json': { schema } } },
  default: problemAnswer,
});

/** A JSON request body. */
export const takes = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
});

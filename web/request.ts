/**
 * What every request must pass before a route sees it: it comes from our own pages when a cookie
 * speaks for it, its query says nothing twice, and its body is JSON of a bearable size and depth.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Problem } from '../sql/problem.ts';
import { shapeOf } from './json-shape.ts';

/** Largest request body, and deepest nesting of its JSON. */
export const BODY_BYTES_MAX = 1_000_000;
export const JSON_DEPTH_MAX = 32;

const isSafe = (method: string) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';

/**
 * Refuses state-changing requests that another site's page sends with our cookie. A request with
 * `Authorization` passes: no browser adds that by itself, and it outranks the cookie. `origins` are
 * addresses beyond the one in Host that our pages are served at (behind a reverse proxy).
 */
export function sameOrigin(origins: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    if (!isSafe(c.req.method) && !c.req.header('authorization')) {
      const site = c.req.header('sec-fetch-site');
      if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreign();
      const from = c.req.header('origin') ?? originOf(c.req.header('referer'));
      if (from !== undefined && !isOurs(c, from, origins)) throw foreign();
    }
    await next();
  };
}

const foreign = () => new Problem('origin-refused', 'Only our own pages may ask for this.');

function isOurs(c: Context, origin: string, origins: readonly string[]): boolean {
  if (origins.includes(origin)) return true;
  if (!URL.canParse(origin)) return false; // 'null' of a sandboxed page
  const { protocol, host } = new URL(origin);
  return /^https?:$/.test(protocol) && host === (c.req.header('host') ?? new URL(c.req.url).host);
}

const originOf = (referer: string | undefined) =>
  referer === undefined ? undefined : URL.canParse(referer) ? new URL(referer).origin : 'null';

/** True when the browser's page is on https, so that its cookies may be kept off plain http. */
export const isSecure = (c: Context): boolean =>
  new URL(c.req.url).protocol === 'https:' ||
  (c.req.header('origin')?.startsWith('https://') ?? false);

/** The address of the socket's other end. Forwarded headers are not asked: anyone may write them. */
export function peerOf(c: Context): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress ?? 'in-process';
}

/** Longest part of what somebody sent that a refusal says back, characters. */
const ECHO_MAX = 60;
const clipped = (text: string) => (text.length > ECHO_MAX ? `${text.slice(0, ECHO_MAX)}…` : text);

/** Refuses a query that says a name twice: which of them is meant would be anyone's guess. */
export const soundQuery: MiddlewareHandler = async (c, next) => {
  const twice = Object.entries(c.req.queries()).find(([, values]) => values.length > 1);
  if (twice) {
    const name = JSON.stringify(clipped(twice[0]));
    throw new Problem('invalid-request', `The query says ${name} twice.`);
  }
  await next();
};

const tooLarge = () => new Problem('too-large', `A request body may hold ${BODY_BYTES_MAX} bytes.`);

/** Counts bytes as they come, for which the server has to make a stream of the request. */
const counted = bodyLimit({
  maxSize: BODY_BYTES_MAX,
  onError: () => {
    throw tooLarge();
  },
});

/** Refuses bodies that are too large, not JSON, not UTF-8, nested beyond JSON_DEPTH_MAX, or with a key twice. */
export const soundBody: MiddlewareHandler[] = [
  async (c, next) => {
    // What a request says of its length, the server holds it to; one that says nothing at all has no body.
    const said = c.req.header('content-length');
    const isChunked = c.req.header('transfer-encoding') !== undefined;
    if (isChunked || (said === undefined && !isSafe(c.req.method))) return await counted(c, next);
    if (said !== undefined && Number(said) > BODY_BYTES_MAX) throw tooLarge();
    await next();
  },
  async (c, next) => {
    if (!isSafe(c.req.method)) checkBody(c, await c.req.arrayBuffer());
    await next();
  },
];

function checkBody(c: Context, body: ArrayBuffer): void {
  if (body.byteLength === 0) return;
  if (c.req.header('content-encoding') !== undefined) {
    throw new Problem('invalid-request', 'A body may not be compressed.');
  }
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new Problem('invalid-request', 'A body must be application/json.');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new Problem('invalid-request', 'The body is not UTF-8.', { cause });
  }
  const { depth, twice } = shapeOf(text, JSON_DEPTH_MAX);
  if (depth > JSON_DEPTH_MAX) {
    throw new Problem('invalid-request', `JSON may be nested ${JSON_DEPTH_MAX} deep.`);
  }
  if (twice !== null) {
    throw new Problem('invalid-request', `The body says ${JSON.stringify(clipped(twice))} twice.`);
  }
}

/**
 * What every request must pass before a route sees it: it comes from our own pages when a cookie
 * speaks for it, and its body is JSON of a bearable size and depth.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Problem } from '../sql/problem.ts';

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

/** Refuses bodies that are too large, not JSON, not UTF-8, or nested beyond JSON_DEPTH_MAX. */
export const soundBody: MiddlewareHandler[] = [
  bodyLimit({
    maxSize: BODY_BYTES_MAX,
    onError: () => {
      throw new Problem('too-large', `A request body may hold ${BODY_BYTES_MAX} bytes.`);
    },
  }),
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
  if (depthOf(text) > JSON_DEPTH_MAX) {
    throw new Problem('invalid-request', `JSON may be nested ${JSON_DEPTH_MAX} deep.`);
  }
}

/** How deep JSON is nested, without parsing it: brackets outside of strings. */
export function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const char = json.charCodeAt(i);
    if (inString) {
      if (char === BACKSLASH) i++;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) inString = true;
    else if (char === BRACKET || char === BRACE) deepest = Math.max(deepest, ++depth);
    else if (char === BRACKET_END || char === BRACE_END) depth--;
  }
  return deepest;
}

const QUOTE = 34;
const BACKSLASH = 92;
const BRACKET = 91;
const BRACKET_END = 93;
const BRACE = 123;
const BRACE_END = 125;

/** The API described: OpenAPI 3.1 from the routes' own schemas, and readable pages from it. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { KEY_DAYS, KEY_LENGTH_MAX } from '../sql/idempotency.ts';
import type { RouteEnv } from '../sql/route.ts';
import { PAGE_DEFAULT, PAGE_MAX } from '../sql/route.ts';
import { SESSION_COOKIE, SESSION_HOURS } from './auth.ts';
import { type ApiDescription, describeListFiles } from './list-files.ts';
import { BODY_BYTES_MAX, JSON_DEPTH_MAX } from './request.ts';
import { readAssets, serveAsset } from './static.ts';
import { ACCOUNT_TRIES_MAX, PEER_TRIES_MAX, WINDOW_MINUTES } from './throttle.ts';

const description = `
Prepaid energy metering, billing and analytics.

**Who asks.** A browser signs in with \`POST /session\` and carries a cookie for ${SESSION_HOURS} hours of use;
an integrator sends \`Authorization: Bearer wl_…\`. Each operation names its permission as \`x-permission\`.

**Values.** Ids are opaque strings. Instants are RFC 3339; local days \`YYYY-MM-DD\` in the project's zone.
Money is \`{ "amount": "12.34", "currency": "CNY" }\`. Quantities are integers with the unit in the name.
What is missing is \`null\`.

**Errors** are RFC 9457 problem details with a stable \`code\`, \`retryable\` and a \`traceId\`.

**Files.** Every list and every report takes \`?format=csv|xlsx|parquet|arrow|json\`, or the same by \`Accept\`: a file of all rows,
with rows, totals, zone, instant and a SHA-256 in it. \`POST …/exports\` makes long ones in the background.

**Limits.** A page holds ${PAGE_DEFAULT} rows, at most ${PAGE_MAX}. A body holds ${BODY_BYTES_MAX} bytes of JSON,
nested ${JSON_DEPTH_MAX} deep. Signing in: ${ACCOUNT_TRIES_MAX} failures per account and ${PEER_TRIES_MAX} per address in ${WINDOW_MINUTES} minutes.
\`Idempotency-Key\` holds 1 to ${KEY_LENGTH_MAX} characters; its answer is kept for ${KEY_DAYS} days.
`.trim();

/** The description of everything that is mounted so far. */
export function describeApi(app: OpenAPIHono<RouteEnv>) {
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'The cookie of POST /session.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, `wl_…`.',
  });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Wattledger', version: '1', description },
  });
  describeListFiles(document as ApiDescription); // As much of it as lists need.
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const operation of Object.values(item as Record<string, Operation>)) {
      operation.tags ??= [nounOf(path)];
      const permission = `Permission: \`${operation['x-permission']}\``;
      operation.description = [operation.description, permission].filter(Boolean).join('\n\n');
    }
  }
  return document;
}

interface Operation {
  tags?: string[];
  description?: string;
  'x-permission'?: string;
}

/** What a path is about: its first word after the project. */
const nounOf = (path: string): string =>
  /^\/api\/(?:v1\/)?(?:projects\/\{projectId\}\/)?([a-z-]+)/.exec(path)?.[1] ?? 'other';

/** Serves /api/openapi.json and /api/docs. Called after every route is mounted. */
export function mountDocs(app: OpenAPIHono<RouteEnv>): void {
  let text: string | undefined;
  app.get('/api/openapi.json', (c) => {
    text ??= JSON.stringify(describeApi(app));
    return c.body(text, 200, { 'content-type': 'application/json' });
  });
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const assets = readAssets(folder, { at: '/api/docs/', only: SWAGGER_FILES });
  app.get('/api/docs', (c) => c.html(page));
  app.get('/api/docs/start.js', (c) => c.body(start, 200, { 'content-type': 'text/javascript' }));
  app.get('/api/docs/:file', (c, next) => {
    const answer = serveAsset(c, assets, c.req.path);
    return answer ? Promise.resolve(answer) : next();
  });
}

const SWAGGER_FILES = /^(swagger-ui\.css|swagger-ui-bundle\.js|favicon-32x32\.png)$/;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wattledger API</title>
<link rel="icon" href="/api/docs/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#docs',
  docExpansion: 'list',
  tryItOutEnabled: false,
  validatorUrl: null,
});
`;

/** The methods that the routes take at a path; empty when there is none. */
export function methodsOf(app: OpenAPIHono<RouteEnv>, path: string): string[] {
  const methods = app.routes
    .filter((r) => r.method !== 'ALL' && patternOf(r.path).test(path))
    .map((r) => r.method);
  return [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].sort();
}

const patternOf = (route: string) =>
  new RegExp(
    `^${route.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/:[^/{]+(\{[^}]*\})?/g, '[^/]+')}$`,
  );

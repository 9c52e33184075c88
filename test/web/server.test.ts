/** The server itself: headers, bodies, pages, what a caller is told when a store is away. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Problem, problems } from '../../sql/problem.ts';
import { QuestdbError } from '../../sql/questdb.ts';
import { compose } from '../../web/compose.ts';
import { problemOf } from '../../web/failure.ts';
import { shapeOf } from '../../web/json-shape.ts';
import { BODY_BYTES_MAX, JSON_DEPTH_MAX } from '../../web/request.ts';
import { ADMIN, makeProject, openRig, type Rig } from './rig.ts';

let rig: Rig;
let project: { id: string; groupId: string };
beforeAll(async () => {
  rig = await openRig();
  project = await makeProject(rig.admin, 'Server Park');
});
afterAll(() => rig.close());

const buildings = () => `/api/v1/projects/${project.id}/buildings`;

describe('headers', () => {
  test.each(['/', '/api/docs', '/api/health', '/api/v1/projects', '/nothing/here'])(
    'of %s allow no foreign script, frame or sniffing',
    async (path) => {
      const { headers } = await rig.anyone('GET', path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/script-src 'self'(;|$)/);
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  test('of the API forbid keeping its answers', async () => {
    for (const path of ['/api/health', '/api/v1/projects', '/api/v1/none']) {
      expect((await rig.anyone('GET', path)).headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('a body', () => {
  const post = (text: string, headers = {}) => rig.admin('POST', buildings(), text, headers);

  test.each([
    ['cut off', '{"code":"A"', 400],
    ['an array', '[]', 400],
    ['null', 'null', 400],
    ['not UTF-8', '{"code":"\ud800"}', 400],
    ['nested a hundred thousand deep', '['.repeat(100_000) + ']'.repeat(100_000), 400],
    [
      'of a hundred thousand keys',
      `{${Array.from({ length: 90_000 }, (_, i) => `"${i}":1`).join()}}`,
      400,
    ],
    ['larger than is taken', `{"code":"${'x'.repeat(BODY_BYTES_MAX)}"}`, 413],
    ['with a null character', '{"code":"A","name":"a\\u0000b"}', 400],
  ])('%s is refused at once, as JSON without a stack', async (_, text, status) => {
    const start = performance.now();
    const answer = await post(text);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.text).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('that claims to be compressed is refused', async () => {
    expect((await post('{}', { 'content-encoding': 'gzip' })).status).toBe(400);
  });

  test('cannot reach a prototype', async () => {
    const text =
      '{"code":"PROTO","name":"x","__proto__":{"id":"1"},"constructor":{"prototype":{"a":1}}}';
    expect((await post(text)).status).toBe(201);
    expect(({} as Record<string, unknown>).id).toBeUndefined();
  });

  test('nested to the limit passes the count, one deeper does not', () => {
    const nested = (n: number) => `${'{"a":'.repeat(n)}"]}[{\\""${'}'.repeat(n)}`;
    const depthOf = (text: string) => shapeOf(text, 1000).depth;
    expect(depthOf(nested(JSON_DEPTH_MAX))).toBe(JSON_DEPTH_MAX);
    expect(depthOf('"[[[["')).toBe(0);
    expect(shapeOf(nested(1000), JSON_DEPTH_MAX).depth).toBe(JSON_DEPTH_MAX + 1);
  });

  test.each([
    ['{"a":1,"b":2,"a":3}', 'a'],
    ['{"amount":"1","\\u0061mount":"1000"}', 'amount'],
    ['{"x":[{"a":1},{"a":2,"a":{}}]}', 'a'],
    ['{"a":{"b":1},"c":"\\"","a":0}', 'a'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"a":"a","b":["a","a"],"c":{"a":"a"}}', null],
    ['["a","a",{"a":"a,\\"a\\":"}]', null],
  ])('%s: what is said twice is seen', (text, key) => {
    expect(shapeOf(text, JSON_DEPTH_MAX).twice).toBe(key);
  });

  test('with a key twice is refused and changes nothing', async () => {
    const answer = await post('{"code":"TWICE","name":"x","code":"OTHER"}');
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(answer.body.detail).toBe('The body says "code" twice.');
    expect((await rig.admin('GET', buildings())).text).not.toMatch(/TWICE|OTHER/);
  });

  test('of ten thousand parts is refused before they are counted', async () => {
    const part = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n';
    const type = { 'content-type': 'multipart/form-data; boundary=x' };
    const answer = await post(`${part.repeat(10_000)}--x--`, type);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });
});

test('a query that says a name twice is refused, also where nobody asks for it', async () => {
  for (const query of ['limit=1&limit=2', 'format=csv&format=json', 'q=a&%71=b', 'x=1&x=1']) {
    const answer = await rig.admin('GET', `${buildings()}?${query}`);
    expect([query, answer.status, answer.body?.code]).toEqual([query, 400, 'invalid-request']);
    expect(answer.body.detail).toMatch(/twice/);
  }
});

describe('over a socket', () => {
  let port: number;
  let server: ReturnType<typeof serve>;
  beforeAll(async () => {
    port = await new Promise<number>((resolve) => {
      server = serve({ fetch: rig.app.fetch, port: 0, hostname: '127.0.0.1' }, (i) =>
        resolve(i.port),
      );
    });
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
      socket.setTimeout(60_000, () => socket.destroy());
    });

  test('a chunked body without a length is cut off at the limit', async () => {
    const chunk = 'x'.repeat(100_000);
    const body = `${(100_000).toString(16)}\r\n${chunk}\r\n`.repeat(12);
    const answer = await raw(
      `POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${body}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413/);
  });

  test('a length and chunks at once are refused', async () => {
    const answer = await raw(
      'POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
  });

  test.each(['TRACE', 'CONNECT', 'PROPFIND', 'get'])('%s gets nothing', async (method) => {
    const answer = await raw(
      `${method} /api/v1/projects HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).not.toMatch(/^HTTP\/1\.1 2/);
  });

  test('a doubled slash and an absolute address are no way in', async () => {
    for (const path of [
      '//api/v1/projects',
      'http://evil.example/api/v1/projects',
      '/../api/v1/projects',
    ]) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
    }
  });

  test('guessing is counted by the socket’s address, whatever is forwarded', async () => {
    const { PEER_TRIES_MAX } = await import('../../web/throttle.ts');
    const tries = Array.from({ length: PEER_TRIES_MAX + 10 }, (_, i) =>
      fetch(`http://127.0.0.1:${port}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': `198.51.100.${i}` },
        body: JSON.stringify({ email: `socket${i}@test.local`, password: 'wrong password' }),
      }),
    );
    const statuses = (await Promise.all(tries)).map((t) => t.status);
    expect(statuses.filter((s) => s === 429)).toHaveLength(10);
  });
});

describe('pages', () => {
  const page = '<!doctype html><title>Wattledger</title>';
  const build = () => {
    const folder = join(rig.dataDir, 'dist');
    mkdirSync(join(folder, 'assets'), { recursive: true });
    writeFileSync(join(folder, 'index.html'), page);
    writeFileSync(join(folder, 'assets', 'app-1a2b.js'), `// ${'x'.repeat(2000)}`);
    writeFileSync(join(rig.dataDir, 'secret.json'), '{"secret":true}');
    return folder;
  };

  test('are the app for every address that is not the API’s', async () => {
    const web = composeWith(build());
    for (const path of ['/', '/projects/1/meters', '/sign-in?next=/']) {
      const response = await web.app.request(path);
      expect(await response.text()).toBe(page);
      expect(response.headers.get('cache-control')).toBe('no-cache');
    }
    const script = await web.app.request('/assets/app-1a2b.js', {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(script.headers.get('content-encoding')).toBe('gzip');
    expect(script.headers.get('cache-control')).toMatch(/immutable/);
    const etag = script.headers.get('etag') ?? '';
    const again = await web.app.request('/assets/app-1a2b.js', {
      headers: { 'if-none-match': etag },
    });
    expect(again.status).toBe(304);
    await web.close();
  });

  test('come from no other folder, and a missing script is not the page', async () => {
    const web = composeWith(build());
    for (const path of [
      '/../secret.json',
      '/..%2fsecret.json',
      '/%2e%2e/secret.json',
      '/assets/none.js',
    ]) {
      const response = await web.app.request(path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.text()).not.toMatch(/secret":|doctype/);
    }
    expect((await web.app.request('/', { method: 'POST' })).status).toBe(405);
    await web.close();
  });
});

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
function composeWith(appFolder: string, url?: string) {
  return compose({
    databaseUrlOf: (room) => url ?? rig.urls[room],
    questdbUrl: 'http://127.0.0.1:9',
    dataDir: rig.dataDir,
    sessionSecret: 'a secret for tests that is long enough',
    clock: () => rig.clock.now,
    log: quiet,
    appFolder,
  });
}

describe('a store that is away', () => {
  test('is told as 503 with a time to try again, not as a failure of ours', async () => {
    const web = composeWith('/nowhere', 'postgres://nobody:x@127.0.0.1:9/none');
    const response = await web.app.request('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ADMIN),
    });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ code: 'store-unavailable', retryable: true });
    const health = await web.app.request('/api/health');
    expect(health.status).toBe(503);
    await web.close();
  });

  test.each([
    ['QuestDB down', new QuestdbError('unreachable', 'x'), 'store-unavailable'],
    ['a table suspended', new QuestdbError('suspended', 'x'), 'data-suspended'],
    ['a refused question', new QuestdbError('refused', 'SELECT secret', 400), 'internal'],
    ['a deadlock', Object.assign(new Error('x'), { code: '40P01' }), 'store-unavailable'],
    [
      'a statement that took too long',
      Object.assign(new Error('x'), { code: '57014' }),
      'timed-out',
    ],
    ['a foreign id', Object.assign(new Error('x'), { code: '23503' }), 'not-found'],
    ['anything else', new TypeError('x is not a function'), 'internal'],
    ['a cause within', new Error('x', { cause: new Problem('overlap', 'y') }), 'overlap'],
  ] as const)('%s becomes %s', (_, error, code) => {
    const problem = problemOf(error);
    expect(problem.code).toBe(code);
    expect(problem.detail).not.toMatch(/SELECT|function/);
    expect(problems[problem.code].status).toBeGreaterThanOrEqual(400);
  });
});

/**
 * Who may ask what, for every route that the API describes: nobody in particular, each role, and
 * people of another project. A route that is added is judged by these tests without a line here.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permissions, standardRoles } from '../../sql/permission.ts';
import { accessOfKey } from '../../web/access.ts';
import { hashOfKey } from '../../web/auth.ts';
import { describeApi } from '../../web/openapi.ts';
import { furnish } from './furnish.ts';
import { type Answer, type Ask, makeProject, openRig, type Rig, signInAs } from './rig.ts';

interface Route {
  method: string;
  path: string;
  permission: string;
}

const NOWHERE = '999999999999';
let rig: Rig;
let routes: Route[];
let ours: { id: string; groupId: string };
let theirs: { id: string; groupId: string };
let ourIds: Record<string, string>;
let theirIds: Record<string, string>;
let ourAdmin: Ask;

beforeAll(async () => {
  rig = await openRig();
  const document = describeApi(rig.app);
  routes = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Record<string, string>>).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      permission: operation['x-permission'] ?? '',
    })),
  );
  ours = await makeProject(rig.admin, 'Ours');
  theirs = await makeProject(rig.admin, 'Theirs');
  ourIds = await furnish(rig, ours.id, 'OURS');
  theirIds = await furnish(rig, theirs.id, 'THEIRS');
  ourAdmin = await signInAs(rig, 'administrator', { projectId: ours.id });
});
afterAll(() => rig.close());

const fill = (path: string, { project, id }: { project: string; id: string }) =>
  path.replace('{projectId}', project).replace(/\{\w+\}/g, id);
const bodyFor = ({ method }: Route) => (/POST|PATCH|PUT/.test(method) ? {} : undefined);
const key = () => ({ 'idempotency-key': `test-${Math.random()}` });
const query = '?from=2026-11-01&to=2026-11-02';
const instants = '?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z';
/** Asks with whatever range the route wants: local days or instants. */
async function ask(who: Ask, route: Route, path: string): Promise<Answer> {
  if (route.method !== 'GET') return await who(route.method, path, bodyFor(route), key());
  const answer = await who('GET', path + query);
  return answer.status === 400 ? await who('GET', path + instants) : answer;
}
/** All of an answer but what differs from request to request. */
const plain = ({ status, body, headers }: Answer) => ({
  status,
  body: body && { ...body, traceId: '' },
  type: headers.get('content-type'),
});
const inProject = () => routes.filter((r) => r.path.includes('{projectId}'));

describe('the API’s description', () => {
  test('names a known permission for every route', () => {
    const known = [...permissions, 'open', 'signed-in'] as string[];
    expect(routes.length).toBeGreaterThan(25);
    expect(routes.filter((r) => !known.includes(r.permission))).toEqual([]);
  });

  test('leaves only health and signing in open to anyone', () => {
    const open = routes.filter((r) => r.permission === 'open').map((r) => `${r.method} ${r.path}`);
    expect(open.sort()).toEqual(['GET /api/health', 'POST /api/v1/session']);
  });

  test('describes every route there is', () => {
    const described = new Set(routes.map((r) => `${r.method} ${r.path}`));
    const mounted = rig.app.routes
      .filter((r) => r.path.startsWith('/api/v1/') && r.method !== 'ALL')
      .map((r) => `${r.method} ${r.path.replace(/:(\w+)/g, '{$1}')}`);
    expect([...new Set(mounted)].filter((r) => !described.has(r))).toEqual([]);
  });

  test('lets nobody reach a route outside a project without a reason', () => {
    const outside = routes.filter((r) => !r.path.includes('{projectId}')).map((r) => r.path);
    for (const path of outside) {
      expect(path).toMatch(
        /^\/api\/(health|v1\/(session|projects|groups|users|roles|grants|audit|models))/,
      );
    }
  });

  test('is served with the addresses of its docs, which load nothing from elsewhere', async () => {
    const { body, status } = await rig.anyone('GET', '/api/openapi.json');
    expect(status).toBe(200);
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.components.securitySchemes).sort()).toEqual(['apiKey', 'session']);
    expect(body.info.description).toMatch(/1000000 bytes/);
    const docs = await rig.anyone('GET', '/api/docs');
    expect(docs.status).toBe(200);
    expect(docs.text).not.toMatch(/https?:|<script>|style=/);
    for (const path of docs.text.match(/\/api\/docs\/[\w.-]+/g) ?? []) {
      expect((await rig.anyone('GET', path)).status).toBe(200);
    }
  });
});

describe('nobody', () => {
  test('gets 401 from every route that is not open', async () => {
    for (const route of routes.filter((r) => r.permission !== 'open')) {
      const answer = await ask(rig.anyone, route, fill(route.path, { project: ours.id, id: '1' }));
      expect([route, answer.status, answer.body?.code]).toEqual([route, 401, 'unauthenticated']);
    }
  });

  test('gets the same from an invented key, a short one, and another scheme', async () => {
    for (const authorization of [`Bearer wl_${'A'.repeat(43)}`, 'Bearer wl_x', 'Basic YTpi', '']) {
      const answer = await rig.anyone('GET', '/api/v1/projects', undefined, { authorization });
      expect(answer.status).toBe(401);
    }
  });
});

describe('roles × routes', () => {
  test.each(standardRoles.map((r) => [r.code, r] as const))(
    '%s gets exactly what its permissions allow',
    async (code, role) => {
      const who = await signInAs(rig, code, { projectId: ours.id });
      for (const route of routes.filter((r) => r.path !== '/api/v1/session')) {
        const path = fill(route.path, { project: ours.id, id: NOWHERE });
        // The project itself is changed by no test: an empty body changes nothing.
        const { status } = await ask(who, route, path);
        const free = route.permission === 'open' || route.permission === 'signed-in';
        const here = route.path.includes('{projectId}');
        const may =
          free || (here && (role.permissions as readonly string[]).includes(route.permission));
        if (may) expect([route, status]).not.toEqual([route, 403]);
        else expect([route, status]).toEqual([route, 403]);
        expect([route, status >= 500 && status !== 503]).toEqual([route, false]);
      }
    },
    60_000,
  );

  test('a user without a grant sees nothing at all', async () => {
    const who = { email: 'nothing@test.local', password: 'nothing at all here' };
    await rig.admin('POST', '/api/v1/users', { name: 'Nothing', ...who });
    const nothing = await rig.signIn(who);
    expect((await nothing('GET', '/api/v1/projects')).body.data).toEqual([]);
    expect((await nothing('GET', '/api/v1/groups')).body.data).toEqual([]);
    for (const route of inProject()) {
      const { status } = await ask(nothing, route, fill(route.path, { project: ours.id, id: '1' }));
      expect([route, status]).toEqual([route, 404]);
    }
  });

  test('a grant taken away is gone with the next request', async () => {
    const who = { email: 'brief@test.local', password: 'a brief appearance' };
    const user = await rig.admin('POST', '/api/v1/users', { name: 'Brief', ...who });
    const path = `/api/v1/projects/${ours.id}/grants`;
    const grant = await ourAdmin('POST', path, { userId: user.body.id, role: 'analyst' });
    expect(grant.status).toBe(201);
    const brief = await rig.signIn(who);
    expect((await brief('GET', `/api/v1/projects/${ours.id}`)).status).toBe(200);
    expect((await ourAdmin('DELETE', `${path}/${grant.body.id}`)).status).toBe(204);
    expect((await brief('GET', `/api/v1/projects/${ours.id}`)).status).toBe(404);
  });

  test('a grant over a group covers its projects and no other', async () => {
    const who = await signInAs(rig, 'analyst', { groupId: ours.groupId });
    expect((await who('GET', `/api/v1/projects/${ours.id}`)).status).toBe(200);
    expect((await who('GET', `/api/v1/projects/${theirs.id}`)).status).toBe(404);
  });

  test('nobody gives a role that holds more than their own', async () => {
    const project = await makeProject(rig.admin, 'Escalation');
    const { rooms } = rig;
    const { roles } = await import('../../sql/schema/index.ts');
    const permissionsOfKeeper = ['project.read', 'user.write', 'key.write'];
    const keeper = { code: 'keeper', name: 'Keeper', permissions: permissionsOfKeeper };
    await rooms.web.db.insert(roles).values(keeper);
    const who = await signInAs(rig, 'keeper', { projectId: project.id });
    const self = (await who('GET', '/api/v1/session')).body.user.id;
    const give = (role: string) =>
      who('POST', `/api/v1/projects/${project.id}/grants`, { userId: self, role });
    expect((await give('administrator')).status).toBe(403);
    expect((await give('cashier')).status).toBe(403);
    const makeKey = (role: string) =>
      who('POST', `/api/v1/projects/${project.id}/keys`, { name: 'k', role });
    expect((await makeKey('finance')).status).toBe(403);
    expect((await makeKey('keeper')).status).toBe(201);
  });

  test('a body cannot smuggle in a role, a project or an owner', async () => {
    const answer = await rig.admin('POST', '/api/v1/users', {
      name: 'Mallory',
      email: 'mallory@test.local',
      password: 'mass assignment',
      role: 'administrator',
      grants: [{ role: 'administrator' }],
    });
    expect(answer.status).toBe(400);
    const grant = await ourAdmin('POST', `/api/v1/projects/${ours.id}/grants`, {
      userId: 'x',
      role: 'analyst',
      projectId: theirs.id,
    });
    expect(grant.status).toBe(400);
  });

  test('the last administrator everywhere cannot be taken away', async () => {
    const users = await rig.admin('GET', '/api/v1/users');
    const all = users.body.data
      .flatMap(
        (u: { grants: { id: string; roleCode: string; groupId: null; projectId: null }[] }) =>
          u.grants,
      )
      .filter(
        (g: { roleCode: string; groupId: null; projectId: null }) =>
          g.roleCode === 'administrator' && !g.groupId && !g.projectId,
      );
    expect(all).toHaveLength(1);
    const answer = await rig.admin('DELETE', `/api/v1/grants/${all[0].id}`);
    expect(answer.body.code).toBe('conflict');
  });
});

describe('another project’s ids', () => {
  test('in the path of every route answer exactly like a project that does not exist', async () => {
    for (const route of inProject()) {
      const real = await ask(ourAdmin, route, fill(route.path, { project: theirs.id, id: '1' }));
      const none = await ask(ourAdmin, route, fill(route.path, { project: NOWHERE, id: '1' }));
      expect([route, plain(real)]).toEqual([route, plain(none)]);
      expect(real.status).toBe(404);
    }
  });

  test('within our project answer exactly like an id that does not exist', async () => {
    const below = inProject().filter((r) => /\{(?!projectId)/.test(r.path));
    expect(below.length).toBeGreaterThan(1);
    for (const route of below) {
      const none = await ask(ourAdmin, route, fill(route.path, { project: ours.id, id: NOWHERE }));
      for (const id of new Set(Object.values(theirIds))) {
        const real = await ask(ourAdmin, route, fill(route.path, { project: ours.id, id }));
        expect([route, id, plain(real)]).toEqual([route, id, plain(none)]);
      }
    }
  });

  test('in a query answer like ids that do not exist, and bring no byte of the other project', async () => {
    const filters = [
      'buildingId',
      'accountId',
      'pointId',
      'meterId',
      'cursor',
      'tariffId',
      'actorId',
    ];
    for (const route of inProject().filter((r) => r.method === 'GET')) {
      const path = fill(route.path, { project: ours.id, id: NOWHERE });
      for (const name of filters) {
        const table = `${name.replace(/Id$/, '')}s`;
        const id = theirIds[table] ?? theirIds.alarms ?? '1';
        const real = await ourAdmin('GET', `${path}${query}&${name}=${id}`);
        expect([route, name, real.text.includes('THEIRS')]).toEqual([route, name, false]);
      }
    }
  });

  test('in a body answer exactly like ids that do not exist', async () => {
    const from = '2026-11-01T00:00:00+08:00';
    const { points, accounts } = ourIds;
    const bodies: [string, string, (id: string | undefined) => object][] = [
      ['accounts', 'points', (id) => ({ name: 'x', openedOn: '2026-11-01', pointIds: [id] })],
      ['tenancies', 'accounts', (id) => ({ accountId: id, pointId: points, from })],
      ['tenancies', 'points', (id) => ({ accountId: accounts, pointId: id, from })],
      ['tariff-assignments', 'tariffs', (id) => ({ tariffId: id, from: '2026-11-01' })],
      ['gateways', 'buildings', (id) => ({ name: 'x', buildingId: id })],
      ['meters', 'buses', (id) => ({ serial: 'x1', model: 'DTSY1352', busId: id, unit: 9 })],
      ...['buildingId', 'floorId', 'parentId'].map((name): (typeof bodies)[number] => [
        'points',
        { buildingId: 'buildings', floorId: 'floors', parentId: 'points' }[name] ?? '',
        (id) => ({ code: 'X', name: 'x', commodity: 'electricity', [name]: id }),
      ]),
      ['installations', 'points', (id) => ({ pointId: id, meterId: ourIds.meters, from })],
      ['installations', 'meters', (id) => ({ pointId: points, meterId: id, from })],
    ];
    for (const [noun, table, body] of bodies) {
      const path = `/api/v1/projects/${ours.id}/${noun}`;
      if (!routes.some((r) => r.method === 'POST' && r.path.endsWith(`}/${noun}`))) continue;
      const real = await ourAdmin('POST', path, body(theirIds[table]));
      const none = await ourAdmin('POST', path, body(NOWHERE));
      expect([noun, table, plain(real)]).toEqual([noun, table, plain(none)]);
      expect([noun, table, real.status, real.text]).toEqual([noun, table, 404, real.text]);
    }
  });

  test('appear in no list of ours', async () => {
    for (const route of inProject().filter((r) => r.method === 'GET')) {
      const { text } = await ask(
        ourAdmin,
        route,
        fill(route.path, { project: ours.id, id: ourIds.accounts ?? '' }),
      );
      expect([route, text.includes('THEIRS')]).toEqual([route, false]);
    }
    const outside = routes.filter((r) => r.method === 'GET' && !r.path.includes('{'));
    for (const route of outside) {
      const { text } = await ourAdmin('GET', route.path);
      expect([route, /THEIRS|Theirs/.test(text)]).toEqual([route, false]);
    }
  });

  test('an id that no column can hold is an id that does not exist', async () => {
    for (const id of [
      '0',
      '-1',
      'x',
      '1e3',
      '9999999999999999999',
      '18446744073709551616',
      '%00',
    ]) {
      for (const route of inProject()) {
        const { status } = await ask(ourAdmin, route, fill(route.path, { project: id, id: '1' }));
        expect([route, id, status]).toEqual([route, id, 404]);
        if (!/\{(?!projectId)/.test(route.path)) continue;
        const below = await ask(ourAdmin, route, fill(route.path, { project: ours.id, id }));
        expect([route, id, below.status]).toEqual([route, id, 404]);
      }
    }
  });
});

describe('other spellings of an address', () => {
  test.each([
    ['HEAD', '/api/v1/projects', [401]],
    ['HEAD', '/api/v1/projects/1/buildings', [401]],
    ['OPTIONS', '/api/v1/projects', [405]],
    ['TRACE', '/api/v1/projects', [404, 405]],
    ['GET', '//api/v1/projects', [404]],
    ['GET', '/api//v1/projects', [401, 404]],
    ['GET', '/api/v1//projects', [401, 404]],
    ['GET', '/api/v1/projects/', [401, 404]],
    ['GET', '/api/v1/projects%2F1', [401, 404]],
    ['GET', '/API/V1/projects', [404]],
    ['GET', '/%61pi/v1/projects', [401, 404]],
    ['GET', '/api/v1/./projects', [401]],
    ['GET', '/api/v1/x/../projects', [401]],
    ['GET', '/api/v1/%2e%2e/v1/projects', [401, 404]],
    ['GET', '/api/v1/projects;x=1', [401, 404]],
    ['GET', '/api/v1/projects%00', [401, 404]],
    ['DELETE', '/api/v1/projects', [405]],
  ])('%s %s is no way in', async (method, path, statuses) => {
    if (method === 'TRACE') return; // Request forbids it; node's parser is asked in server.test.ts
    const answer = await rig.anyone(method, path);
    expect(statuses).toContain(answer.status);
    if (method !== 'HEAD') expect(answer.headers.get('content-type')).toMatch(/problem\+json/);
  });

  test('an overridden method is not believed', async () => {
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' };
    const answer = await rig.admin('POST', '/api/v1/groups', { name: 'Kept' }, headers);
    expect(answer.status).toBe(201);
  });

  test('with a trailing slash or a doubled one is not there for administrators either', async () => {
    expect((await rig.admin('GET', '/api/v1/projects/')).status).toBe(404);
    expect((await rig.admin('GET', '//api/v1/projects')).status).toBe(404);
    expect((await rig.admin('GET', `/api/v1/projects/${ours.id}%2Fbuildings`)).status).toBe(404);
  });
});

describe('as it was known at a position', () => {
  test('is taken by the routes that say so, and refused by all others', async () => {
    const asked = await Promise.all(
      ['accounts', `accounts/${ourIds.accounts}/balance`, 'buildings', 'reports/finance'].map(
        async (what) => {
          const path = `/api/v1/projects/${ours.id}/${what}?from=2026-01-01&to=2026-01-02&asKnownAt=7`;
          return [what.split('/').at(-1), (await ourAdmin('GET', path)).body.code];
        },
      ),
    );
    // Nothing is sealed here yet.
    expect(asked).toEqual([
      ['accounts', 'not-known-then'],
      ['balance', 'not-found'],
      ['buildings', 'not-known-then'],
      ['finance', 'not-found'],
    ]);
  });
});

describe('an API key', () => {
  test('acts with its role in its project, and its hash alone is kept', async () => {
    const path = `/api/v1/projects/${ours.id}/keys`;
    const made = await ourAdmin('POST', path, { name: 'Exporter', role: 'analyst' });
    expect(made.body.key).toMatch(/^wl_[\w-]{43}$/);
    const ask = rig.withKey(made.body.key);
    expect((await ask('GET', `/api/v1/projects/${ours.id}/buildings`)).status).toBe(200);
    expect((await ask('GET', `/api/v1/projects/${theirs.id}/buildings`)).status).toBe(404);
    expect((await ask('POST', path, { name: 'Another', role: 'analyst' })).status).toBe(403);
    const { body } = await ask('GET', '/api/v1/session');
    expect(body.projects.map((p: { id: string }) => p.id)).toEqual([ours.id]);
    const listed = await ourAdmin('GET', path);
    expect(listed.text).not.toContain(made.body.key);
    expect(listed.body.data.at(-1)).toMatchObject({ name: 'Exporter', role: 'analyst' });
    expect(listed.body.data.at(-1).lastUsedAt).not.toBeNull();
  });

  test('acts for the person who made it, also one that was made by a key', async () => {
    const path = `/api/v1/projects/${ours.id}/keys`;
    const wanted = { name: 'Maker', role: 'administrator' };
    const made = await ourAdmin('POST', path, wanted);
    const byKey = await rig.withKey(made.body.key)('POST', path, { ...wanted, role: 'analyst' });
    const { user } = (await ourAdmin('GET', '/api/v1/session')).body;
    for (const { key } of [made.body, byKey.body]) {
      const access = await accessOfKey(rig.db, {
        ...{ hash: hashOfKey(key), projectId: ours.id, now: rig.clock.now },
      });
      expect(access?.actor).toMatchObject({ kind: 'key', person: user.id });
    }
  });

  test('needs no Origin, since no page can send it', async () => {
    const path = `/api/v1/projects/${ours.id}/keys`;
    const made = await ourAdmin('POST', path, { name: 'Setter-up', role: 'administrator' });
    const headers = { origin: 'https://integrator.example' };
    const building = { code: 'K', name: 'By key' };
    const answer = await rig.withKey(made.body.key)(
      'POST',
      `/api/v1/projects/${ours.id}/buildings`,
      building,
      headers,
    );
    expect(answer.status).toBe(201);
  });

  test('ends when it is revoked, and when its time is over', async () => {
    const path = `/api/v1/projects/${ours.id}/keys`;
    const expiresAt = new Date(rig.clock.now.getTime() + 60_000).toISOString();
    const made = await ourAdmin('POST', path, { name: 'Short', role: 'analyst', expiresAt });
    const ask = rig.withKey(made.body.key);
    expect((await ask('GET', '/api/v1/projects')).status).toBe(200);
    const before = rig.clock.now;
    rig.clock.now = new Date(before.getTime() + 61_000);
    expect((await ask('GET', '/api/v1/projects')).status).toBe(401);
    rig.clock.now = before;
    expect((await ourAdmin('DELETE', `${path}/${made.body.id}`)).status).toBe(204);
    expect((await ask('GET', '/api/v1/projects')).status).toBe(401);
    expect((await ourAdmin('DELETE', `${path}/${made.body.id}`)).status).toBe(404);
  });
});

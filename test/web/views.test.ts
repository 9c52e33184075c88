/** Saved views: whose they are, who sees them, where they may lead, and how many there may be. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { roles } from '../../sql/schema/index.ts';
import { pageLinks } from '../../web/app/shell/pages.ts';
import { type Ask, makeProject, openRig, type Rig, signInAs } from './rig.ts';

let rig: Rig;
let projectId: string;
let views: string;
let manager: Ask;
let analyst: Ask;

beforeAll(async () => {
  rig = await openRig();
  ({ id: projectId } = await makeProject(rig.admin, 'Views'));
  views = `/api/v1/projects/${projectId}/views`;
  manager = await signInAs(rig, 'energy-manager', { projectId });
  analyst = await signInAs(rig, 'analyst', { projectId });
});
afterAll(() => rig.close());

let names = 0;
const save = (who: Ask, more: object = {}) =>
  who('POST', views, { name: `View ${++names}`, path: '/energy?by=floor', ...more });
const namesSeenBy = async (who: Ask): Promise<string[]> =>
  (await who('GET', views)).body.data.map((view: { name: string }) => view.name);
const actions = async () => {
  const { body } = await rig.admin('GET', `/api/v1/projects/${projectId}/audit`);
  return body.data
    .map(({ action }: { action: string }) => action)
    .filter((action: string) => action.startsWith('view.'));
};

describe('a view', () => {
  test('is its owner’s alone until it is shared; what others see is in the system log', async () => {
    const { status, body } = await save(manager, { name: ' 夜间负荷 ', path: '/load?day=1' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: '夜间负荷', path: '/load?day=1', isMine: true });
    expect(await namesSeenBy(manager)).toContain('夜间负荷');
    expect(await namesSeenBy(analyst)).not.toContain('夜间负荷');
    const own = `${views}/${body.id}`;
    expect(await actions()).toEqual([]);

    expect((await manager('PATCH', own, { isShared: true })).body.isShared).toBe(true);
    const seen = (await analyst('GET', views)).body.data;
    expect(seen).toMatchObject([{ id: body.id, isMine: false, isShared: true }]);
    expect((await analyst('PATCH', own, { name: 'Mine' })).status).toBe(403);
    expect((await analyst('DELETE', own)).status).toBe(403);

    await manager('PATCH', own, { isShared: false });
    expect(await namesSeenBy(analyst)).not.toContain('夜间负荷');
    expect((await manager('DELETE', own)).status).toBe(204);
    expect((await manager('DELETE', own)).status).toBe(404);
    expect(await actions()).toEqual(['view.unshared', 'view.shared']);
  });

  test('that is another’s and private answers like one that does not exist', async () => {
    const { body } = await save(manager);
    const plain = async (id: string, method: string, change?: object) => {
      const answer = await analyst(method, `${views}/${id}`, change);
      return { status: answer.status, ...answer.body, traceId: '' };
    };
    for (const [method, change] of [['PATCH', { name: 'x' }], ['DELETE']] as const) {
      const nowhere = await plain('999999999', method, change);
      expect(nowhere.status).toBe(404);
      expect(await plain(body.id, method, change)).toEqual(nowhere);
    }
  });

  test('has a name of its own among one’s views, of 1 to 80 characters', async () => {
    await save(manager, { name: 'Twice' });
    expect((await save(manager, { name: 'Twice' })).body).toMatchObject({ code: 'conflict' });
    expect((await save(analyst, { name: 'Twice' })).status).toBe(201);
    const other = await save(manager);
    const renamed = await manager('PATCH', `${views}/${other.body.id}`, { name: 'Twice' });
    expect(renamed.status).toBe(409);
    expect((await save(manager, { name: '  ' })).status).toBe(400);
    expect((await save(manager, { name: '字'.repeat(80) })).status).toBe(201);
    expect((await save(manager, { name: '字'.repeat(81) })).status).toBe(400);
    expect((await manager('PATCH', `${views}/${other.body.id}`, {})).status).toBe(400);
  });
});

describe('a path', () => {
  test.each([
    'https://evil.example/',
    '//evil.example/energy',
    '/\\evil.example',
    '/energy/../accounts',
    '/energy#x',
    '/energy?a=\\',
    '/energy?a= b',
    '/energy?a=\u0000',
    '/nothing',
    '/sign-in',
    '/meters/x',
    'energy',
    '',
    `/energy?q=${'x'.repeat(2000)}`,
  ])('is refused: %s', async (path) => {
    const answer = await save(manager, { path });
    expect(answer.body).toMatchObject({ status: 400, code: 'invalid-request' });
  });

  test('leads to every page that the app has', async () => {
    const below = pageLinks.map(({ to }) => to.replace('/projects/$projectId', '') || '/');
    for (const path of [
      ...below,
      '/meters/42',
      '/accounts/7?tab=sales',
      '/buildings/3',
      '/explain/9',
      '/tariffs/published',
    ]) {
      const { status, body } = await save(analyst, { path });
      expect([path, status]).toEqual([path, 201]);
      await analyst('DELETE', `${views}/${body.id}`);
    }
  });
});

describe('permission', () => {
  test('reading the project is enough to save, sharing needs the reports; a key keeps none', async () => {
    const owner = await rig.admin('GET', views);
    expect(owner.status).toBe(200);
    const stranger = await signInAs(rig, 'analyst', {
      projectId: (await makeProject(rig.admin, 'Elsewhere')).id,
    });
    expect((await stranger('GET', views)).status).toBe(404);
    const made = await rig.admin('POST', `/api/v1/projects/${projectId}/keys`, {
      name: 'Robot',
      role: 'analyst',
    });
    const robot = rig.withKey(made.body.key);
    const shared = await save(manager, { isShared: true });
    expect(await namesSeenBy(robot)).toEqual([shared.body.name]);
    expect((await save(robot)).body).toMatchObject({ code: 'forbidden' });
    expect((await robot('DELETE', `${views}/${shared.body.id}`)).status).toBe(403);
  });

  test('who may not read reports keeps views but shares none', async () => {
    const visitor = { code: 'visitor', name: 'Visitor', permissions: ['project.read'] };
    await rig.rooms.web.db.insert(roles).values(visitor);
    const guest = await signInAs(rig, 'visitor', { projectId });
    expect((await save(guest, { isShared: true })).body).toMatchObject({ code: 'forbidden' });
    const { status, body } = await save(guest, { path: '/' });
    expect(status).toBe(201);
    expect((await guest('PATCH', `${views}/${body.id}`, { isShared: true })).status).toBe(403);
    expect((await guest('PATCH', `${views}/${body.id}`, { name: 'Start' })).status).toBe(200);
  });
});

test('a person keeps a hundred in a project, also when many are saved at once', async () => {
  const hoarder = await signInAs(rig, 'finance', { projectId });
  const answers = await Promise.all(
    Array.from({ length: 104 }, (_, index) => save(hoarder, { name: `Hoard ${index}` })),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(100);
  expect(answers.filter(({ body }) => body.code === 'conflict')).toHaveLength(4);
  const first = await hoarder('GET', `${views}?limit=60`);
  const second = await hoarder('GET', `${views}?limit=60&cursor=${first.body.nextCursor}`);
  const own = [...first.body.data, ...second.body.data].filter(({ isMine }) => isMine);
  expect(new Set(own.map(({ id }) => id)).size).toBe(100);
  expect(second.body.nextCursor).toBeNull();
});

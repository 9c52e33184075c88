/** Groups, legal entities, projects, buildings and floors through the API, and what they refuse. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeProject, openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

describe('a group', () => {
  test('comes with a legal entity of its name, or the one described', async () => {
    const plain = await rig.admin('POST', '/api/v1/groups', {
      name: 'Sunrise',
      nameZh: '朝阳集团',
    });
    expect(plain.status).toBe(201);
    const path = `/api/v1/groups/${plain.body.id}/legal-entities`;
    const listed = await rig.admin('GET', path);
    expect(listed.body.data).toMatchObject([{ name: 'Sunrise', taxPoint: 'settlement' }]);
    const legalEntity = { name: 'Energy Ltd', taxId: '91320500X', taxPoint: 'invoice' };
    const described = await rig.admin('POST', '/api/v1/groups', { name: 'G2', legalEntity });
    const second = await rig.admin('GET', `/api/v1/groups/${described.body.id}/legal-entities`);
    expect(second.body.data).toMatchObject([legalEntity]);
    const another = await rig.admin('POST', path, { name: 'Second entity' });
    expect(another.status).toBe(201);
  });

  test('that does not exist has no legal entities', async () => {
    const path = '/api/v1/groups/999999/legal-entities';
    expect((await rig.admin('GET', path)).status).toBe(404);
    expect((await rig.admin('POST', path, { name: 'x' })).status).toBe(404);
  });
});

describe('a project', () => {
  const make = async (more: object) => {
    const { body } = await rig.admin('POST', '/api/v1/groups', { name: 'For projects' });
    const fields = { groupId: body.id, name: 'P', zone: 'Asia/Shanghai', currency: 'CNY' };
    return await rig.admin('POST', '/api/v1/projects', { ...fields, ...more });
  };

  test('has a zone, a currency, its group’s legal entity and two alarm thresholds', async () => {
    const { status, body } = await make({ nameZh: '项目', language: 'zh' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ zone: 'Asia/Shanghai', currency: 'CNY', language: 'zh' });
    expect(body.alarm1).toEqual({ amount: '300.00', currency: 'CNY' });
    expect(body.legalEntityId).toMatch(/^\d+$/);
  });

  test('knows currencies without minor units', async () => {
    const alarm1 = { amount: '5000', currency: 'JPY' };
    const { body } = await make({ currency: 'JPY', zone: 'Asia/Tokyo', alarm1 });
    expect(body.alarm1).toEqual(alarm1);
  });

  test.each([
    ['an unknown zone', { zone: 'Asia/Atlantis' }, 400],
    ['an offset for a zone', { zone: '+08:00' }, 400],
    ['a currency of two letters', { currency: 'CN' }, 400],
    ['an alarm in another currency', { alarm1: { amount: '1.00', currency: 'EUR' } }, 422],
    ['an alarm with three decimals', { alarm1: { amount: '1.005', currency: 'CNY' } }, 422],
    ['an empty name', { name: '  ' }, 400],
    ['a group that does not exist', { groupId: '999999' }, 404],
    ['another group’s legal entity', { legalEntityId: '999999' }, 404],
  ])('is refused with %s', async (_, more, status) => {
    const answer = await make(more);
    expect(answer.status).toBe(status);
    expect(answer.body.detail).not.toBe('');
  });

  test('changes its defaults, which the system log tells from → to', async () => {
    const { id } = await makeProject(rig.admin, 'Changing');
    const path = `/api/v1/projects/${id}`;
    const alarm2 = { amount: '50.00', currency: 'CNY' };
    const quality = { estimateAfterDays: 5 };
    const changed = await rig.admin('PATCH', path, { alarm2, pollSeconds: 30, quality });
    expect(changed.body).toMatchObject({ alarm2, pollSeconds: 30, quality });
    // What is not said stays as it is by default.
    expect(changed.body.quality.approvalAboveMinor).toBe(5_000);
    const wrong = await rig.admin('PATCH', path, { quality: { lossShare: 2 } });
    expect([wrong.status, wrong.body.code]).toEqual([400, 'invalid-request']);
    expect((await rig.admin('PATCH', path, { zone: 'Europe/Berlin' })).status).toBe(400);
    const { body } = await rig.admin('GET', `${path}/audit`);
    expect(body.data.map((l: { action: string }) => l.action)).toEqual([
      'project.changed',
      'project.created',
    ]);
    expect(body.data[0].detail).toMatchObject({
      from: { pollSeconds: 60 },
      to: { pollSeconds: 30 },
    });
    expect(body.data[0].actor).toMatchObject({ kind: 'user', name: 'Administrator' });
    expect(body.data[0].traceId).toBe(changed.headers.get('x-trace-id'));
  });
});

describe('a building', () => {
  test('is listed with its floors from below', async () => {
    const { id } = await makeProject(rig.admin, 'Storeys');
    const path = `/api/v1/projects/${id}/buildings`;
    const floors = [
      { level: 2, name: '2F' },
      { level: 1, name: '1F' },
    ];
    const made = await rig.admin('POST', path, { code: 'A', name: 'Building A', floors });
    expect(made.status).toBe(201);
    const added = await rig.admin('POST', `${path}/${made.body.id}/floors`, {
      level: -1,
      name: 'B1',
    });
    expect(added.status).toBe(201);
    const { body } = await rig.admin('GET', path);
    expect(body.data[0].floors.map((f: { name: string }) => f.name)).toEqual(['B1', '1F', '2F']);
  });

  test('with a code that is taken, or a level, is a conflict and leaves nothing', async () => {
    const { id } = await makeProject(rig.admin, 'Twice');
    const path = `/api/v1/projects/${id}/buildings`;
    await rig.admin('POST', path, { code: 'A', name: 'Building A' });
    const again = await rig.admin('POST', path, { code: 'A', name: 'Another' });
    expect(again.body).toMatchObject({ status: 409, code: 'conflict' });
    const floors = [1, 1].map((level) => ({ level, name: '1F' }));
    expect((await rig.admin('POST', path, { code: 'B', name: 'B', floors })).status).toBe(409);
    expect((await rig.admin('GET', path)).body.data).toHaveLength(1);
    const { body } = await rig.admin('GET', `/api/v1/projects/${id}/audit`);
    expect(
      body.data.filter((l: { action: string }) => l.action === 'building.created'),
    ).toHaveLength(1);
  });

  test('of another project takes no floor', async () => {
    const [one, two] = [await makeProject(rig.admin, 'One'), await makeProject(rig.admin, 'Two')];
    const made = await rig.admin('POST', `/api/v1/projects/${one.id}/buildings`, {
      code: 'A',
      name: 'A',
    });
    const path = `/api/v1/projects/${two.id}/buildings/${made.body.id}/floors`;
    expect((await rig.admin('POST', path, { level: 1, name: '1F' })).status).toBe(404);
  });
});

describe('the system log', () => {
  test('is read in pages, newest first', async () => {
    const { id } = await makeProject(rig.admin, 'Pages');
    for (const code of ['A', 'B', 'C']) {
      await rig.admin('POST', `/api/v1/projects/${id}/buildings`, { code, name: code });
    }
    const path = `/api/v1/projects/${id}/audit?limit=2`;
    const first = await rig.admin('GET', path);
    expect(first.body.data).toHaveLength(2);
    const second = await rig.admin('GET', `${path}&cursor=${first.body.nextCursor}`);
    expect(second.body.data.map((l: { action: string }) => l.action)).toEqual([
      'building.created',
      'project.created',
    ]);
    expect(second.body.nextCursor).toBeNull();
    expect((await rig.admin('GET', `${path}&cursor=x`)).status).toBe(400);
    expect((await rig.admin('GET', `${path}&limit=100000`)).status).toBe(400);
  });
});

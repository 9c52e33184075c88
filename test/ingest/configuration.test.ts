/** Configuration through the whole HTTP face: what is edited and retired, what stands in the way, what a line carries. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readingMs } from '../../ingest/bus-budget.ts';
import { models } from '../../ingest/models.ts';
import { makeProject, openRig, type Rig, signInAs } from '../web/rig.ts';

let rig: Rig;
let project: string;
let projectId: string;

beforeAll(async () => {
  rig = await openRig();
  projectId = (await makeProject(rig.admin, 'Configuration')).id;
  project = `/api/v1/projects/${projectId}`;
});
afterAll(() => rig.close());

const make = async (path: string, body: unknown) => {
  const answer = await rig.admin('POST', `${project}${path}`, body);
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.text}`);
  return answer.body;
};
const change = (path: string, body: unknown) => rig.admin('PATCH', `${project}${path}`, body);
const listed = async (path: string) =>
  (await rig.admin('GET', `${project}${path}`)).body.data as { id: string }[];
const lastAct = async () => (await rig.admin('GET', `${project}/audit?limit=1`)).body.data[0];

let nth = 0;
const line = { baud: 9600, parity: 'none', stopBits: 1 };
const newBus = async (more: object = {}) => {
  const gateway = await make('/gateways', { name: `Gateway ${++nth}` });
  const endpoint = { name: 'bus 1', framing: 'tcp', host: '10.1.2.3', port: 502 };
  return await make(`/gateways/${gateway.id}/buses`, { ...endpoint, ...more });
};
const newMeter = (more: object = {}) =>
  make('/meters', { serial: `S-${++nth}`, model: 'DTSY1352', ...more });
const newPoint = (more: object = {}) =>
  make('/points', { code: `P${++nth}`, name: 'Point', commodity: 'electricity', ...more });

/** What a refusal names, kind by kind. */
const inTheWay = (answer: Awaited<ReturnType<typeof change>>) => {
  expect([answer.status, answer.body.code]).toEqual([409, 'in-use']);
  return Object.fromEntries(
    answer.body.faults.map((f: { code: string; parameters: { count: number; names: string } }) => [
      f.code,
      f.parameters.names,
    ]),
  );
};

describe('places', () => {
  test('a building, its floor and its room are renamed, each with its line of the log', async () => {
    const floors = [{ level: 1, name: '1F' }];
    const building = await make('/buildings', { code: `B${++nth}`, name: 'Old', floors });
    const [floor] = building.floors;
    const room = await make(`/floors/${floor.id}/rooms`, { code: '101', name: 'Shop 101' });
    expect((await change(`/buildings/${building.id}`, { name: 'New' })).body).toMatchObject({
      ...{ name: 'New', retired: false },
      floors: [{ level: 1, rooms: [{ id: room.id, code: '101' }] }],
    });
    const log = await lastAct();
    expect(log).toMatchObject({
      action: 'building.changed',
      detail: { from: { name: 'Old', retired: false }, to: { name: 'New', retired: false } },
    });
    expect((await change(`/floors/${floor.id}`, { name: 'Ground' })).body.name).toBe('Ground');
    expect((await change(`/rooms/${room.id}`, { nameZh: '一零一' })).body.nameZh).toBe('一零一');
    const twin = await rig.admin('POST', `${project}/floors/${floor.id}/rooms`, {
      ...{ code: '101', name: 'Again' },
    });
    expect([twin.status, twin.body.code]).toEqual([409, 'conflict']);
  });

  test('are retired only when nothing stands there, and then take nothing new', async () => {
    const floors = [{ level: 1, name: '1F' }];
    const building = await make('/buildings', { code: `B${++nth}`, name: 'Full', floors });
    const [floor] = building.floors;
    const room = await make(`/floors/${floor.id}/rooms`, { code: '1', name: 'Room' });
    const place = { buildingId: building.id, floorId: floor.id, roomId: room.id };
    const point = await newPoint(place);
    const gateway = await make('/gateways', { name: `Gateway ${++nth}`, buildingId: building.id });
    const retired = { retired: true };
    expect(inTheWay(await change(`/buildings/${building.id}`, retired))).toEqual({
      gateways: gateway.name,
      points: point.code,
    });
    expect(inTheWay(await change(`/floors/${floor.id}`, retired))).toEqual({ points: point.code });
    expect(inTheWay(await change(`/rooms/${room.id}`, retired))).toEqual({ points: point.code });
    await change(`/points/${point.id}`, retired);
    await change(`/gateways/${gateway.id}`, retired);
    expect((await change(`/rooms/${room.id}`, retired)).body.retired).toBe(true);
    expect((await change(`/buildings/${building.id}`, retired)).body.retired).toBe(true);
    expect(await listed('/buildings')).not.toContainEqual(
      expect.objectContaining({ id: building.id }),
    );
    expect(await listed('/buildings?retired=true')).toContainEqual(
      expect.objectContaining({ id: building.id, retired: true }),
    );
    const late = await rig.admin('POST', `${project}/points`, {
      ...{ code: `P${++nth}`, name: 'Late', commodity: 'electricity', buildingId: building.id },
    });
    expect([late.status, late.body.detail]).toEqual([409, 'The building is retired.']);
    expect((await change(`/buildings/${building.id}`, { retired: false })).body.retired).toBe(
      false,
    );
  });

  test('a room of another floor is refused, and nobody without the right changes a place', async () => {
    const two = [1, 2].map((level) => ({ level, name: `${level}F` }));
    const building = await make('/buildings', { code: `B${++nth}`, name: 'Two', floors: two });
    const [first, second] = building.floors;
    const room = await make(`/floors/${first.id}/rooms`, { code: '1', name: 'Room' });
    const wrong = await rig.admin('POST', `${project}/points`, {
      ...{ code: `P${++nth}`, name: 'Wrong', commodity: 'water', buildingId: building.id },
      ...{ floorId: second.id, roomId: room.id },
    });
    expect([wrong.status, wrong.body.detail]).toEqual([
      400,
      expect.stringContaining('json/roomId'),
    ]);
    const cashier = await signInAs(rig, 'cashier', { projectId });
    const answer = await cashier('PATCH', `${project}/buildings/${building.id}`, { name: 'x' });
    expect(answer.status).toBe(403);
  });
});

describe('devices', () => {
  test('a gateway and a bus with meters stay; empty they go, and come back', async () => {
    const bus = await newBus();
    const meter = await newMeter({ busId: bus.id, unit: 1 });
    const retired = { retired: true };
    const gateway = `/gateways/${bus.gatewayId}`;
    expect(inTheWay(await change(gateway, retired))).toEqual({ meters: meter.serial });
    expect(inTheWay(await change(`/buses/${bus.id}`, retired))).toEqual({ meters: meter.serial });
    expect((await change(`/meters/${meter.id}`, { busId: null, unit: null })).status).toBe(200);
    expect((await change(`/buses/${bus.id}`, retired)).body.retired).toBe(true);
    const late = await rig.admin('PATCH', `${project}/meters/${meter.id}`, {
      busId: bus.id,
      unit: 1,
    });
    expect([late.status, late.body.detail]).toEqual([409, 'The bus is retired.']);
    expect((await change(gateway, { ...retired, name: 'Gone' })).body).toMatchObject({
      ...{ name: 'Gone', retired: true },
    });
    expect(await lastAct()).toMatchObject({
      action: 'gateway.changed',
      detail: { from: { retired: false }, to: { name: 'Gone', retired: true } },
    });
    expect(await listed('/gateways')).not.toContainEqual(
      expect.objectContaining({ id: bus.gatewayId }),
    );
    expect((await change(gateway, { retired: false })).body.retired).toBe(false);
  });

  test('a meter that is installed stays, and so does its point; ended, both go', async () => {
    const [meter, point] = [await newMeter(), await newPoint()];
    const from = '2026-10-01T00:00:00Z';
    const at = { pointId: point.id, meterId: meter.id, from };
    const installation = await make('/installations', at);
    const retired = { retired: true };
    expect(inTheWay(await change(`/meters/${meter.id}`, retired))).toEqual({
      installations: point.code,
    });
    expect(inTheWay(await change(`/points/${point.id}`, retired))).toEqual({
      installations: meter.serial,
    });
    await change(`/installations/${installation.id}`, { to: '2026-11-01T00:00:00Z' });
    expect((await change(`/meters/${meter.id}`, retired)).body.state).toBe('retired');
    expect((await change(`/points/${point.id}`, retired)).body.retired).toBe(true);
    expect(await listed('/meters?limit=1000')).not.toContainEqual(
      expect.objectContaining({ id: meter.id }),
    );
    const again = await rig.admin('POST', `${project}/installations`, {
      ...at,
      from: '2026-11-02T00:00:00Z',
    });
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
  });

  test('a point with a tenant or with parts stays', async () => {
    const main = await newPoint({ role: 'building-main' });
    const part = await newPoint({ parentId: main.id });
    expect(inTheWay(await change(`/points/${main.id}`, { retired: true }))).toEqual({
      parts: part.code,
    });
    const account = await make('/accounts', {
      ...{ number: `A${++nth}`, name: 'Somebody', openedOn: '2026-11-01' },
    });
    await make('/tenancies', {
      ...{ accountId: account.id, pointId: part.id, from: '2026-11-01T00:00:00+08:00' },
    });
    expect(inTheWay(await change(`/points/${part.id}`, { retired: true }))).toEqual({
      tenancies: account.number,
    });
  });
});

describe('the lock-out of a point', () => {
  const tagged = { why: 'work on the line', tag: 'L-7' };
  const lockOf = async (id: string) =>
    (await rig.admin('GET', `${project}/points?limit=1000`)).body.data.find(
      (point: { id: string }) => point.id === id,
    ).lockOut;

  test('says who, why, tag and since when; it hangs there once, and both acts are in the log', async () => {
    const point = await newPoint();
    expect(point.lockOut).toBeNull();
    const path = `${project}/points/${point.id}/lock-out`;
    const locked = await rig.admin('POST', path, tagged);
    const lockOut = { ...tagged, by: 'Administrator', at: rig.clock.now.toISOString() };
    expect([locked.status, locked.body]).toEqual([
      ...[201, { pointId: point.id, code: point.code, lockOut }],
    ]);
    expect(await lockOf(point.id)).toEqual(lockOut);
    expect(await lastAct()).toMatchObject({
      ...{ action: 'point.locked-out', detail: { code: point.code, ...tagged } },
    });
    const again = await rig.admin('POST', path, { ...tagged, tag: 'L-8' });
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
    expect(again.body.detail).toContain('with the tag L-7');
    // A change of the point leaves its lock.
    await change(`/points/${point.id}`, { class: 'protected', restoreMode: 'confirmed' });
    const other = await rig.admin('POST', `${path}/lift`, { why: 'done', tag: 'L-8' });
    expect([other.status, other.body.faults[0].at]).toEqual([409, 'json/tag']);
    expect(await lockOf(point.id)).toEqual(lockOut);
    const lifted = await rig.admin('POST', `${path}/lift`, { why: 'done', tag: 'L-7' });
    expect([lifted.status, lifted.body.lockOut]).toEqual([200, null]);
    expect(await lockOf(point.id)).toBeNull();
    expect(await lastAct()).toMatchObject({
      ...{ action: 'point.lock-lifted', detail: { code: point.code, why: 'done', lockOut } },
    });
    const twice = await rig.admin('POST', `${path}/lift`, { why: 'done', tag: 'L-7' });
    expect(twice.body.detail).toBe('The point is not locked out.');
  });

  test('needs the right over supply, a reason and a tag; it stands in the file of points', async () => {
    const point = await newPoint();
    const path = `${project}/points/${point.id}/lock-out`;
    const cashier = await signInAs(rig, 'cashier', { projectId });
    expect((await cashier('POST', path, tagged)).status).toBe(403);
    expect((await cashier('POST', `${path}/lift`, tagged)).status).toBe(403);
    for (const wrong of [{}, { why: '', tag: 'L' }, { why: 'x', tag: '<b>' }]) {
      expect((await rig.admin('POST', path, wrong)).body.code).toBe('invalid-request');
    }
    expect((await rig.admin('POST', `${project}/points/1/lock-out`, tagged)).status).toBe(404);
    const keeper = await signInAs(rig, 'energy-manager', { projectId });
    expect((await keeper('POST', path, tagged)).body.lockOut.by).toBe('energy-manager');
    const file = await rig.admin('GET', `${project}/points?format=csv`);
    expect(file.text).toContain('work on the line');
    await keeper('POST', `${path}/lift`, tagged);
    await change(`/points/${point.id}`, { retired: true });
    expect((await rig.admin('POST', path, tagged)).body.detail).toBe('The point is retired.');
  });
});

describe('the defaults of a project', () => {
  test('with the second alarm above the first are refused', async () => {
    const money = (amount: string) => ({ amount, currency: 'CNY' });
    const wrong = await rig.admin('PATCH', project, { alarm2: money('300.01') });
    expect([wrong.status, wrong.body.code]).toEqual([422, 'invalid-amount']);
    const both = { alarm1: money('500.00'), alarm2: money('300.01') };
    expect((await rig.admin('PATCH', project, both)).status).toBe(200);
  });
});

describe('the time of a line', () => {
  test('is what the bytes of the frames, the silence and the answering take', () => {
    // meters.md 2.1: 8 bytes asked and 101 answered are 114 ms at 9600 baud and 908 at 1200; with 60 ms
    // to answer and two gaps of 3.5 characters, 32 meters of it need 5.8 s.
    expect(readingMs(models.DTSY1352, { ...line, parity: 'none', stopBits: 1 })).toBeCloseTo(
      (109 * 10 * 1000) / 9600 + 60 + (2 * 3.5 * 10 * 1000) / 9600,
      6,
    );
    const even = readingMs(models.DTSY1352, { baud: 1200, parity: 'even', stopBits: 1 });
    expect(even).toBeCloseTo(((109 + 7) * 11 * 1000) / 1200 + 60, 6);
  });

  test('is told with its bus, and before a meter is entered', async () => {
    const bus = await newBus({ line: { ...line, baud: 1200 } });
    expect(bus.budget).toEqual({
      ...{ baud: 1200, assumed: false, busyMsPerMinute: 0, limitMsPerMinute: 48_000, fits: true },
    });
    const asked = await rig.admin(
      'GET',
      `${project}/buses/${bus.id}/budget?model=DTSY1352&pollSeconds=5`,
    );
    // 909 + 58 + 60 ms twelve times a minute.
    expect(asked.body.before.busyMsPerMinute).toBe(0);
    expect(asked.body.after).toMatchObject({ busyMsPerMinute: 12_320, fits: true });
    await newMeter({ busId: bus.id, unit: 1, pollSeconds: 5 });
    const [shown] = (await listed(`/gateways?limit=1000`)).filter(
      ({ id }) => id === bus.gatewayId,
    ) as unknown as [{ buses: { budget: { busyMsPerMinute: number } }[] }];
    expect(shown.buses[0]?.budget.busyMsPerMinute).toBe(12_320);
  });

  test('refuses a meter that a stated line cannot carry; one that nobody described only says so', async () => {
    const slow = await newBus({ line: { ...line, baud: 1200 } });
    const assumed = await newBus();
    for (let unit = 1; unit <= 3; unit++) await newMeter({ busId: slow.id, unit, pollSeconds: 5 });
    const fourth = { serial: `S-${++nth}`, model: 'DTSY1352', busId: slow.id, unit: 4 };
    const refused = await rig.admin('POST', `${project}/meters`, { ...fourth, pollSeconds: 5 });
    expect([refused.status, refused.body.code]).toEqual([409, 'bus-overloaded']);
    expect(refused.body.faults[0].parameters).toEqual({ percent: 82, limit: 80, baud: 1200 });
    const calm = await make('/meters', { ...fourth, pollSeconds: 60 });
    rig.clock.now = new Date(rig.clock.now.getTime() + 60_000);
    const hurried = await change(`/meters/${calm.id}`, { pollSeconds: 5 });
    expect([hurried.status, hurried.body.code]).toEqual([409, 'bus-overloaded']);
    expect((await rig.admin('GET', `${project}/meters/${calm.id}`)).body.pollSeconds).toBe(60);
    for (let unit = 1; unit <= 23; unit++)
      await newMeter({ busId: assumed.id, unit, pollSeconds: 5 });
    const told = await change(`/buses/${assumed.id}`, {});
    expect(told.body.budget).toMatchObject({ assumed: true, baud: 9600, fits: false });
  });
});

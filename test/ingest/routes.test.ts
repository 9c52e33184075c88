/** The devices' part of the API, through the whole HTTP face. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quarantines } from '../../sql/schema/index.ts';
import { type Ask, makeProject, openRig, type Rig } from '../web/rig.ts';

let rig: Rig;
let project: string;
let other: string;
let ask: Ask;

beforeAll(async () => {
  rig = await openRig();
  const [ours, theirs] = [
    await makeProject(rig.admin, 'Devices'),
    await makeProject(rig.admin, 'Elsewhere'),
  ];
  project = `/api/v1/projects/${ours.id}`;
  other = `/api/v1/projects/${theirs.id}`;
  ask = rig.admin;
});
afterAll(() => rig.close());

const make = async (path: string, body: unknown) => {
  const answer = await ask('POST', path, body);
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.text}`);
  return answer.body;
};
const refusal = async (method: string, path: string, body?: unknown) => {
  const { status, body: problem } = await ask(method, path, body);
  return [status, problem.code, problem.detail];
};

let nth = 0;
const newBus = async (at = project) => {
  const gateway = await make(`${at}/gateways`, { name: `Gateway ${++nth}` });
  return make(`${at}/gateways/${gateway.id}/buses`, {
    name: 'bus 1',
    framing: 'tcp',
    host: '10.1.2.3',
    port: 502,
  });
};
const newMeter = (more = {}, at = project) =>
  make(`${at}/meters`, { serial: `S-${++nth}`, model: 'DTSY1352', ...more });
const newPoint = (more = {}, at = project) =>
  make(`${at}/points`, { code: `P${++nth}`, name: 'Point', commodity: 'electricity', ...more });

describe('a bus', () => {
  it('is made with its endpoint and shown under its gateway', async () => {
    const bus = await newBus();
    const { body } = await ask('GET', `${project}/gateways`);
    const gateway = body.data.find((g: { id: string }) => g.id === bus.gatewayId);
    expect(gateway.buses).toMatchObject([
      { id: bus.id, host: '10.1.2.3', port: 502, timeoutMs: 1500, state: 'silent', meters: 0 },
    ]);
  });

  it.each([
    ['host', 'http://10.1.2.3'],
    ['host', '10.1.2.3:502'],
    ['host', 'two words'],
    ['port', 0],
    ['port', 65_536],
    ['timeoutMs', 1],
    ['framing', 'udp'],
  ])('with %s %s is refused, naming the field', async (field, value) => {
    const gateway = await make(`${project}/gateways`, { name: `Gateway ${++nth}` });
    const body = { name: 'b', framing: 'tcp', host: 'gw.example', port: 502, [field]: value };
    const [status, code, detail] = await refusal(
      'POST',
      `${project}/gateways/${gateway.id}/buses`,
      body,
    );
    expect([status, code]).toEqual([400, 'invalid-request']);
    expect(detail).toContain(`json/${field}`);
  });

  it('can be moved to another port, which the system log tells', async () => {
    const bus = await newBus();
    const { body } = await ask('PATCH', `${project}/buses/${bus.id}`, { port: 503, host: '::1' });
    expect(body).toMatchObject({ port: 503, host: '::1', framing: 'tcp' });
    const log = await ask('GET', `${project}/audit`);
    expect(log.text).toContain('bus.changed');
  });
});

describe('a meter', () => {
  it('is the 33rd on a bus: refused', async () => {
    const bus = await newBus();
    for (let unit = 1; unit <= 32; unit++) await newMeter({ busId: bus.id, unit });
    const body = { serial: 'S-full', model: 'DTSY1352', busId: bus.id, unit: 33 };
    expect((await refusal('POST', `${project}/meters`, body)).slice(0, 2)).toEqual([
      409,
      'bus-full',
    ]);
  });

  it('does not share a unit on a bus, nor a serial', async () => {
    const bus = await newBus();
    const meter = await newMeter({ busId: bus.id, unit: 7 });
    const same = { serial: 'S-other', model: 'DTSY1352', busId: bus.id, unit: 7 };
    expect(await refusal('POST', `${project}/meters`, same)).toEqual([
      409,
      'conflict',
      'Another meter on this bus has this unit.',
    ]);
    const twin = { serial: meter.serial, model: 'DTSY1352' };
    expect((await refusal('POST', `${project}/meters`, twin))[2]).toMatch(/serial/);
  });

  it.each([
    [{ unit: 0 }, 'json/unit'],
    [{ unit: 248 }, 'json/unit'],
    [{ unit: null }, 'json/unit'],
    [{ model: 'XYZ9' }, 'XYZ9'],
    [{ pollSeconds: 0 }, 'json/pollSeconds'],
    [{ projectId: '1' }, 'projectId'],
  ])('with %j is refused with the reason', async (wrong, reason) => {
    const bus = await newBus();
    const body = { serial: `S-${++nth}`, model: 'DTSY1352', busId: bus.id, unit: 1, ...wrong };
    const [status, , detail] = await refusal('POST', `${project}/meters`, body);
    expect([status, detail]).toEqual([400, expect.stringContaining(reason)]);
  });

  it('cannot be put on another project’s bus: it answers like none', async () => {
    const bus = await newBus(other);
    const body = { serial: `S-${++nth}`, model: 'DTSY1352', busId: bus.id, unit: 1 };
    const theirs = await ask('POST', `${project}/meters`, body);
    const none = await ask('POST', `${project}/meters`, { ...body, busId: '999999999' });
    expect(theirs.status).toBe(404);
    expect({ ...theirs.body, traceId: '' }).toEqual({ ...none.body, traceId: '' });
  });

  it('keeps its earlier schedule when its interval changes', async () => {
    const meter = await newMeter({ pollSeconds: 900 });
    expect(meter.pollSeconds).toBe(900);
    rig.clock.now = new Date(rig.clock.now.getTime() + 60_000);
    const { body } = await ask('PATCH', `${project}/meters/${meter.id}`, { pollSeconds: 60 });
    expect(body.pollSeconds).toBe(60);
    const { body: schedules } = await ask('GET', `${project}/schedules?meterId=${meter.id}`);
    expect(schedules.data.map((s: { seconds: number }) => s.seconds)).toEqual([900, 60]);
    expect(schedules.data[0].to).toBe(schedules.data[1].from);
  });
});

describe('a point', () => {
  it('is not part of itself, however far up', async () => {
    const main = await newPoint({ role: 'building-main' });
    const part = await newPoint({ parentId: main.id });
    const path = `${project}/points/${main.id}`;
    const [status, , detail] = await refusal('PATCH', path, { parentId: part.id });
    expect([status, detail]).toEqual([400, expect.stringContaining('part of itself')]);
  });
});

describe('an installation', () => {
  const from = '2026-10-01T00:00:00+08:00';

  it('that overlaps another names it', async () => {
    const [meter, point] = [await newMeter(), await newPoint()];
    await make(`${project}/installations`, { pointId: point.id, meterId: meter.id, from });
    const second = await newMeter();
    const body = { pointId: point.id, meterId: second.id, from: '2026-11-01T00:00:00Z' };
    expect(await refusal('POST', `${project}/installations`, body)).toEqual([
      409,
      'overlap',
      `Meter ${meter.serial} stands at this point from 2026-09-30T16:00:00.000Z on.`,
    ]);
  });

  it('of a year that cannot be meant is refused', async () => {
    const [meter, point] = [await newMeter(), await newPoint()];
    for (const year of ['0001', '0201', '9999']) {
      const body = { pointId: point.id, meterId: meter.id, from: `${year}-01-01T00:00:00Z` };
      expect((await refusal('POST', `${project}/installations`, body))[2]).toContain('json/from');
    }
  });

  it('that ends before it begins is refused, as is water at an electric point', async () => {
    const [meter, point] = [await newMeter({ model: 'WATER' }), await newPoint()];
    const body = { pointId: point.id, meterId: meter.id, from, to: from };
    expect((await refusal('POST', `${project}/installations`, body))[2]).toContain('json/to');
    const [, , detail] = await refusal('POST', `${project}/installations`, { ...body, to: null });
    expect(detail).toContain('water');
  });

  it('is followed by the next when a meter is replaced', async () => {
    const [old, fresh, point] = [await newMeter(), await newMeter(), await newPoint()];
    await make(`${project}/installations`, { pointId: point.id, meterId: old.id, from, ct: 20 });
    const at = '2026-11-01T02:07:00.000Z';
    const made = await make(`${project}/points/${point.id}/replacements`, {
      at,
      meterId: fresh.id,
      lastRegister: 123_456_780,
      firstRegister: 50_000,
      ct: 20,
      reason: 'due',
    });
    expect(made).toMatchObject({ from: at, to: null, firstRegister: 50_000, basis: 'secondary' });
    const { body } = await ask('GET', `${project}/installations?pointId=${point.id}`);
    expect(body.data).toMatchObject([
      { meterId: old.id, to: at, lastRegister: 123_456_780 },
      { meterId: fresh.id, from: at },
    ]);
  });
});

describe('readings', () => {
  it('are asked in a range that is not empty and not endless', async () => {
    const meter = await newMeter();
    const path = `${project}/meters/${meter.id}/readings`;
    const [day, year] = ['2026-11-02T00:00:00Z', '2028-11-02T00:00:00Z'];
    expect((await refusal('GET', `${path}?from=${day}&to=${day}`))[1]).toBe('invalid-request');
    expect((await refusal('GET', `${path}?from=${day}&to=${year}`))[1]).toBe('range-too-long');
    const { body } = await ask('GET', `${path}?from=2026-11-01T00:00:00Z&to=${day}`);
    expect(body).toEqual({ data: [], nextCursor: null, totals: null });
  });

  it('come as channels by their JSON names, page by page', async () => {
    const meter = await newMeter();
    const { questdb } = rig.rooms.ingest;
    const id = project.split('/').at(-1);
    const t0 = Date.UTC(2026, 10, 3);
    const lines = [0, 1, 2].map(
      (i) =>
        `samples,project=${id},meter=${meter.id},quality=ok digest=${i}i,active_wh=${100 + i}i,power_w=1500.5 ${t0 + i * 60_000}000000\n`,
    );
    await questdb.write(lines.join(''));
    await questdb.settled(['samples']);
    const path = `${project}/meters/${meter.id}/readings?from=2026-11-03T00:00:00Z&to=2026-11-04T00:00:00Z&limit=2`;
    const { body } = await ask('GET', path);
    expect(body.data).toMatchObject([
      {
        at: '2026-11-03T00:00:00.000Z',
        quality: 'ok',
        channels: { activeWh: 100, powerW: 1500.5 },
      },
      { channels: { activeWh: 101 } },
    ]);
    const next = await ask('GET', `${path}&cursor=${body.nextCursor}`);
    expect(next.body.data.map((r: { channels: object }) => r.channels)).toMatchObject([
      { activeWh: 102 },
    ]);
  });
});

describe('a quarantine', () => {
  const raise = async (rule: string) => {
    const [meter, point] = [await newMeter(), await newPoint()];
    const projectId = project.split('/').at(-1) ?? '';
    const values = {
      projectId,
      meterId: meter.id,
      pointId: point.id,
      at: new Date(T),
      register: 12n,
    };
    const [row] = await rig.rooms.ingest.db
      .insert(quarantines)
      .values({ ...values, rule: rule as 'reset' })
      .returning();
    return { id: row?.id ?? '', serial: meter.serial };
  };
  const T = Date.UTC(2026, 10, 3);
  const decide = (id: string, body: object) =>
    ask('POST', `${project}/quarantines/${id}/decisions`, body);

  it('waits in the list until it is decided, with a reason', async () => {
    const { id, serial } = await raise('reset');
    const open = await ask('GET', `${project}/quarantines`);
    expect(open.body.data[0]).toMatchObject({
      id,
      serial,
      rule: 'reset',
      register: 12,
      decision: null,
    });
    expect((await decide(id, { decision: 'new-base' })).status).toBe(400);
    const { status, body } = await decide(id, { decision: 'new-base', reason: 'meter was reset' });
    expect([status, body.decision, body.reason]).toEqual([201, 'new-base', 'meter was reset']);
    const after = await ask('GET', `${project}/quarantines`);
    expect(after.body.data.map((q: { id: string }) => q.id)).not.toContain(id);
    const decided = await ask('GET', `${project}/quarantines?state=decided`);
    expect(decided.body.data.map((q: { id: string }) => q.id)).toContain(id);
    expect((await ask('GET', `${project}/audit`)).text).toContain('quarantine.decided');
  });

  it('of two values for one instant cannot become a new base, nor be reopened undecided', async () => {
    const { id } = await raise('conflict');
    for (const decision of ['new-base', 'reopened']) {
      expect((await decide(id, { decision, reason: 'try' })).body.code).toBe('conflict');
    }
    expect((await decide(id, { decision: 'exclude', reason: 'forged' })).status).toBe(201);
  });

  it('of another project answers like none', async () => {
    const { id } = await raise('spike');
    const there = await ask('POST', `${other}/quarantines/${id}/decisions`, {
      decision: 'exclude',
      reason: 'x',
    });
    expect(there.status).toBe(404);
  });
});

describe('models', () => {
  it('tell what they bill by', async () => {
    const { body } = await ask('GET', '/api/v1/models');
    const byName = new Map(body.data.map((m: { name: string }) => [m.name, m]));
    expect(byName.get('DTSD1352')).toMatchObject({ billing: 'forwardWh', primary: false });
    expect(byName.get('WATER-SIM')).toMatchObject({ billing: 'volumeL', simulated: true });
  });
});

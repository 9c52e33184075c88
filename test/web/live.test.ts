/** What is shown of every point: the first state that holds, and nothing that one may not see. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PointFacts, shownState } from '../../web/shown-state.ts';
import { furnish } from './furnish.ts';
import { makeProject, openRig, type Rig, signInAs } from './rig.ts';

const well: PointFacts = {
  role: 'unit',
  metered: true,
  silent: false,
  ageS: 30,
  pollSeconds: 60,
  rented: true,
  balanceMinor: 100_000n,
  alarm1Minor: 30_000n,
  alarm2Minor: 8_000n,
};

test.each<[string, Partial<PointFacts>, string]>([
  ['in credit and heard of', {}, 'opened'],
  ['above the first threshold', { balanceMinor: 30_001n }, 'opened'],
  ['at the first threshold', { balanceMinor: 30_000n }, 'alarm1'],
  ['above the second threshold', { balanceMinor: 8_001n }, 'alarm1'],
  ['at the second threshold', { balanceMinor: 8_000n }, 'alarm2'],
  ['at nothing', { balanceMinor: 0n }, 'alarm2'],
  ['owing a cent', { balanceMinor: -1n }, 'arrears'],
  ['not rented', { rented: false, balanceMinor: null }, 'notOpened'],
  ['not rented and silent', { rented: false, silent: true }, 'lostContact'],
  ['owing and silent', { balanceMinor: -1n, silent: true }, 'lostContact'],
  ['unheard of for five minutes', { ageS: 301 }, 'lostContact'],
  ['read every quarter hour, heard of 40 minutes ago', { ageS: 2400, pollSeconds: 900 }, 'opened'],
  ['never heard of', { ageS: null }, 'lostContact'],
  ['rented and without a meter', { metered: false, ageS: null }, 'lostContact'],
  ['empty and without a meter', { metered: false, ageS: null, rented: false }, 'notOpened'],
  [
    'a main, which nobody rents',
    { role: 'park-main', rented: false, balanceMinor: null },
    'opened',
  ],
  ['before a balance was computed', { balanceMinor: null }, 'opened'],
])('a point %s is shown as it is', (_, facts, state) => {
  expect(shownState({ ...well, ...facts })).toBe(state);
});

describe('GET live', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig.close());

  test('gives power in primary watts, age, account and balance', async () => {
    const project = await makeProject(rig.admin, 'Live');
    const ids = await furnish(rig, project.id, 'LIVE');
    const { now } = rig.clock;
    await rig.rooms.ingest.db.execute(sql`
      UPDATE installations SET ct = 20 WHERE project_id = ${project.id}::bigint`);
    await rig.rooms.ingest.db.execute(sql`
      INSERT INTO meter_states (project_id, meter_id, last_sample_at, channels)
      VALUES (${project.id}::bigint, ${ids.meters}::bigint, ${new Date(now.getTime() - 42_000).toISOString()}::timestamptz,
        '{"power_w": 1500, "voltage_a_v": 230.1}')`);
    await rig.rooms.billing.db.execute(sql`
      INSERT INTO live_balance_generations VALUES (${project.id}::bigint, 7, now())`);
    await rig.rooms.billing.db.execute(sql`
      INSERT INTO live_balances (project_id, generation, account_id, settled_minor, provisional_minor, currency)
      VALUES (${project.id}::bigint, 7, ${ids.accounts}::bigint, 20000, 13000, 'CNY'),
        (${project.id}::bigint, 6, ${ids.accounts}::bigint, 1, 1, 'CNY')`);
    const path = `/api/v1/projects/${project.id}/live`;
    const { body } = await rig.admin('GET', path);
    expect(body.zone).toBe('Asia/Shanghai');
    expect(body.counts).toMatchObject({ alarm2: 1, opened: 0 });
    expect(body.alarms).toHaveLength(1);
    expect(body.data).toMatchObject([
      {
        pointId: ids.points,
        state: 'alarm2',
        powerW: 30_000,
        ageS: 42,
        level: 1,
        accountId: ids.accounts,
        liveBalance: { amount: '70.00', currency: 'CNY' },
      },
    ]);
    const isLocked = async () => (await rig.admin('GET', path)).body.data[0].lockedOut;
    expect(await isLocked()).toBe(false);
    const tag = { why: 'works on the busbar', tag: '17' };
    const lock = `/api/v1/projects/${project.id}/points/${ids.points}/lock-out`;
    await rig.admin('POST', lock, tag);
    expect(await isLocked()).toBe(true);
    await rig.rooms.billing.db.execute(sql`
      INSERT INTO alarms (project_id, kind, severity, subject_kind, subject_id, raised_at, detail)
      VALUES (${project.id}::bigint, 'account.alarm2', 'warning', 'account', ${ids.accounts}, now(),
        '{"balance": "70.00"}')`);
    const analyst = await signInAs(rig, 'analyst', { projectId: project.id });
    const seen = await analyst('GET', path);
    expect(seen.body.data[0]).toMatchObject({
      state: 'alarm2',
      accountName: null,
      liveBalance: null,
    });
    expect(seen.text).not.toContain('LIVE account');
    expect(seen.text).not.toContain('70.00');
    // The list behind the page: what it filters by, the server filters by, and so the file.
    const list = path.replace(/live$/, 'live-points');
    const listed = async (query: string, who = rig.admin) =>
      (await who('GET', `${list}?${query}`)).body.data.map((p: { pointId: string }) => p.pointId);
    const [{ code, name, buildingId }] = body.data;
    for (const query of [
      ...['', 'state=alarm2', 'kind=units', 'kind=all', 'q=live%20ACC'],
      ...[`q=${code.toLowerCase()}`, `q=${encodeURIComponent(name)}`],
      ...(buildingId ? [`buildingId=${buildingId}`] : []),
    ]) {
      expect([query, await listed(query)]).toEqual([query, [ids.points]]);
    }
    for (const query of ['state=opened', 'kind=mains', 'kind=water', 'q=%25', 'buildingId=1']) {
      expect([query, await listed(query)]).toEqual([query, []]);
    }
    expect(await listed('q=live%20acc', analyst)).toEqual([]);
    expect((await rig.admin('GET', `${list}?kind=moon`)).body.code).toBe('invalid-request');
    const file = await rig.admin('GET', `${list}?state=alarm2&kind=units&format=csv`);
    expect(file.text).toContain('# rows = 1 (complete)');
    expect(file.text).toContain('# state = alarm2');
    expect((await rig.admin('GET', `${list}?state=opened&format=csv`)).text).toContain(
      '# rows = 0',
    );
    const alarms = path.replace(/live$/, 'alarms');
    expect((await analyst('GET', alarms)).text).not.toContain('70.00');
    expect((await analyst('GET', alarms)).body.totals.open).toBe(1);
    expect((await rig.admin('GET', alarms)).body.totals.open).toBe(2);

    // Headquarters: each project beside the others, in it what one may read there, its money its own.
    const plain = await makeProject(rig.admin, 'Plain');
    const { body: elsewhere } = await rig.admin('POST', '/api/v1/projects', {
      ...{ groupId: plain.groupId, name: 'Yen', zone: 'Asia/Tokyo', currency: 'JPY' },
    });
    const overview = async (who = rig.admin) =>
      (await who('GET', '/api/v1/projects-overview')).body as {
        data: Record<string, unknown>[];
        totals: Record<string, number>;
      };
    const whole = await overview();
    const rowOf = (rows: Record<string, unknown>[], id: string) =>
      rows.find(({ projectId }) => projectId === id);
    expect(rowOf(whole.data, project.id)).toMatchObject({
      ...{ name: 'Live', groupName: 'Live Group', meters: 1, silent: 0, alarms: 2, newAlarms: 2 },
      ...{ accounts: 1, arrears: 0, owed: '0.00', held: '70.00', sales: 0 },
      ...{ sold: '0.00', currency: 'CNY' },
    });
    expect(rowOf(whole.data, elsewhere.id)).toMatchObject({
      ...{ accounts: 0, arrears: null, owed: null, held: null, balancesAt: null },
      ...{ sold: '0', currency: 'JPY' },
    });
    expect(Object.keys(whole.totals)).toEqual(['meters', 'silent', 'alarms', 'newAlarms']);
    const narrow = await overview(analyst);
    expect(narrow.data).toMatchObject([
      {
        ...{ projectId: project.id, meters: 1, alarms: 1, accounts: null, arrears: null },
        ...{ owed: null, held: null, balancesAt: null, sales: null, sold: null },
      },
    ]);
    const ofGroup = await overview(await signInAs(rig, 'finance', { groupId: plain.groupId }));
    expect(ofGroup.data.map(({ name }) => name)).toEqual(['Plain', 'Yen']);
    const overviewFile = await rig.admin('GET', '/api/v1/projects-overview?format=csv');
    expect(overviewFile.text).toContain('(complete)');
  });

  test('of two thousand points is answered in a breath', async () => {
    const project = await makeProject(rig.admin, 'Large');
    const id = sql`${project.id}::bigint`;
    const { db: ingest } = rig.rooms.ingest;
    const { db: billing } = rig.rooms.billing;
    const n = sql`generate_series(1, 2000) AS n`;
    await ingest.execute(sql`INSERT INTO points (project_id, id, code, name, commodity)
      SELECT ${id}, 500000000 + n, 'P' || n, 'Point ' || n, 'electricity' FROM ${n}`);
    await ingest.execute(sql`INSERT INTO meters (project_id, id, serial, model)
      SELECT ${id}, 600000000 + n, 'S' || n, 'DTSY1352' FROM ${n}`);
    await ingest.execute(sql`INSERT INTO installations (project_id, point_id, meter_id, valid_from)
      SELECT ${id}, 500000000 + n, 600000000 + n, '2026-01-01' FROM ${n}`);
    await ingest.execute(sql`INSERT INTO meter_states (project_id, meter_id, last_sample_at, channels)
      SELECT ${id}, 600000000 + n, now(), '{"power_w": 100}' FROM ${n}`);
    await billing.execute(sql`INSERT INTO accounts (project_id, id, number, name, opened_on)
      SELECT ${id}, 700000000 + n, 'N' || n, 'Account ' || n, '2026-01-01' FROM ${n}`);
    await billing.execute(sql`INSERT INTO tenancies (project_id, account_id, point_id, valid_from)
      SELECT ${id}, 700000000 + n, 500000000 + n, '2026-01-01' FROM ${n}`);
    await billing.execute(sql`INSERT INTO live_balance_generations VALUES (${id}, 1, now())`);
    await billing.execute(sql`INSERT INTO live_balances
        (project_id, generation, account_id, settled_minor, provisional_minor, currency)
      SELECT ${id}, 1, 700000000 + n, 100000, 1000, 'CNY' FROM ${n}`);
    const path = `/api/v1/projects/${project.id}/live`;
    await rig.admin('GET', path);
    const start = performance.now();
    const { body } = await rig.admin('GET', path);
    const tookMs = performance.now() - start;
    expect(body.data).toHaveLength(2000);
    expect(body.counts.opened).toBe(2000);
    console.log(`live of 2,000 points: ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(15_000);
  });
});

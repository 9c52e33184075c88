/** Prepared openings and deposits: drafts with every fault at its place, opened whole or not at all, once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { faultsOf, openPark, type Park } from './park.ts';

let park: Park;
let ask: Ask;
let spare: string[];
let water: string;
let waterTariff: string;
const cny = (amount: string) => ({ amount, currency: 'CNY' });
const path = '/accounts/openings';
const open = (id: string, key: string, face = ask) =>
  face('POST', `${path}/${id}/open`, undefined, { 'idempotency-key': key });

beforeAll(async () => {
  park = await openPark({ points: 2, from: '2026-01-01', definition: flat('1') });
  ask = openFace(park);
  park.now = new Date('2026-02-10T04:07:00Z');
  const point = (code: string, commodity: string) =>
    park.value(
      'INSERT INTO points (project_id, code, name, commodity) VALUES ($1, $2, $2, $3) RETURNING id',
      [park.project.id, code, commodity],
    );
  spare = [await point('B1', 'electricity'), await point('B2', 'electricity')];
  water = await point('W1', 'water');
  const bus = await park.value(
    `WITH gateway AS (INSERT INTO gateways (project_id, name) VALUES ($1, 'G') RETURNING id)
     INSERT INTO buses (project_id, gateway_id, name, framing, host, port)
     SELECT $1, id, 'B', 'tcp', '127.0.0.1', 1 FROM gateway RETURNING id`,
    [park.project.id],
  );
  const meter = await park.value(
    `INSERT INTO meters (project_id, serial, model, bus_id, unit)
     VALUES ($1, 'M1', 'DTSY1352-SIM', $2, 1) RETURNING id`,
    [park.project.id, bus],
  );
  await park.rows(
    "INSERT INTO installations (project_id, point_id, meter_id, valid_from) VALUES ($1, $2, $3, '2026-01-01')",
    [park.project.id, spare[1], meter],
  );
  const made = await ask('POST', '/tariffs', {
    ...{ name: 'Water', commodity: 'water' },
    version: { effectiveFrom: '2026-01-01', definition: flat('4') },
  });
  waterTariff = made.body.id;
});
afterAll(() => park.close());

const whole = () => ({
  ...{ name: 'Xinda', nameZh: '鑫达', alarm1: cny('500.00'), alarm2: cny('100.00') },
  person: { name: 'Wang', phone: '13800000000' },
  points: [
    { pointId: spare[0] },
    { pointId: spare[1], overloadW: 20_000 },
    { pointId: water, tariffId: waterTariff },
  ],
  tariffIds: [park.tariff],
  firstSale: { channel: 'cash', amount: cny('300.00') },
  deposit: { channel: 'transfer', amount: cny('1000.00') },
  contract: {
    ...{ number: 'K-1', from: '2026-02-10', to: '2027-02-10' },
    notices: [{ kind: 'sms', address: '13800000000' }],
  },
});

describe('an opening', () => {
  test('is kept with every fault at its place, and is not opened so', async () => {
    const { status, body } = await ask('POST', path, {
      ...{ name: 'Wrong', number: 'N1', alarm1: cny('10.00'), alarm2: cny('20.00') },
      points: [
        { pointId: park.points[0] },
        { pointId: '999999' },
        { pointId: spare[0], tariffId: waterTariff },
        { pointId: spare[0] },
        { pointId: water, overloadW: 5 },
      ],
      firstSale: { channel: 'cash', amount: cny('0.00') },
      deposit: { channel: 'cash', amount: { amount: '1.00', currency: 'EUR' } },
      contract: { number: 'K', from: '2026-02-10', to: '2026-02-10' },
    });
    expect(status).toBe(201);
    const faults = body.faults.map((f: { at: string; code: string }) => `${f.at} ${f.code}`);
    expect(faults).toEqual([
      'number opening-number',
      'alarm2 opening-alarms',
      'firstSale/amount opening-payment',
      'deposit/amount opening-payment',
      'points/0/pointId opening-point-held',
      'points/1/pointId opening-point-unknown',
      'points/2/tariffId opening-tariff-commodity',
      'points/3/pointId opening-point-twice',
      'points/4/overloadW opening-overload',
      'points/4/tariffId opening-no-tariff',
      'contract/to opening-contract-ends',
    ]);
    const before = await park.value('SELECT count(*) FROM accounts');
    const refused = await open(body.id, 'wrong');
    expect([refused.status, refused.body.code]).toEqual([422, 'invalid-opening']);
    expect(refused.body.faults).toHaveLength(faults.length);
    expect(await park.value('SELECT count(*) FROM accounts')).toBe(before);
    const gone = await ask('POST', `${path}/${body.id}/withdraw`);
    expect(gone.body.state).toBe('withdrawn');
    expect((await ask('PATCH', `${path}/${body.id}`, { name: 'Again' })).body.code).toBe(
      'conflict',
    );
    expect((await open(body.id, 'withdrawn')).body.code).toBe('conflict');
  });

  test('is changed, then opened with all of it in one transaction, once', async () => {
    const draft = await ask('POST', path, { name: 'Draft' });
    expect(draft.body.faults.map((f: { code: string }) => f.code)).toEqual(['opening-no-points']);
    const { body } = await ask('PATCH', `${path}/${draft.body.id}`, whole());
    expect([body.faults, body.state]).toEqual([[], 'prepared']);
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, i) => open(draft.body.id, `open-${i % 2}`)),
    );
    expect(new Set(answers.map((a) => a.body.accountId)).size).toBe(1);
    const [{ body: opened } = { body: null }] = answers;
    expect(opened).toMatchObject({
      state: 'opened',
      faults: [],
      result: {
        from: '2026-02-10T04:00:00.000Z',
        sale: { amount: cny('300.00'), receipt: 'R00000001' },
        deposit: { amount: cny('1000.00'), receipt: 'D00000001', kind: 'taken' },
        settings: [{ pointId: spare[1], commandId: expect.any(String), obstacle: null }],
      },
    });
    const account = await ask('GET', `/accounts/${opened.accountId}`);
    expect(account.body).toMatchObject({
      ...{ name: 'Xinda', openedOn: '2026-02-10', alarm2: cny('100.00') },
      points: ['B1', 'B2', 'W1'].map((code) => ({ code, from: '2026-02-10T04:00:00.000Z' })),
    });
    const wang = { name: 'Wang', phone: '13800000000', email: null };
    expect(account.body.person).toEqual(wang);
    const person = { ...wang, phone: '13911112222', email: 'wang@example.com' };
    const change = { nameZh: '鑫达模具', alarm1: cny('600.00'), person };
    const changed = await ask('PATCH', `/accounts/${opened.accountId}`, change);
    expect(changed.body).toMatchObject({ ...change, name: 'Xinda', alarm2: cny('100.00') });
    // Who was spoken with stands in one table alone, where it can be mended and taken away.
    const [log] = await park.rows(
      "SELECT detail FROM audit WHERE action = 'account.changed' AND subject_id = $1",
      [opened.accountId],
    );
    expect(log).toMatchObject({ detail: { contact: ['phone', 'email'] } });
    expect(JSON.stringify(log)).not.toContain('139');
    const low = await ask('PATCH', `/accounts/${opened.accountId}`, { alarm1: cny('1.00') });
    expect(low.body.code).toBe('invalid-amount');
    const back = { nameZh: '鑫达', alarm1: cny('500.00') };
    await ask('PATCH', `/accounts/${opened.accountId}`, back);
    const balance = await ask('GET', `/accounts/${opened.accountId}/balance`);
    expect(balance.body.settled).toEqual(cny('300.00'));
    const { body: report } = await ask('GET', '/accounts/opened?from=2026-02-10&to=2026-02-11');
    expect(report).toMatchObject({
      data: [
        {
          ...{ id: opened.accountId, name: 'Xinda', points: ['B1', 'B2', 'W1'] },
          ...{ firstSale: cny('300.00'), receipt: 'R00000001', deposit: cny('1000.00') },
          openedBy: expect.any(String),
        },
      ],
      totals: { count: 1, firstSale: cny('300.00'), deposit: cny('1000.00') },
    });
    for (const q of ['r00000001', 'XIND', 'w1']) {
      expect((await ask('GET', `/accounts/opened?q=${q}`)).body.totals.count).toBe(1);
    }
    for (const query of ['from=2026-02-11', 'q=%25', 'to=2026-02-10&q=xinda']) {
      const none = await ask('GET', `/accounts/opened?${query}`);
      expect([none.body.data, none.body.totals]).toEqual([
        [],
        { count: 0, firstSale: cny('0.00'), deposit: cny('0.00') },
      ]);
    }
    const assigned = await park.rows(
      `SELECT tariff_id::text, coalesce(account_id, point_id)::text AS of FROM tariff_assignments
       WHERE account_id = $1 OR point_id = $2 ORDER BY id`,
      [opened.accountId, water],
    );
    expect(assigned).toEqual([
      { tariff_id: park.tariff, of: opened.accountId },
      { tariff_id: waterTariff, of: water },
    ]);
    expect(await park.rows('SELECT number, notices FROM supply_contracts')).toEqual([
      { number: 'K-1', notices: [{ kind: 'sms', address: '13800000000' }] },
    ]);
    const command = await park.rows('SELECT function, arguments FROM commands');
    expect(command).toEqual([
      {
        function: 'issue-settings',
        arguments: { alarm1Minor: 50_000, alarm2Minor: 10_000, overloadW: 20_000 },
      },
    ]);
    const again = await open(draft.body.id, 'another key');
    expect([again.status, again.body.accountId]).toEqual([200, opened.accountId]);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('that fails half-way leaves nothing: its sale falls into a closed month', async () => {
    park.now = new Date('2026-02-10T04:22:00Z');
    await park.rows("UPDATE tenancies SET valid_to = '2026-02-10T04:15:00Z' WHERE point_id = $1", [
      spare[0],
    ]);
    const { body } = await ask('POST', path, {
      ...{ name: 'Late', points: [{ pointId: spare[0] }] },
      firstSale: { channel: 'cash', amount: cny('5.00') },
    });
    expect(body.faults).toEqual([]);
    await park.rows(
      "INSERT INTO billing_months (project_id, month, state) VALUES ($1, '2026-02-01', 'closed')",
      [park.project.id],
    );
    expect((await open(body.id, 'late')).body.code).toBe('month-closed');
    expect(await park.value("SELECT count(*) FROM accounts WHERE name = 'Late'")).toBe('0');
    await park.rows('DELETE FROM billing_months');
    const opened = await open(body.id, 'late');
    expect([opened.status, opened.body.state]).toEqual([200, 'opened']);
    const page = await ask('GET', `${path}?state=opened&limit=1`);
    expect([page.body.data[0].content.name, page.body.nextCursor]).toEqual([
      'Late',
      opened.body.id,
    ]);
  });

  test('takes money only from who may sell, and is hidden from who may not open', async () => {
    const { body } = await ask('POST', path, whole());
    const clerk = openFace(park, 'clerk', (permission) => permission !== 'sale.write');
    expect((await open(body.id, 'k', clerk)).body.code).toBe('forbidden');
    const reader = openFace(park, 'reader', (permission) => permission !== 'account.write');
    expect((await reader('GET', path)).body.code).toBe('forbidden');
  });
});

describe('an opening in meter mode', () => {
  const steps = {
    components: [{ kind: 'usage', code: 'energy', name: 'Energy', stepPrices: ['0.5', '0.6'] }],
    steps: {
      ...{ period: 'month', scope: 'point', limits: [100_000], proRata: 'none' },
      order: 'steps-then-tou',
    },
  };
  const told = (faults: { at: string; code: string; parameters: { why?: string } }[]) =>
    faults.map(({ at, code, parameters }) => [at, code, parameters.why].join(' ').trim());
  let metered = '';
  let bare = '';

  beforeAll(async () => {
    const point = (code: string) =>
      park.value(
        "INSERT INTO points (project_id, code, name, commodity) VALUES ($1, $2, $2, 'electricity') RETURNING id",
        [park.project.id, code],
      );
    [metered, bare] = [await point('B3'), await point('B4')];
    await park.rows(
      `WITH made AS (INSERT INTO meters (project_id, serial, model, bus_id, unit)
         SELECT project_id, 'M2', model, bus_id, 2 FROM meters WHERE serial = 'M1' RETURNING id)
       INSERT INTO installations (project_id, point_id, meter_id, valid_from)
       SELECT $1, $2, id, '2026-01-01' FROM made`,
      [park.project.id, metered],
    );
  });

  test('says where it is chosen which meter or tariff cannot hold money; nothing is kept by asking', async () => {
    const stepped = await ask('POST', '/tariffs', {
      ...{ name: 'Steps', commodity: 'electricity' },
      version: { effectiveFrom: '2026-01-01', definition: steps },
    });
    const content = {
      ...{ name: 'Yongda', creditMode: 'meter', from: '2026-02-11' },
      points: [{ pointId: metered, tariffId: stepped.body.id }, { pointId: bare }],
      firstSale: { channel: 'cash', amount: cny('5.00'), pointId: water },
    };
    const kept = await park.value('SELECT count(*) FROM account_openings');
    const { status, body } = await ask('POST', `${path}/check`, content);
    expect([status, told(body.faults)]).toEqual([
      200,
      [
        'firstSale/pointId opening-sale-meter',
        'creditMode opening-meter-later',
        'points/0/tariffId opening-meter-mode steps',
        'points/1/pointId opening-meter-mode no-meter',
      ],
    ]);
    expect(await park.value('SELECT count(*) FROM account_openings')).toBe(kept);
    // The same with the platform: only where the sale would go to a meter.
    const platform = { ...content, creditMode: 'platform' };
    expect(told((await ask('POST', `${path}/check`, platform)).body.faults)).toEqual([
      'firstSale/pointId opening-sale-meter',
    ]);
    const water1 = { name: 'Wet', creditMode: 'meter', points: [{ pointId: water }] };
    expect(told((await ask('POST', `${path}/check`, water1)).body.faults)).toContain(
      'creditMode opening-meter-none',
    );
    const prepared = await ask('POST', path, { ...content, from: null, firstSale: null });
    expect((await open(prepared.body.id, 'unfit')).body.code).toBe('invalid-opening');
  });

  test('its meters are told prices, periods and thresholds; the first sale waits to go to the one chosen', async () => {
    const { body } = await ask('POST', path, {
      ...{ name: 'Yongda', creditMode: 'meter', alarm1: cny('50.00'), alarm2: cny('20.00') },
      points: [{ pointId: metered, overloadW: 9_000 }],
      firstSale: { channel: 'transfer', amount: cny('80.00'), pointId: metered },
    });
    expect(body.faults).toEqual([]);
    const opened = await open(body.id, 'meter mode');
    const { sale } = opened.body.result;
    expect(opened.body).toMatchObject({
      content: { creditMode: 'meter', firstSale: { pointId: metered } },
      result: { sale: { amount: cny('80.00'), rechargeId: expect.any(String) } },
    });
    const account = `/accounts/${opened.body.accountId}`;
    expect((await ask('GET', `${account}/credit-mode`)).body).toMatchObject({
      ...{ mode: 'meter', wallet: cny('80.00') },
      meters: [{ serial: 'M2', pointCode: 'B3', counter: null }],
    });
    expect((await ask('GET', `/recharges/${sale.rechargeId}`)).body).toMatchObject({
      ...{ state: 'waiting', waitsFor: 'counter-unread', amount: cny('80.00') },
      ...{ serial: 'M2', receipt: sale.receipt },
    });
    const commands = await park.rows(
      `SELECT c.function, c.arguments ->> 'overloadW' AS overload FROM commands c
       JOIN meters m ON m.id = c.meter_id WHERE m.serial = 'M2' ORDER BY c.sequence`,
    );
    expect(commands).toEqual([
      { function: 'tou-table', overload: null },
      { function: 'issue-price', overload: null },
      { function: 'issue-settings', overload: null },
      { function: 'issue-settings', overload: '9000' },
    ]);
    const paper = await ask('POST', '/receipt-prints', { receipt: sale.receipt });
    expect(paper.body.toMeter).toEqual({ serial: 'M2', amount: cny('80.00') });
    expect(await faultsOf(park)).toEqual([]);
  });
});

test('a contract is followed by the next; its number is its own, and it ends after it begins', async () => {
  const [account = ''] = park.accounts;
  const path = `/accounts/${account}/supply-contracts`;
  const next = {
    number: 'K-2',
    from: '2026-03-01',
    notices: [{ kind: 'email', address: 'a@b.cn' }],
  };
  expect((await ask('POST', path, { ...next, to: '2026-03-01' })).body.code).toBe(
    'invalid-request',
  );
  expect((await ask('POST', path, next)).status).toBe(201);
  expect((await ask('POST', path, next)).body.code).toBe('conflict');
  const { body } = await ask('GET', `/supply-contracts?accountId=${account}`);
  expect(body.data).toMatchObject([{ number: 'K-2', to: null, notices: next.notices }]);
});

describe('a deposit', () => {
  const book = (account: string, deposit: object, key: string) =>
    ask('POST', `/accounts/${account}/deposits`, deposit, { 'idempotency-key': key });

  test('is taken, set against what is owed, and given back; never more than is held', async () => {
    const [account = ''] = park.accounts;
    const taken = { kind: 'taken', amount: cny('200.00'), channel: 'cash' };
    const many = await Promise.all(Array.from({ length: 5 }, () => book(account, taken, 'd1')));
    expect(new Set(many.map((a) => a.body.receipt)).size).toBe(1);
    const offset = { kind: 'offset', amount: cny('150.00'), channel: null };
    const returned = { kind: 'returned', amount: cny('50.00'), channel: 'transfer' };
    for (const [wrong, code] of [
      [{ ...offset, amount: cny('200.01') }, 'invalid-amount'],
      [{ ...taken, amount: cny('0.00') }, 'invalid-amount'],
      [{ ...taken, amount: cny('1.005') }, 'invalid-amount'],
      [{ ...offset, channel: 'cash' }, 'invalid-request'],
      [{ ...returned, channel: null }, 'invalid-request'],
    ] as const) {
      expect([wrong, (await book(account, wrong, 'wrong')).body.code]).toEqual([wrong, code]);
    }
    expect((await book(account, offset, 'd2')).status).toBe(201);
    const rest = await Promise.all(
      Array.from({ length: 4 }, (_, i) => book(account, returned, `back-${i}`)),
    );
    expect(rest.map((a) => a.status).sort()).toEqual([201, 422, 422, 422]);
    const legs = await park.rows(
      `SELECT l.code, sum(e.amount)::int AS sum FROM entries e
       JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
       JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
       WHERE t.account_id = $1 GROUP BY 1 ORDER BY 1`,
      [account],
    );
    expect(legs).toEqual([
      { code: 'bank', sum: -5000 },
      { code: 'cash', sum: 20_000 },
      { code: 'deposit', sum: 0 },
      { code: 'wallet', sum: -15_000 },
    ]);
    const { body } = await ask('GET', `/deposits?accountId=${account}`);
    expect(body.data.map((d: { kind: string }) => d.kind)).toEqual(['returned', 'offset', 'taken']);
    expect(body.totals).toEqual({ count: 3, held: cny('0.00') });
  });
});

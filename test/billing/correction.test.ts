/**
 * Versions, assignments, indexes and event days that reach into what is settled: a clear refusal or a
 * correction with its reason, listed line by line; a sample month says beforehand what it will come to.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { faultsOf, openPark, type Park } from './park.ts';

let park: Park;
let ask: Ask;
const days = daysBetween('2026-01-01', '2026-02-03');
const correction = { reason: 'wrong tariff' };
beforeAll(async () => {
  // 1 CNY a kWh, 96 kWh a day.
  park = await openPark({ points: 3, accounts: 3, definition: flat('1') });
  ask = openFace(park);
  for (const point of park.points.slice(0, 2)) {
    for (const day of days) await park.intervals(point, day, () => 1000);
  }
  park.after('2026-02-02');
  await settleDue(park.deps, park.project);
  await park.rows(
    "INSERT INTO billing_months (project_id, month, state) VALUES ($1, '2026-01-01', 'closed')",
    [park.project.id],
  );
});
afterAll(() => park.close());
const versionFrom = (effectiveFrom: string, price: string, more: object = {}) =>
  ask('POST', `/tariffs/${park.tariff}/versions`, {
    effectiveFrom,
    definition: flat(price),
    ...more,
  });
const wallet = (i: number) =>
  park.value(
    `SELECT sum(e.amount) FROM entries e JOIN ledger_accounts l ON l.id = e.ledger_account_id
     WHERE l.code = 'wallet' AND l.account_id = $1`,
    [park.accounts[i]],
  );

describe('a version', () => {
  test('that reaches into a closed month says so, and into settled days', async () => {
    expect((await versionFrom('2026-01-31', '2')).body).toMatchObject({
      code: 'month-closed',
      detail: expect.stringContaining('2026-01 is closed'),
    });
    expect((await versionFrom('2026-02-01', '2')).body).toMatchObject({
      code: 'correction-needed',
      detail: expect.stringContaining('2026-02-01 to 2026-02-02'),
    });
    expect((await versionFrom('2026-02-01', '2', { correction: { reason: ' ' } })).status).toBe(
      400,
    );
  });

  test('as a correction posts the difference in the open period, once, whoever comes second', async () => {
    // Foreseen: three days of two points; a version in between would hold up to the next one.
    const reach = `/tariffs/${park.tariff}/settled-days?from=`;
    expect((await ask('GET', `${reach}2026-01-31`)).body).toEqual({ points: 2, days: 6 });
    const both = await Promise.all([
      versionFrom('2026-01-31', '2', { correction }),
      versionFrom('2026-01-31', '3', { correction }),
    ]);
    expect(both.map((a) => a.status).sort()).toEqual([201, 409]);
    const price = Number(both.find((a) => a.status === 201)?.body.definition.components[0].price);
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ corrections: 6 });
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ corrections: 0 });
    expect((await ask('GET', `${reach}2026-01-21`)).body).toEqual({ points: 2, days: 20 });
    expect((await ask('GET', `${reach}2026-02-03`)).body).toEqual({ points: 0, days: 0 });
    expect((await ask('GET', '/tariffs/1/settled-days?from=2026-01-31')).status).toBe(404);
    // 33 days at 1 CNY, of which three now cost more.
    expect(await wallet(0)).toBe(String(33 * 9600 + 3 * 9600 * (price - 1)));
    expect(
      await park.rows(
        `SELECT accounting_date::text AS date, cause ->> 'from' AS first, cause ->> 'to' AS last,
           cause -> 'why' AS why FROM transactions
         WHERE kind = 'correction' AND account_id = $1`,
        [park.accounts[0]],
      ),
    ).toEqual([
      { date: '2026-02-02', first: '2026-01-31', last: '2026-02-02', why: ['wrong tariff'] },
    ]);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('stands in the fee lists of its months, which sum to what the wallet was charged', async () => {
    const mine = park.accounts[0];
    const feesOf = async (query: string) => (await ask('GET', `/fee-lines?${query}`)).body;
    const january = await feesOf(`month=2026-01-01&accounts=${mine}`);
    const february = await feesOf(`month=2026-02-01&accounts=${mine}`);
    expect(january.data).toMatchObject([
      {
        ...{ accountNumber: 'N1', pointCode: 'A1', component: 'energy', days: 30, price: '1' },
        ...{ quantity: 2_880_000, unit: 'wh', amount: { amount: '2880.00', currency: 'CNY' } },
      },
      { days: 1, quantity: 96_000 },
    ]);
    const minor = ({ totals }: { totals: { amount: { amount: string } } }) =>
      Number(totals.amount.amount.replace('.', ''));
    expect(String(minor(january) + minor(february))).toBe(await wallet(0));
    expect(january.totals.count).toBe(2);
    const all = await feesOf('month=2026-01-01');
    expect(all.totals.count).toBe(4);
    expect(minor(all)).toBe(2 * minor(january));
    const first = await feesOf('month=2026-01-01&limit=3');
    const rest = await feesOf(`month=2026-01-01&limit=3&cursor=${first.nextCursor}`);
    expect([...first.data, ...rest.data]).toEqual(all.data);
    expect(rest.nextCursor).toBeNull();
    expect((await feesOf('month=2025-01-01')).data).toEqual([]);
    for (const query of ['', 'month=2026-01-02', 'month=2026-01-01&accounts=1,x']) {
      expect((await ask('GET', `/fee-lines?${query}`)).status).toBe(400);
    }
  });

  test('is listed as a correction, line by line, and as a view', async () => {
    const { body } = await ask('GET', `/corrections?accountId=${park.accounts[0]}&limit=2`);
    expect(body.data).toHaveLength(2);
    expect(body.data[0]).toMatchObject({
      accountNumber: 'N1',
      pointCode: 'A1',
      serviceDay: '2026-02-02',
      accountingDate: '2026-02-02',
      component: 'energy',
      unit: 'wh',
      period: null,
      step: 0,
      oldQuantity: 96_000,
      newQuantity: 96_000,
      oldPrice: '1',
      oldAmount: '96',
      cause: ['wrong tariff'],
    });
    const rest = await ask(
      'GET',
      `/corrections?accountId=${park.accounts[0]}&cursor=${encodeURIComponent(body.nextCursor)}`,
    );
    expect(rest.body.data.map((c: { serviceDay: string }) => c.serviceDay)).toEqual(['2026-01-31']);
    expect(rest.body.nextCursor).toBeNull();
    expect((await ask('GET', '/corrections?to=2026-02-01')).body.data).toEqual([]);
    expect((await ask('GET', '/corrections?cursor=x')).body.code).toBe('invalid-request');
    const seen = await park.postgres.pool.query('SELECT count(*)::int FROM charge_corrections');
    expect(seen.rows).toEqual([{ count: 6 }]);
  });

  test('gives the notice that the version in force promises', async () => {
    const noticed = { ...flat('4'), noticeDays: 30 };
    const tariff = (
      await ask('POST', '/tariffs', {
        name: 'Noticed',
        commodity: 'electricity',
        version: { effectiveFrom: '2026-01-01', definition: noticed },
      })
    ).body.id;
    const next = (effectiveFrom: string) =>
      ask('POST', `/tariffs/${tariff}/versions`, { effectiveFrom, definition: flat('5') });
    expect((await next('2026-03-04')).body).toMatchObject({
      code: 'notice-period',
      detail: expect.stringContaining('2026-03-05'),
    });
    expect((await next('2026-03-05')).status).toBe(201);
  });

  test('needs the permission to correct', async () => {
    const clerk = openFace(park, 'clerk', (permission) => permission !== 'tariff.correct');
    const refused = await clerk('POST', `/tariffs/${park.tariff}/versions`, {
      effectiveFrom: '2026-01-30',
      definition: flat('9'),
      correction,
    });
    expect(refused.body.code).toBe('forbidden');
  });
});

test('an assignment that changes what is settled is a correction too', async () => {
  const other = (
    await ask('POST', '/tariffs', {
      name: 'Other',
      commodity: 'electricity',
      version: { effectiveFrom: '2026-01-01', definition: flat('7') },
    })
  ).body.id;
  const held = { tariffId: other, pointId: park.points[1], from: '2026-02-02' };
  expect((await ask('POST', '/tariff-assignments', held)).body.code).toBe('correction-needed');
  const before = Number(await wallet(1));
  const made = await ask('POST', '/tariff-assignments', { ...held, correction });
  expect(made.status).toBe(201);
  await settleDirty(park.deps, park.project);
  const price = (await ask('GET', `/corrections?pointId=${park.points[1]}`)).body.data[0];
  expect(price).toMatchObject({ newPrice: '7', newAmount: '672', cause: ['wrong tariff'] });
  const end = `/tariff-assignments/${made.body.id}`;
  expect((await ask('PATCH', end, { to: '2026-02-03' })).status).toBe(200);
  expect((await ask('PATCH', end, { to: null })).status).toBe(200);
  expect(Number(await wallet(1)) - before).toBe(67_200 - Number(price.oldAmount) * 100);
  expect(await faultsOf(park)).toEqual([]);
});

describe('what is published', () => {
  const follower = {
    components: [
      {
        kind: 'usage',
        code: 'energy',
        name: 'Energy',
        price: '0.5',
        follows: { index: 'purchase', as: 'factor' },
      },
      {
        kind: 'usage',
        code: 'heat',
        name: 'Heat',
        price: '0.1',
        onlyOnEventDays: 'hot',
      },
    ],
  };
  const amounts = () =>
    park.rows(
      `SELECT s.local_day::text AS day, c.component, c.price::text, c.exact::text FROM settlements s
       JOIN charges c ON c.settlement_id = s.id
       WHERE s.scope_id = $1 AND s.local_day >= '2026-02-03' AND NOT EXISTS (
         SELECT FROM settlements n WHERE n.supersedes = s.id) ORDER BY 1, 2`,
      [park.points[0]],
    );

  test('is waited for, then charged, and charged anew when another value is published', async () => {
    const made = await ask('POST', `/tariffs/${park.tariff}/versions`, {
      effectiveFrom: '2026-02-03',
      definition: follower,
    });
    expect(made.status).toBe(201);
    await park.intervals(park.points[0] ?? '', '2026-02-03', () => 1000);
    park.after('2026-02-03');
    await settleDue(park.deps, park.project);
    const { body } = await ask('GET', '/settlement-waits');
    expect(body.data).toMatchObject([
      { pointCode: 'A1', localDay: '2026-02-03', reason: 'no-index' },
      { pointCode: 'A2', localDay: '2026-02-03', reason: 'no-reading-after' },
    ]);
    const index = (value: string, month = '2026-02') =>
      ask('POST', '/price-indexes', { code: 'purchase', month, value });
    expect((await index('1.23456')).body.code).toBe('invalid-request');
    expect((await index('1.25', '2026-03')).status).toBe(201);
    await settleDue(park.deps, park.project);
    expect(await amounts()).toEqual([]);
    expect((await index('1.25')).status).toBe(201);
    expect(await settleDirty(park.deps, park.project)).toMatchObject({
      headers: 1,
      corrections: 0,
    });
    expect((await ask('GET', '/settlement-waits')).body.totals).toEqual({ count: 1 });
    expect(await amounts()).toEqual([
      { day: '2026-02-03', component: 'energy', price: '0.625', exact: '60' },
    ]);
    expect((await index('1.5')).status).toBe(201);
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ corrections: 1 });
    expect(await amounts()).toMatchObject([{ price: '0.75', exact: '72' }]);
    const listed = await ask('GET', '/price-indexes');
    expect(
      listed.body.data.map((i: { month: string; holds: boolean }) => [i.month, i.holds]),
    ).toEqual([
      ['2026-02', true],
      ['2026-02', false],
      ['2026-03', true],
    ]);
  });

  test('a day put on a list is charged anew, and taken off it again', async () => {
    const day = { list: 'hot', day: '2026-02-03' };
    expect((await ask('POST', '/event-days', day)).status).toBe(201);
    await settleDirty(park.deps, park.project);
    expect(await amounts()).toMatchObject([
      { component: 'energy' },
      { component: 'heat', price: '0.1', exact: '9.6' },
    ]);
    expect((await ask('GET', '/event-days')).body.data).toMatchObject([day]);
    expect((await ask('DELETE', '/event-days/hot/2026-02-03')).status).toBe(200);
    await settleDirty(park.deps, park.project);
    expect(await amounts()).toMatchObject([{ component: 'energy' }]);
    expect((await ask('GET', '/event-days')).body.data).toEqual([]);
    expect(await faultsOf(park)).toEqual([]);
  });
});

test('a sample month says what another version would have cost', async () => {
  const sample = (more: object) =>
    ask('POST', '/tariffs/sample', {
      commodity: 'electricity',
      month: '2026-01',
      pointId: park.points[0],
      ...more,
    });
  // 31 days × 96 kWh = 2976 kWh: 2000 at 0.5, the rest at 0.8; fee 30, demand 4 kW × 10.
  const definition = {
    components: [
      { kind: 'usage', code: 'energy', name: 'Energy', stepPrices: ['0.5', '0.8'] },
      { kind: 'fixed', code: 'fee', name: 'Fee', per: 'month', amount: '30', scope: 'point' },
      { kind: 'demand', code: 'demand', name: 'Demand', price: '10' },
    ],
    steps: {
      period: 'month',
      scope: 'point',
      limits: [2_000_000],
      proRata: 'days',
      order: 'tou-then-steps',
    },
  };
  const { body } = await sample({ definition, against: park.version });
  expect(body.before.total).toEqual({ amount: '2976.00', currency: 'CNY' });
  expect(body.after.lines).toMatchObject([
    { component: 'demand', quantity: 4000, unit: 'w', amount: { amount: '40.00' } },
    { component: 'energy', step: 1, quantity: 2_000_000, amount: { amount: '1000.00' } },
    { component: 'energy', step: 2, quantity: 976_000, amount: { amount: '780.80' } },
    { component: 'fee', unit: 'day', quantity: 31, amount: { amount: '30.00' } },
  ]);
  expect(body.after.total.amount).toBe('1850.80');
  expect(body.difference).toEqual({ amount: '-1125.20', currency: 'CNY' });
  const ofAccount = { pointId: undefined, accountId: park.accounts[0], versionId: park.version };
  expect((await sample(ofAccount)).body.after.total.amount).toBe('2976.00');
  expect((await sample({})).body.code).toBe('invalid-request');
  expect((await sample({ definition: {} })).body.code).toBe('invalid-tariff');
  const check = await ask('POST', '/tariffs/check', { commodity: 'water', definition });
  expect(check.body.faults).toEqual([
    {
      at: '/components/2',
      message: 'component “demand” charges demand, which water has none of',
      code: 'demand-of-water',
      parameters: { component: 'demand' },
    },
  ]);
});

test('a holiday calendar is read, by words of one’s own', async () => {
  const text = 'BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261010\nSUMMARY:Brückentag\nEND:VEVENT';
  const { body } = await ask('POST', '/holidays/parse', { text, words: { workday: ['brücke'] } });
  expect(body).toMatchObject({
    format: 'icalendar',
    days: [{ date: '2026-10-10', kind: 'workday', name: 'Brückentag', line: 1, word: 'brücke' }],
    faults: [],
    words: { workday: ['brücke'], none: ['observance'] },
  });
  const long = await ask('POST', '/holidays/parse', { text: 'x'.repeat(300_001) });
  expect(long.body.code).toBe('invalid-request');
});

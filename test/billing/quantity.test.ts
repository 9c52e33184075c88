/** Sale by quantity: where one energy price holds it is what the quantity costs; else the reason is told. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ask, openFace } from './face.ts';
import { jiangsu } from './jiangsu.ts';
import { assignEach, openPark, type Park } from './park.ts';

let park: Park;
let ask: Ask;
const usage = (more: object) => ({ kind: 'usage', code: 'energy', name: 'Energy', ...more });
const levy = {
  ...{ kind: 'usage', code: 'levy', name: 'Levy', price: '0.0371', treatment: 'on-behalf' },
  ...{ taxCode: 'VAT', taxRate: '0.06', taxIncluded: false },
};
const fee = { kind: 'fixed', code: 'fee', name: 'Fee', per: 'month', amount: '30', scope: 'point' };
const steps = {
  ...{ period: 'month', scope: 'point', limits: [200_000], proRata: 'none' },
  order: 'tou-then-steps',
};
const definitions = [
  { components: [usage({ price: '0.61837' }), levy, fee] },
  jiangsu,
  { components: [usage({ stepPrices: ['0.5', '0.6'] })], steps },
  {
    components: [
      usage({ price: '0.7' }),
      {
        ...{ kind: 'allowance', code: 'free', name: 'Free', quantity: 10_000, price: '0.7' },
        proRata: 'none',
      },
    ],
  },
];
beforeAll(async () => {
  park = await openPark({ points: 4, from: '2026-01-01' });
  await assignEach(park, definitions);
  ask = openFace(park);
  park.now = new Date('2026-02-10T04:00:00Z');
});
afterAll(() => park.close());

const priceOf = async (account: number, query = '') =>
  (await ask('GET', `/accounts/${park.accounts[account]}/single-price${query}`)).body;
let keys = 0;
const sell = (account: number, quantity: number, amount: string) =>
  ask(
    'POST',
    `/accounts/${park.accounts[account]}/sales`,
    {
      ...{ channel: 'transfer', amount: { amount, currency: 'CNY' } },
      quantity: { commodity: 'electricity', quantity },
    },
    { 'idempotency-key': `quantity-${++keys}` },
  );

describe('one price', () => {
  test('is the sum of all prices per quantity with their tax; what comes besides is named', async () => {
    // 0.61837 with its tax within, and 0.0371 with 6 % on top.
    expect(await priceOf(0)).toEqual({
      ...{ commodity: 'electricity', price: '0.657696', obstacle: null, tariffName: 'Own 0' },
      besides: ['Fee'],
    });
  });

  test.each([
    [1, '', 'periods'],
    [2, '', 'steps'],
    [3, '', 'allowance'],
    [0, '?commodity=water', 'no-point'],
  ])('of account %i%s is not there: %s', async (account, query, obstacle) => {
    expect(await priceOf(account, query)).toMatchObject({ price: null, obstacle });
  });

  test('is not there where two points of an account have different ones', async () => {
    const [, , , account = ''] = park.accounts;
    const tenancy = `INSERT INTO tenancies (project_id, account_id, point_id, valid_from)
      VALUES ($1, $2, $3, '2026-02-01')`;
    const point = async (code: string) =>
      await park.value(
        `INSERT INTO points (project_id, code, name, commodity)
         VALUES ($1, $2, 'W', 'water') RETURNING id`,
        [park.project.id, code],
      );
    for (const [i, price] of ['3.1', '3.2'].entries()) {
      const id = await point(`W${i}`);
      await park.rows(tenancy, [park.project.id, account, id]);
      const made = await ask('POST', '/tariffs', {
        ...{ name: `Water ${i}`, commodity: 'water' },
        version: {
          effectiveFrom: '2026-03-01',
          definition: { components: [usage({ price })] },
        },
      });
      expect(made.status).toBe(201);
      await park.rows(
        `INSERT INTO tariff_assignments (project_id, tariff_id, commodity, point_id, valid_from)
         VALUES ($1, $2, 'water', $3, '2026-01-01')`,
        [park.project.id, made.body.id, id],
      );
    }
    expect(await priceOf(3, '?commodity=water')).toMatchObject({ obstacle: 'no-tariff' });
    park.now = new Date('2026-03-10T04:00:00Z');
    expect(await priceOf(3, '?commodity=water')).toMatchObject({ obstacle: 'differs' });
    park.now = new Date('2026-02-10T04:00:00Z');
  });
});

describe('a sale by quantity', () => {
  test('is held to the price that is in force, rounded half to even, and keeps both', async () => {
    // 100.5 kWh × 0.657696 = 66.098448
    const { status, body } = await sell(0, 100_500, '66.10');
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ quantity: 100_500, commodity: 'electricity', price: '0.657696' },
      amount: { amount: '66.10', currency: 'CNY' },
    });
    const paper = await ask('POST', '/receipt-prints', { receipt: body.receipt });
    expect(paper.body).toMatchObject({ quantity: 100_500, price: '0.657696' });
  });

  test('at another amount, or where no single price holds, is refused and says what holds', async () => {
    const count = () => park.value('SELECT count(*) FROM transactions');
    const before = await count();
    const wrong = await sell(0, 100_500, '66.09');
    expect(wrong.body).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('66.10'),
    });
    expect((await sell(1, 1000, '0.70')).body).toMatchObject({
      ...{ code: 'no-single-price', detail: expect.stringMatching(/time of use/) },
    });
    for (const quantity of [0, -1, 1.5, 1e18]) {
      expect((await sell(0, quantity, '1.00')).body.code).toBe('invalid-request');
    }
    // So little that it costs nothing.
    expect((await sell(0, 1, '0.00')).body.code).toBe('invalid-amount');
    expect(await count()).toBe(before);
  });
});

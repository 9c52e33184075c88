/** The face of billing: opening, holding, pricing, selling, and what each refuses. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { type Ask, openFace } from './face.ts';
import { flat, jiangsu } from './jiangsu.ts';
import { faultsOf, openPark, type Park } from './park.ts';

let park: Park;
let ask: Ask;
const cny = (amount: string) => ({ amount, currency: 'CNY' });
beforeAll(async () => {
  park = await openPark({ points: 3, from: '2026-01-01' });
  ask = openFace(park);
  park.now = new Date('2026-02-10T04:00:00Z');
});
afterAll(() => park.close());

const sell = (account: string, sale: object, key: string, face = ask) =>
  face('POST', `/accounts/${account}/sales`, sale, { 'idempotency-key': key });

describe('accounts', () => {
  test('an account is opened with its person and points, told and written down', async () => {
    const spare = await park.value(
      "INSERT INTO points (project_id, code, name, commodity) VALUES ($1, 'B1', 'B', 'water') RETURNING id",
      [park.project.id],
    );
    const { status, body } = await ask('POST', '/accounts', {
      name: 'Xinda',
      nameZh: '鑫达',
      openedOn: '2026-02-01',
      alarm1: cny('500.00'),
      person: { name: 'Wang', phone: '13800000000' },
      pointIds: [spare],
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      number: `N${body.id}`,
      name: 'Xinda',
      nameZh: '鑫达',
      alarm1: cny('500.00'),
      alarm2: null,
      closedOn: null,
      points: [{ id: spare, code: 'B1', from: '2026-01-31T16:00:00.000Z', to: null }],
      balance: null,
    });
    const trail = await park.rows(
      "SELECT action, actor_id FROM audit WHERE subject_id = $1 OR detail ->> 'accountId' = $1 ORDER BY action",
      [body.id],
    );
    expect(trail.map((t) => t.action)).toEqual(['account.opened', 'tenancy.begun']);
    const events = await park.rows('SELECT kind FROM events WHERE subject_id = $1', [body.id]);
    expect(events).toEqual([{ kind: 'account.opened' }]);
  });

  test('the list comes in pages, and another project’s id is not there', async () => {
    const first = await ask('GET', '/accounts?limit=2');
    expect(first.body.data).toHaveLength(2);
    const rest = await ask('GET', `/accounts?limit=5&cursor=${first.body.nextCursor}`);
    expect(rest.body.data).toHaveLength(2);
    expect(rest.body.nextCursor).toBeNull();
    for (const id of ['999999999999', 'x', '0']) {
      expect((await ask('GET', `/accounts/${id}`)).body.code).toBe('not-found');
    }
  });

  test('the list is searched, by state and by what is open, as its page shows it', async () => {
    const all = (await ask('GET', '/accounts')).body.data;
    const found = async (query: string) =>
      (await ask('GET', `/accounts?${query}`)).body.data.map((a: { name: string }) => a.name);
    expect(await found('q=xinDA')).toEqual(['Xinda']);
    expect(await found(`q=${encodeURIComponent(' 鑫达 ')}`)).toEqual(['Xinda']);
    expect(await found('q=b1')).toEqual(['Xinda']);
    expect(await found('q=%25')).toEqual([]);
    expect(await found('q=xinda&state=arrears')).toEqual([]);
    expect((await ask('GET', '/accounts?state=moon')).body.code).toBe('invalid-request');
    const { id, alarm1 } = all.find((a: { name: string }) => a.name === 'Xinda');
    expect(alarm1.amount).toBe('500.00');
    const balance = async (settled: number) => {
      await park.rows('DELETE FROM live_balances WHERE project_id = $1', [park.project.id]);
      await park.rows(
        `INSERT INTO live_balance_generations VALUES ($1, 1, now())
         ON CONFLICT (project_id) DO NOTHING`,
        [park.project.id],
      );
      await park.rows(
        `INSERT INTO live_balances (project_id, generation, account_id, settled_minor,
           provisional_minor, currency)
         SELECT project_id, generation, $2, $3, 100, 'CNY' FROM live_balance_generations
         WHERE project_id = $1`,
        [park.project.id, id, settled],
      );
    };
    for (const [settled, state] of [
      [99, 'arrears'],
      [100, 'alarm2'],
      [50_100, 'alarm1'],
      [50_101, 'opened'],
    ] as const) {
      await balance(settled);
      for (const asked of ['arrears', 'alarm2', 'alarm1', 'opened', 'notOpened']) {
        const names = await found(`q=xinda&state=${asked}`);
        expect([settled, asked, names]).toEqual([settled, asked, asked === state ? ['Xinda'] : []]);
      }
    }
    await park.rows('DELETE FROM live_balances WHERE project_id = $1', [park.project.id]);
    expect(await found('show=open')).toHaveLength(all.length);
    await park.rows("UPDATE accounts SET closed_on = '2026-02-10' WHERE id = $1", [id]);
    expect(await found('show=open')).not.toContain('Xinda');
    expect(await found('show=all&state=notOpened&q=xinda')).toEqual(['Xinda']);
  });

  test('bad input is refused in words', async () => {
    const good = { name: 'A', openedOn: '2026-01-01' };
    for (const [change, code] of [
      [{ name: '' }, 'invalid-request'],
      [{ openedOn: '2026-02-30' }, 'invalid-request'],
      [{ openedOn: '2036-02-01' }, 'invalid-request'],
      [{ alarm1: { amount: '1.005', currency: 'CNY' } }, 'invalid-amount'],
      [{ alarm1: { amount: '1', currency: 'EUR' } }, 'invalid-amount'],
      [{ number: 'N1' }, 'conflict'],
      [{ pointIds: [park.points[0]] }, 'overlap'],
      [{ pointIds: ['123456'] }, 'not-found'],
      [{ surprise: 1 }, 'invalid-request'],
    ] as const) {
      const { body } = await ask('POST', '/accounts', { ...good, ...change });
      expect([change, body.code]).toEqual([change, code]);
    }
  });

  test('an account that holds a point does not close; one that holds none does, and buys no more', async () => {
    const [account = ''] = park.accounts;
    expect((await ask('PATCH', `/accounts/${account}`, { closedOn: '2026-02-01' })).body.code).toBe(
      'conflict',
    );
    const made = await ask('POST', '/accounts', { name: 'Short', openedOn: '2026-01-01' });
    const closed = await ask('PATCH', `/accounts/${made.body.id}`, { closedOn: '2026-02-01' });
    expect(closed.body.closedOn).toBe('2026-02-01');
    const sale = { channel: 'cash', amount: cny('10.00') };
    expect((await sell(made.body.id, sale, 'closed')).body.code).toBe('account-closed');
  });
});

describe('tariffs', () => {
  test('a tariff is made with its version, read back whole, and holds from a day on', async () => {
    const made = await ask('POST', '/tariffs', {
      name: 'Jiangsu',
      commodity: 'electricity',
      version: { effectiveFrom: '2026-03-01', definition: jiangsu },
    });
    expect(made.status).toBe(201);
    expect(made.body.versions[0]).toMatchObject({ version: 1, effectiveFrom: '2026-03-01' });
    expect(made.body.versions[0].definition.calendar.weekend).toEqual([6, 7]);
    const next = await ask('POST', `/tariffs/${made.body.id}/versions`, {
      effectiveFrom: '2026-04-01',
      definition: flat('0.7'),
    });
    expect(next.body.version).toBe(2);
    const again = await ask('POST', `/tariffs/${made.body.id}/versions`, {
      effectiveFrom: '2026-04-01',
      definition: flat('0.8'),
    });
    expect(again.body.code).toBe('conflict');
    const held = { tariffId: made.body.id, from: '2026-03-01' };
    expect((await ask('POST', '/tariff-assignments', held)).body.code).toBe('overlap');
    const one = await ask('POST', '/tariff-assignments', { ...held, pointId: park.points[2] });
    expect(one.body).toMatchObject({ pointId: park.points[2], commodity: 'electricity', to: null });
    const ended = await ask('PATCH', `/tariff-assignments/${one.body.id}`, { to: '2026-03-02' });
    expect(ended.body.to).toBe('2026-03-02');
  });

  test('one that cannot hold is refused with its place', async () => {
    const broken = structuredClone(jiangsu);
    const band = broken.calendar.seasons[0]?.days[0]?.bands[0];
    if (band) band.from = '14:07';
    const { status, body } = await ask('POST', '/tariffs', {
      name: 'Broken',
      commodity: 'electricity',
      version: { effectiveFrom: '2026-03-01', definition: broken },
    });
    expect([status, body.code]).toEqual([422, 'invalid-tariff']);
    expect(body.faults[0].message).toContain('season “summer”, every day, 14:07');
    // A version begins at midnight: another time of the day is refused, and says where.
    const late = await ask('POST', '/tariffs', {
      name: 'Late',
      commodity: 'electricity',
      version: { effectiveFrom: '2026-03-01T00:07', definition: jiangsu },
    });
    expect(late.body).toMatchObject({
      ...{ status: 400, code: 'invalid-request', detail: expect.stringContaining('effectiveFrom') },
    });
    expect((await ask('GET', '/tariffs')).body.data).toHaveLength(2);
  });
});

describe('sales', () => {
  test('twenty at once with one key are one sale with one receipt', async () => {
    const [account = ''] = park.accounts;
    const sale = { channel: 'cash', amount: cny('100.00') };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => sell(account, sale, 'key-1')),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.body).toMatchObject({ receipt: 'R00000001', soldBy: 'Name of cashier-1' });
    expect((await ask('GET', `/accounts/${account}/sales`)).body.totals).toEqual({
      count: 1,
      amount: cny('100.00'),
    });
    expect((await ask('GET', `/accounts/${account}/balance`)).body.settled).toEqual(cny('100.00'));
  });

  test('the key belongs to its body and its actor', async () => {
    const [account = ''] = park.accounts;
    const other = await sell(account, { channel: 'cash', amount: cny('5.00') }, 'key-1');
    expect(other.body.code).toBe('idempotency-key-reused');
    const sale = { channel: 'cash', amount: cny('100.00') };
    const stranger = await sell(account, sale, 'key-1', openFace(park, 'cashier-2'));
    expect(stranger.body.code).toBe('idempotency-key-reused');
    const none = await ask('POST', `/accounts/${account}/sales`, sale);
    expect(none.body.code).toBe('idempotency-key-missing');
  });

  test('receipts have no gaps, whatever fails between', async () => {
    const accounts = park.accounts;
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        sell(
          accounts[i % 3] ?? '',
          { channel: 'online', amount: cny(i % 4 === 0 ? '0.00' : '1.00') },
          `gap-${i}`,
        ),
      ),
    );
    const receipts = (await ask('GET', '/sales')).body.data.map(
      (s: { receipt: string }) => s.receipt,
    );
    expect(receipts.sort()).toEqual(
      Array.from({ length: 10 }, (_, i) => `R${String(i + 1).padStart(8, '0')}`),
    );
  });

  test('a past date is taken while its month is open, a closed one is not, nor the future', async () => {
    const [, account = ''] = park.accounts;
    const at = (soldAt: string) => ({ channel: 'transfer', amount: cny('50.00'), soldAt });
    const past = await sell(account, at('2026-01-15T09:00:00+08:00'), 'past');
    expect(past.status).toBe(201);
    await park.rows(
      "INSERT INTO billing_months (project_id, month, state) VALUES ($1, '2025-12-01', 'closed')",
      [park.project.id],
    );
    expect((await sell(account, at('2025-12-15T09:00:00Z'), 'closed')).body.code).toBe(
      'month-closed',
    );
    expect((await sell(account, at('2026-02-11T09:00:00Z'), 'future')).body.code).toBe(
      'invalid-request',
    );
    const { body } = await ask('GET', `/accounts/${account}/entries`);
    expect(body.data.at(-1)).toMatchObject({
      kind: 'sale',
      accountingDate: '2026-01-15',
      amount: cny('50.00'),
      balance: cny('50.00'),
    });
    const entries = async (query: string) =>
      (await ask('GET', `/accounts/${account}/entries?${query}`)).body.data;
    const january = await entries('from=2026-01-01&to=2026-02-01');
    expect(january).toEqual(body.data.slice(-1));
    expect(await entries('to=2026-01-15')).toEqual([]);
    expect(await entries('group=charges&to=2026-01-16')).toEqual([]);
    expect(await entries('group=sales&to=2026-01-16')).toEqual(january);
    const inJanuary = await ask('GET', '/sales?from=2026-01-01&to=2026-02-01');
    expect(inJanuary.body.totals).toEqual({ count: 1, amount: cny('50.00') });
  });

  test.each(['0', '-5.00', '1e3', '1.005', '99999999999', ''])(
    'an amount of %j is refused',
    async (amount) => {
      const [account = ''] = park.accounts;
      const { body } = await sell(
        account,
        { channel: 'cash', amount: cny(amount) },
        `bad${amount}`,
      );
      expect(body.code).toBe('invalid-amount');
    },
  );
});

describe('what changes settled days', () => {
  const day = '2026-02-09';
  const corrections = () =>
    park.rows(
      `SELECT s.account_id AS account, s.revision, s.slots, e.amount FROM settlements s
       JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
       LEFT JOIN ledger_accounts l ON l.project_id = t.project_id AND l.code = 'wallet'
         AND l.account_id = s.account_id
       LEFT JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
         AND e.ledger_account_id = l.id
       WHERE s.scope_id = $1 AND s.local_day = $2 ORDER BY s.id`,
      [park.points[0], day],
    );

  test('a version that begins in the past has the days since settled anew', async () => {
    const [point = '', other = ''] = park.points;
    for (const p of [point, other]) await park.intervals(p, day, () => 1000);
    await settleDue(park.deps, park.project);
    const before = await corrections();
    expect(before).toHaveLength(1);
    const tariff = (await ask('GET', '/tariffs')).body.data[0].id;
    const version = { effectiveFrom: '2026-02-05', definition: flat('1') };
    const refused = await ask('POST', `/tariffs/${tariff}/versions`, version);
    expect(refused.body).toMatchObject({ status: 409, code: 'correction-needed' });
    const correction = { reason: 'the price of February was entered wrongly' };
    const made = await ask('POST', `/tariffs/${tariff}/versions`, { ...version, correction });
    expect(made.status).toBe(201);
    expect(await settleDirty(park.deps, park.project)).toMatchObject({
      headers: 2,
      corrections: 2,
    });
    const [first, second] = await corrections();
    expect(Number(first?.amount) + Number(second?.amount)).toBe(9600);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('a tenancy that ended earlier gives the rest of the day to the next account', async () => {
    const [point = ''] = park.points;
    const [from = '', , to = ''] = park.accounts;
    const tenancy = (await ask('GET', `/tenancies?pointId=${point}`)).body.data[0];
    expect(tenancy.accountId).toBe(from);
    const noon = '2026-02-09T12:00:00+08:00';
    const off = await ask('PATCH', `/tenancies/${tenancy.id}`, { to: '2026-02-09T12:07:00+08:00' });
    expect(off.body.code).toBe('invalid-request');
    const silent = await ask('PATCH', `/tenancies/${tenancy.id}`, { to: noon });
    expect(silent.body).toMatchObject({ status: 409, code: 'correction-needed' });
    const correction = { reason: 'the keys were handed over at noon' };
    const ended = await ask('PATCH', `/tenancies/${tenancy.id}`, { to: noon, correction });
    expect(ended.status).toBe(200);
    const next = { accountId: to, pointId: point, from: noon };
    expect((await ask('POST', '/tenancies', next)).status).toBe(201);
    expect((await ask('POST', '/tenancies', next)).body.code).toBe('overlap');
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 2 });
    const rows = await corrections();
    expect(rows.slice(2)).toMatchObject([
      { account: from, revision: 3, slots: 48, amount: '-4800' },
      { account: to, revision: 1, slots: 48, amount: '4800' },
    ]);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('charges show the revision in force', async () => {
    const [from = ''] = park.accounts;
    const { body } = await ask('GET', `/accounts/${from}/charges?from=${day}&to=2026-02-10`);
    expect(body.data).toEqual([
      expect.objectContaining({
        serviceDay: day,
        pointCode: 'A1',
        component: 'energy',
        componentName: 'Energy',
        tariffName: 'T',
        period: null,
        quantity: 48000,
        price: '1',
        exact: '48',
        revision: 3,
        provisional: false,
      }),
    ]);
  });
});

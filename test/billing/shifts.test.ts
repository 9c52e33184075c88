/** Shifts: a drawer of their own in the ledger, from the float to the count, and cash on to the bank. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Counter, cny, openCounter } from './counter.ts';
import { openFace } from './face.ts';

let counter: Counter;
beforeAll(async () => {
  counter = await openCounter();
});
afterAll(() => counter.close());

const shiftOf = async (id: string) => (await counter.faces.wang('GET', `/shifts/${id}`)).body;
const open = (who: 'wang' | 'li', float: string) =>
  counter.post(counter.faces[who], '/shifts', { float: cny(float) });
const count = (who: 'wang' | 'li' | 'chen', id: string, counted: string) =>
  counter.post(counter.faces[who], `/shifts/${id}/counts`, { counted: cny(counted) });
const decide = (who: 'wang' | 'chen' | 'key', id: string, decision: string) =>
  counter.post(counter.faces[who], `/shifts/${id}/decisions`, { decision, reason: 'looked at it' });

describe('without a shift', () => {
  test('cash is refused where the project asks for one, other channels are not', async () => {
    const { faces, sell } = counter;
    const before = await counter.trace();
    const refused = await sell(faces.wang, 0, '10.00');
    expect(refused.body).toMatchObject({ status: 409, code: 'shift-needed' });
    expect(await counter.trace()).toEqual(before);
    const online = await sell(faces.wang, 0, '10.00', { channel: 'online' });
    expect(online.body).toMatchObject({ shiftId: null, state: 'sold', prints: 0 });
  });

  test('cash goes into the cashier’s own drawer where the project does not ask, and can be handed in once', async () => {
    const { faces, sell, post, books } = counter;
    await counter.settle({ cashNeedsShift: false });
    expect((await sell(faces.li, 0, '10.00')).body.shiftId).toBeNull();
    expect(await books()).toMatchObject({ 'cash/li': 1000 });
    const empty = () => post(faces.chen, '/cash-movements', { kind: 'hand-in', drawer: 'li' });
    const answers = await Promise.all([empty(), empty(), empty()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(await books()).toMatchObject({ safe: 1000 });
    expect(await books()).not.toHaveProperty('cash/li');
    await counter.settle({ cashNeedsShift: true });
  });
});

describe('a shift', () => {
  let id: string;

  test('takes its float out of a safe that holds it', async () => {
    const { faces, post, books } = counter;
    const before = await counter.trace();
    expect((await open('wang', '200.00')).body).toMatchObject({
      ...{ code: 'conflict', detail: expect.stringContaining('10.00') },
    });
    expect(await counter.trace()).toEqual(before);
    const drawn = await post(faces.chen, '/cash-movements', {
      ...{ kind: 'withdrawal', amount: cny('490.00'), note: 'change money' },
    });
    expect(drawn.body).toMatchObject({ kind: 'withdrawal', movedBy: 'Name of chen' });
    const made = await open('wang', '200.00');
    expect(made.body).toMatchObject({
      ...{ state: 'open', cashierId: 'wang', float: cny('200.00'), expected: cny('200.00') },
      ...{ counted: null, difference: null },
    });
    id = made.body.id;
    expect(await books()).toMatchObject({ [`cash/${id}`]: 20000, safe: 30000, bank: -49000 });
  });

  test('is one per cashier, however often it is asked for at once', async () => {
    expect((await open('wang', '0.00')).body).toMatchObject({ code: 'conflict' });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => open('li', '0.00')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const same = await Promise.all(
      [1, 2].map(() => counter.post(counter.faces.chen, '/shifts', { float: cny('0') }, 'one')),
    );
    expect(same[0]?.body.id).toBe(same[1]?.body.id);
    expect((await count('chen', same[0]?.body.id, '0')).body.state).toBe('closed');
  });

  test('holds what its cashier takes, also by a key of his', async () => {
    const { faces, sell, books } = counter;
    const sale = await sell(faces.wang, 0, '100.00');
    expect(sale.body).toMatchObject({ shiftId: id, channel: 'cash' });
    expect((await sell(faces.key, 1, '50.00')).body.shiftId).toBe(id);
    expect((await sell(faces.wang, 1, '5.00', { channel: 'transfer' })).body.shiftId).toBe(id);
    expect(await books()).toMatchObject({ [`cash/${id}`]: 35000 });
    const handed = await counter.post(faces.wang, `/shifts/${id}/hand-ins`, {
      ...{ amount: cny('150.00'), note: 'too much to keep' },
    });
    expect(handed.body).toMatchObject({ kind: 'hand-in', shiftId: id });
    const shown = await shiftOf(id);
    expect(shown).toMatchObject({
      ...{ receipts: 3, sold: cny('150.00'), returned: cny('0.00'), handedIn: cny('150.00') },
      ...{ expected: cny('200.00'), state: 'open' },
    });
    const sales = await faces.wang('GET', `/sales?shiftId=${id}`);
    expect(sales.body.totals).toEqual({ count: 3, amount: cny('155.00') });
  });

  test('gives no more to the safe than is in it, and only by its own cashier', async () => {
    const { faces, post } = counter;
    const before = await counter.trace();
    const handIn = (face: typeof faces.wang, amount: string) =>
      post(face, `/shifts/${id}/hand-ins`, { amount: cny(amount) });
    expect((await handIn(faces.wang, '200.01')).body.code).toBe('conflict');
    expect((await handIn(faces.li, '1.00')).body.code).toBe('conflict');
    expect((await handIn(faces.wang, '0.00')).body.code).toBe('invalid-amount');
    expect((await handIn(faces.wang, '-1.00')).body.code).toBe('invalid-amount');
    const byShift = { kind: 'hand-in', drawer: id };
    expect((await post(faces.chen, '/cash-movements', byShift)).body.code).toBe('conflict');
    expect(await counter.trace()).toEqual(before);
  });

  test('is counted by its cashier or by who may approve, nobody else', async () => {
    const li = openFace(counter.park, 'li', (permission) => permission !== 'shift.approve');
    const refused = await counter.post(li, `/shifts/${id}/counts`, { counted: cny('1.00') });
    expect(refused.body.code).toBe('conflict');
    expect((await shiftOf(id)).state).toBe('open');
  });

  test('that is short waits for a second person: not the cashier, not his key', async () => {
    const { books, faces, sell } = counter;
    const closed = await count('wang', id, '190.00');
    expect(closed.body).toMatchObject({
      ...{ state: 'counted', expected: cny('200.00'), counted: cny('190.00') },
      ...{ difference: cny('-10.00'), countedBy: 'Name of wang' },
    });
    expect(await books()).toMatchObject({ [`cash/${id}`]: 1000, safe: 64000 });
    expect((await sell(faces.wang, 0, '1.00')).body.code).toBe('shift-needed');
    expect((await count('wang', id, '200.00')).body.code).toBe('conflict');
    for (const who of ['wang', 'key'] as const) {
      expect((await decide(who, id, 'approve')).body.code).toBe('own-approval');
    }
  });

  test('is counted again when the second person asks, and what is then over or short is booked once', async () => {
    const { books } = counter;
    expect((await decide('chen', id, 'recount')).body.state).toBe('recount');
    expect((await decide('chen', id, 'approve')).body.code).toBe('conflict');
    const again = await count('wang', id, '203.00');
    expect(again.body).toMatchObject({
      ...{ state: 'counted', expected: cny('200.00'), difference: cny('3.00') },
    });
    expect(await books()).toMatchObject({ [`cash/${id}`]: -300, safe: 65300 });
    const answers = await Promise.all([1, 2, 3].map(() => decide('chen', id, 'approve')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(await shiftOf(id)).toMatchObject({ state: 'closed', decidedBy: 'Name of chen' });
    const now = await books();
    expect(now).toMatchObject({ safe: 65300, 'over-short/wang': -300 });
    expect(now).not.toHaveProperty(`cash/${id}`);
  });

  test('that is closed while sales come in holds those that came before, and no other', async () => {
    const { faces, sell, books, post } = counter;
    const next = (await open('wang', '0.00')).body.id;
    const [closed, ...sales] = await Promise.all([
      sell(faces.wang, 0, '1.00').then(() =>
        post(faces.wang, `/shifts/${next}/counts`, { counted: cny('1.00') }),
      ),
      ...Array.from({ length: 12 }, () => sell(faces.wang, 1, '1.00')),
    ]);
    const sold = sales.filter(({ status }) => status === 201).length;
    for (const { status, body } of sales) {
      if (status !== 201) expect(body.code).toBe('shift-needed');
    }
    const { sold: cash, state } = await shiftOf(next);
    expect(cash.amount).toBe(`${sold + 1}.00`);
    expect(closed?.body.expected.amount).toBe(`${sold + 1}.00`);
    if (state === 'counted') await decide('chen', next, 'approve');
    expect(await books()).not.toHaveProperty(`cash/${next}`);
    await counter.proves();
  });
});

describe('where one person runs the counter alone', () => {
  test('who counted may approve what is short, and the shift and the log say who did', async () => {
    const { faces, park, post, settle } = counter;
    const own = (await open('wang', '0.00')).body.id;
    await counter.sell(faces.wang, 0, '5.00');
    await count('wang', own, '4.00');
    const before = await counter.trace();
    expect((await decide('wang', own, 'approve')).body.code).toBe('own-approval');
    expect(await counter.trace()).toEqual(before);
    await settle({ singlePersonApproves: true });
    const approved = await decide('wang', own, 'approve');
    expect(approved.body).toMatchObject({
      ...{ state: 'closed', difference: cny('-1.00'), decidedBy: 'Name of wang' },
      approvedBySamePerson: true,
    });
    const logged = await park.rows(
      "SELECT detail FROM audit WHERE action = 'shift.approved' AND subject_id = $1",
      [own],
    );
    expect(logged).toMatchObject([{ detail: { bySamePerson: true } }]);
    const next = (await post(faces.wang, '/shifts', { float: cny('0.00') })).body.id;
    await count('wang', next, '1.00');
    expect((await decide('chen', next, 'approve')).body.approvedBySamePerson).toBe(false);
    await settle({ singlePersonApproves: false });
    await counter.proves();
  });
});

describe('cash to the bank', () => {
  test('leaves the safe, is on its way, and arrives once', async () => {
    const { faces, post, books } = counter;
    const safe = (await books()).safe ?? 0;
    const move = (body: object) => post(faces.chen, '/cash-movements', body);
    const before = await counter.trace();
    expect((await move({ kind: 'deposit', amount: cny('99999.00') })).body.code).toBe('conflict');
    expect(await counter.trace()).toEqual(before);
    const deposit = await move({ kind: 'deposit', amount: cny('600.00'), note: 'bag 17' });
    expect(deposit.body).toMatchObject({ hasArrived: false, note: 'bag 17' });
    expect(await books()).toMatchObject({ safe: safe - 60000, 'bank-transit': 60000 });
    const arrive = () => move({ kind: 'arrival', depositId: deposit.body.id });
    const answers = await Promise.all([arrive(), arrive()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const now = await books();
    expect(now).not.toHaveProperty('bank-transit');
    expect((await move({ kind: 'arrival', depositId: '999999' })).body.code).toBe('not-found');
    const { body } = await faces.chen('GET', '/cash-movements?q=BAG');
    expect(body.data).toMatchObject([{ kind: 'deposit', hasArrived: true }]);
    const cash = (await faces.chen('GET', '/cash')).body.data;
    expect(cash.map((row: { place: string }) => row.place)).toEqual(['safe', 'bank']);
    await counter.proves();
  });
});

describe('bad input', () => {
  test.each([
    ['-0.01', 'invalid-amount'],
    ['1e18', 'invalid-amount'],
    ['1000000000000000000', 'invalid-amount'],
    ['10000000.01', 'invalid-amount'],
    ['1.005', 'invalid-amount'],
  ])('a float of %s is refused', async (amount, code) => {
    const before = await counter.trace();
    expect((await open('wang', amount)).body.code).toBe(code);
    expect(await counter.trace()).toEqual(before);
  });

  test('another currency, a missing key, another project’s shift, a closed month: each is said', async () => {
    const { faces, post, park } = counter;
    const before = await counter.trace();
    const eur = await post(faces.wang, '/shifts', { float: { amount: '1.00', currency: 'EUR' } });
    expect(eur.body.code).toBe('invalid-amount');
    const keyless = await faces.wang('POST', '/shifts', { float: cny('0.00') });
    expect(keyless.body.code).toBe('idempotency-key-missing');
    expect((await count('wang', '999999', '1.00')).body.code).toBe('not-found');
    await park.rows(
      "INSERT INTO billing_months (project_id, month, state) VALUES ($1, '2026-02-01', 'closed')",
      [park.project.id],
    );
    expect((await open('wang', '1.00')).body.code).toBe('month-closed');
    await park.rows('DELETE FROM billing_months');
    expect(await counter.trace()).toEqual(before);
  });

  test('even the owner of the tables cannot open a closed shift or change a count', async () => {
    const { park } = counter;
    await expect(park.rows('UPDATE shifts SET closed_at = NULL')).rejects.toThrow(/stays/);
    await expect(park.rows('UPDATE shifts SET float_minor = 1')).rejects.toThrow(/stays/);
    await expect(park.rows('DELETE FROM shift_counts')).rejects.toThrow(/history/);
  });
});

test('shifts are listed by state, day and any word in them', async () => {
  const { faces } = counter;
  const ids = async (query: string) =>
    (await faces.li('GET', `/shifts?${query}`)).body.data.map(
      (s: { cashier: string }) => s.cashier,
    );
  expect(await ids('q=NAME OF LI')).toEqual(['Name of li']);
  expect(await ids('state=open')).toEqual(['Name of li']);
  expect(await ids('q=looked&state=closed')).toContain('Name of wang');
  expect(await ids('from=2026-02-11')).toEqual([]);
  const first = (await faces.li('GET', '/shifts?limit=1')).body;
  const rest = (await faces.li('GET', `/shifts?cursor=${first.nextCursor}`)).body;
  const all = (await faces.li('GET', '/shifts')).body.data;
  expect([...first.data, ...rest.data]).toEqual(all);
});

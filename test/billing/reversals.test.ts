/** Wrong sales undone: whole, once, by two people where it must be, and always balanced. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Counter, cny, openCounter } from './counter.ts';
import { openFace } from './face.ts';

let counter: Counter;
let shift: string;
beforeAll(async () => {
  counter = await openCounter();
  await counter.settle({ reversalApprovalMinor: 10_000 });
  const made = await counter.post(counter.faces.wang, '/shifts', { float: cny('0') });
  shift = made.body.id;
  await counter.sell(counter.faces.wang, 0, '1000.00', { channel: 'transfer' });
});
afterAll(() => counter.close());

const reverse = (who: keyof Counter['faces'], saleId: string, key?: string) =>
  counter.post(counter.faces[who], `/sales/${saleId}/reversals`, { reason: 'wrong shop' }, key);
const decide = (who: keyof Counter['faces'], id: string, decision: string) =>
  counter.post(counter.faces[who], `/reversals/${id}/decisions`, { decision, reason: 'seen' });
const sale = async (amount: string, more = {}) =>
  (await counter.sell(counter.faces.wang, 0, amount, more)).body;
/** Another day, so that what was reversed today does not count. */
const nextDay = () => {
  counter.park.now = new Date(counter.park.now.getTime() + 86_400_000);
};

describe('a small sale', () => {
  test('is reversed at once, out of the drawer it went into, with a receipt of its own', async () => {
    const { faces, books, park } = counter;
    const before = await books();
    const sold = await sale('30.00');
    const { status, body } = await reverse('wang', sold.id);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ state: 'reversed', receipt: 'RV00000001', saleReceipt: sold.receipt, approval: null },
      ...{ amount: cny('30.00'), reason: 'wrong shop', proposedBy: 'Name of wang', shiftId: shift },
    });
    expect(await books()).toEqual(before);
    const shown = await faces.wang('GET', `/sales?q=${sold.receipt}`);
    expect(shown.body.data).toMatchObject([{ state: 'reversed', reversalId: body.id }]);
    const { body: entries } = await faces.wang('GET', `/accounts/${park.accounts[0]}/entries`);
    expect(entries.data[0]).toMatchObject({
      ...{ kind: 'reversal', amount: cny('-30.00'), balance: cny('1000.00') },
      cause: { channel: 'cash', receipt: 'RV00000001', of: sold.receipt },
    });
    expect((await faces.wang('GET', `/shifts/${shift}`)).body).toMatchObject({
      ...{ sold: cny('30.00'), returned: cny('30.00'), expected: cny('0.00') },
    });
  });

  test('is reversed once: again, at once by two, or with the same key', async () => {
    const sold = await sale('20.00', { channel: 'online' });
    const answers = await Promise.all([
      ...[reverse('wang', sold.id), reverse('li', sold.id), reverse('chen', sold.id)],
      ...[reverse('key', sold.id, 'same'), reverse('key', sold.id, 'same')],
    ]);
    const done = answers.filter(({ status }) => status === 201);
    expect(new Set(done.map(({ body }) => body.id)).size).toBe(1);
    for (const { status, body } of answers) {
      if (status !== 201) expect([status, body.code]).toEqual([409, 'already-reversed']);
    }
    const before = await counter.trace();
    expect((await reverse('wang', sold.id)).body.code).toBe('already-reversed');
    expect(await counter.trace()).toEqual(before);
  });

  test('sums up: what one person reverses alone in a day stays below the limit', async () => {
    const [first, second] = [await sale('60.00'), await sale('60.00')];
    nextDay();
    const both = await Promise.all([reverse('wang', first.id), reverse('key', second.id)]);
    expect(both.map(({ body }) => body.state).sort()).toEqual(['reversed', 'waiting']);
    const waiting = both.find(({ body }) => body.state === 'waiting')?.body;
    expect(waiting).toMatchObject({ approval: 'day', receipt: null, decidedBy: null });
    expect((await decide('wang', waiting.id, 'withdraw')).body.state).toBe('withdrawn');
  });
});

describe('a large sale', () => {
  test('waits for a second person, who is neither its proposer nor a key of his', async () => {
    const sold = await sale('500.00');
    const books = await counter.books();
    const { body } = await reverse('wang', sold.id);
    expect(body).toMatchObject({ state: 'waiting', approval: 'amount', transactionId: null });
    expect(await counter.books()).toEqual(books);
    expect((await reverse('li', sold.id)).body.code).toBe('conflict');
    for (const who of ['wang', 'key'] as const) {
      expect((await decide(who, body.id, 'approve')).body.code).toBe('own-approval');
    }
    expect((await decide('chen', body.id, 'withdraw')).body.code).toBe('forbidden');
    const cashier = openFace(counter.park, 'li', (p) => p !== 'reversal.approve');
    const path = `/reversals/${body.id}/decisions`;
    const refused = await counter.post(cashier, path, { decision: 'approve', reason: 'x' });
    expect(refused.body.code).toBe('forbidden');
    const answers = await Promise.all([1, 2, 3].map(() => decide('chen', body.id, 'approve')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const done = (await counter.faces.chen('GET', `/reversals/${body.id}`)).body;
    expect(done).toMatchObject({
      ...{ state: 'reversed', decidedBy: 'Name of chen', decisionReason: 'seen', shiftId: shift },
    });
  });

  test('that was rejected or withdrawn stands, and may be asked for again', async () => {
    const sold = await sale('400.00', { channel: 'transfer' });
    const first = await reverse('wang', sold.id);
    expect((await decide('chen', first.body.id, 'reject')).body.state).toBe('rejected');
    expect((await decide('chen', first.body.id, 'approve')).body.code).toBe('conflict');
    const second = await reverse('li', sold.id);
    expect((await decide('chen', second.body.id, 'approve')).body.state).toBe('reversed');
  });

  test('also a small one waits when the wallet would owe', async () => {
    const { park, sell, faces } = counter;
    nextDay();
    const sold = (await sell(faces.wang, 2, '50.00', { channel: 'transfer' })).body;
    await counter.balances(1);
    const { body } = await reverse('wang', sold.id);
    expect(body).toMatchObject({ approval: 'overdrawn', accountId: park.accounts[2] });
    expect((await decide('chen', body.id, 'approve')).body.state).toBe('reversed');
    const balance = (await faces.wang('GET', `/accounts/${park.accounts[2]}/balance`)).body;
    expect(balance).toMatchObject({ settled: cny('0.00'), live: cny('-0.01') });
  });
});

describe('where one person runs the counter alone', () => {
  test('who wanted a large reversal may approve it, and the decision, its paper and the log say so', async () => {
    const { faces, park, post, settle } = counter;
    nextDay();
    const sold = await sale('300.00', { channel: 'transfer' });
    const { body } = await reverse('wang', sold.id);
    const before = await counter.trace();
    expect((await decide('wang', body.id, 'approve')).body.code).toBe('own-approval');
    expect(await counter.trace()).toEqual(before);
    await settle({ singlePersonApproves: true });
    const done = (await decide('wang', body.id, 'approve')).body;
    expect(done).toMatchObject({ state: 'reversed', approvedBySamePerson: true });
    const paper = await post(faces.wang, '/receipt-prints', { receipt: done.receipt });
    expect(paper.body).toMatchObject({ kind: 'reversal', approvedBySamePerson: true });
    const undone = await post(faces.wang, '/receipt-prints', { receipt: sold.receipt });
    expect(undone.body).toMatchObject({ kind: 'sale', reversedBy: done.receipt });
    const logged = await park.rows(
      "SELECT detail FROM audit WHERE action = 'sale.reversed' AND detail ->> 'receipt' = $1",
      [done.receipt],
    );
    expect(logged).toMatchObject([{ detail: { bySamePerson: true } }]);
    const other = await sale('300.00', { channel: 'transfer' });
    const wish = (await reverse('wang', other.id)).body;
    expect((await decide('chen', wish.id, 'approve')).body.approvedBySamePerson).toBe(false);
    // Small enough for one person by the rules: nothing is said of a second one.
    const small = await sale('1.00', { channel: 'transfer' });
    const at = (await reverse('wang', small.id)).body;
    expect(at).toMatchObject({ state: 'reversed', approvedBySamePerson: false });
    await settle({ singlePersonApproves: false });
  });
});

describe('cash', () => {
  test('of a closed shift comes out of the open drawer of who wants it back, if that holds it', async () => {
    const { faces, post, sell, books } = counter;
    nextDay();
    const sold = await sale('40.00');
    const { expected } = (await faces.wang('GET', `/shifts/${shift}`)).body;
    expect((await post(faces.wang, `/shifts/${shift}/counts`, { counted: expected })).status).toBe(
      201,
    );
    const before = await counter.trace();
    expect((await reverse('wang', sold.id)).body.code).toBe('shift-needed');
    const next = (await post(faces.wang, '/shifts', { float: cny('0') })).body.id;
    const without = await reverse('wang', sold.id);
    expect(without.body).toMatchObject({
      code: 'conflict',
      detail: expect.stringMatching(/drawer/),
    });
    await sell(faces.wang, 1, '40.00');
    expect((await reverse('wang', sold.id)).body).toMatchObject({
      ...{ state: 'reversed', shiftId: next },
    });
    expect(await books()).not.toHaveProperty(`cash/${next}`);
    expect(before).not.toEqual(await counter.trace());
    shift = next;
  });
});

describe('bad input', () => {
  test('no reason, no key, another project’s sale, a closed account, a closed month: each is said', async () => {
    const { faces, post, park } = counter;
    const sold = (await counter.sell(faces.wang, 1, '7.00', { channel: 'transfer' })).body;
    const before = await counter.trace();
    const path = `/sales/${sold.id}/reversals`;
    expect((await post(faces.wang, path, {})).body.code).toBe('invalid-request');
    expect((await post(faces.wang, path, { reason: '  ' })).body.code).toBe('invalid-request');
    const keyless = await faces.wang('POST', path, { reason: 'x' });
    expect(keyless.body.code).toBe('idempotency-key-missing');
    expect((await reverse('wang', '999999')).body.code).toBe('not-found');
    expect((await decide('chen', '999999', 'approve')).body.code).toBe('not-found');
    await park.rows("UPDATE accounts SET closed_on = '2026-02-10' WHERE id = $1", [
      park.accounts[1],
    ]);
    expect((await reverse('wang', sold.id)).body.code).toBe('account-closed');
    await park.rows('UPDATE accounts SET closed_on = NULL');
    await park.rows(
      "INSERT INTO billing_months (project_id, month, state) VALUES ($1, '2026-02-01', 'closed')",
      [park.project.id],
    );
    expect((await reverse('wang', sold.id)).body.code).toBe('month-closed');
    await park.rows('DELETE FROM billing_months');
    expect(await counter.trace()).toEqual(before);
  });

  test('leaves a ledger that proves itself, receipts without gaps, and a list that foots', async () => {
    await counter.proves();
    const { body } = await counter.faces.chen('GET', '/reversals?state=reversed');
    const receipts = body.data.map((r: { receipt: string }) => r.receipt).sort();
    expect(receipts).toEqual(
      receipts.map((_: string, i: number) => `RV${String(i + 1).padStart(8, '0')}`),
    );
    expect(body.totals.count).toBe(receipts.length);
    const cents = body.data.map(
      (r: { amount: { amount: string } }) => Number(r.amount.amount) * 100,
    );
    const sum = cents.reduce((a: number, b: number) => a + b, 0);
    expect(Number(body.totals.amount.amount) * 100).toBe(sum);
    const found = await counter.faces.chen('GET', '/reversals?q=seen&state=rejected');
    expect(found.body.data).toHaveLength(1);
  });
});

/** Refunds: never more than can be refunded, once however it is sent, and receipts printed and counted. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../patience.ts';
import { type Counter, cny, openCounter } from './counter.ts';

let counter: Counter;
beforeAll(async () => {
  counter = await openCounter();
  await counter.read(0);
  await counter.balances();
});
afterAll(() => counter.close());

const refundTo = (account: number, amount: string, more: object = {}, key?: string) =>
  counter.post(
    counter.faces.wang,
    `/accounts/${counter.park.accounts[account]}/refunds`,
    { channel: 'transfer', amount: cny(amount), reason: 'moves out', ...more },
    key,
  );
const refundable = async (account: number) =>
  (await counter.faces.wang('GET', `/accounts/${counter.park.accounts[account]}/refundable`)).body;
const buy = (account: number, amount: string, channel: string) =>
  counter.sell(counter.faces.wang, account, amount, { channel });

describe('what can be refunded', () => {
  test('is the live balance while everything is read and cleared', async () => {
    await buy(0, '100.00', 'transfer');
    expect(await refundable(0)).toEqual({
      ...{ refundable: cny('100.00'), unknown: null, live: cny('100.00'), silentHours: 0 },
      ...{ reserve: cny('0.00'), inTransit: cny('0.00'), onMeter: cny('0.00') },
      ...{ uncleared: cny('0.00'), disputed: cny('0.00') },
      channels: [
        { channel: 'cash', amount: cny('0.00') },
        { channel: 'transfer', amount: cny('100.00') },
        { channel: 'online', amount: cny('0.00') },
      ],
    });
  });

  test('is less by what is provisional, by what silent hours may have used, and by what has not cleared', async () => {
    await counter.balances(1_000);
    expect((await refundable(0)).refundable).toEqual(cny('90.00'));
    // Ten hours at 1.50 an hour, and a minute begun is a cent begun.
    await counter.read(601);
    expect(await refundable(0)).toMatchObject({
      ...{ silentHours: 10.02, reserve: cny('15.03'), refundable: cny('74.97') },
    });
    await counter.read(0);
    await buy(0, '40.00', 'online');
    expect(await refundable(0)).toMatchObject({
      ...{ live: cny('130.00'), uncleared: cny('40.00'), refundable: cny('90.00') },
    });
    await counter.settle({ unclearedHours: 0 });
    expect((await refundable(0)).refundable).toEqual(cny('130.00'));
    await counter.settle({ unclearedHours: 24 });
  });

  test('is less by a payment in dispute, counted once, until the dispute is over', async () => {
    const { park, faces, post, settle } = counter;
    const path = `/accounts/${park.accounts[0]}/disputes`;
    const { body: sale } = await buy(0, '25.00', 'online');
    const until = new Date(park.now.getTime() + 3_600_000).toISOString();
    const raise = (receipt: string, account = path) =>
      post(faces.wang, account, { reason: 'the payer’s bank asks it back', until, receipt });
    await settle({ unclearedHours: 24 });
    const { refundable: before } = await refundable(0);
    const raised = await raise(sale.receipt);
    expect([raised.status, raised.body.disputes[0].payment]).toEqual([
      ...[201, { receipt: sale.receipt, amount: cny('25.00') }],
    ]);
    // It had not cleared either: it is held back as one of the two.
    expect(await refundable(0)).toMatchObject({
      ...{ uncleared: cny('40.00'), disputed: cny('25.00'), refundable: before },
    });
    await settle({ unclearedHours: 0 });
    const { refundable: left, live } = await refundable(0);
    expect([live, left]).toEqual([cny('155.00'), cny('130.00')]);
    expect((await refundTo(0, '130.01')).body.code).toBe('not-refundable');
    const elsewhere = `/accounts/${park.accounts[1]}/disputes`;
    expect([(await raise(sale.receipt)).status, (await raise('none')).status]).toEqual([409, 404]);
    expect((await raise(sale.receipt, elsewhere)).status).toBe(404);
    const [dispute] = raised.body.disputes;
    await post(faces.wang, `${path}/${dispute.id}/end`, { reason: 'it was a mistake' });
    expect(await refundable(0)).toMatchObject({
      ...{ disputed: cny('0.00'), refundable: cny('155.00') },
    });
    // One that ends by its date holds nothing back after it; one about no payment never does.
    await raise(sale.receipt);
    expect((await refundable(0)).refundable).toEqual(cny('130.00'));
    await post(faces.wang, path, { reason: 'the bill is contested', until });
    expect((await refundable(0)).refundable).toEqual(cny('130.00'));
    const undone = await post(faces.wang, `/sales/${sale.id}/reversals`, { reason: 'asked back' });
    expect([undone.status, undone.body.state]).toEqual([201, 'reversed']);
    expect(await refundable(0)).toMatchObject({ disputed: cny('0.00'), live: cny('130.00') });
    await settle({ unclearedHours: 24 });
  });

  test('is less by what a meter holds or what is on its way there', async () => {
    const { park } = counter;
    const [account] = park.accounts;
    const legs = ['in-transit', 'on-meter', 'wallet'];
    const move = async (sign: number) => {
      await park.rows(
        `INSERT INTO ledger_accounts (project_id, code, account_id, currency)
       SELECT $1, c, $2, 'CNY' FROM unnest($3::text[]) c ON CONFLICT DO NOTHING`,
        [park.project.id, account, legs],
      );
      const transaction = await park.value(
        `INSERT INTO transactions (project_id, kind, account_id, accounting_date)
       VALUES ($1, 'transfer', $2, '2026-02-10') RETURNING id`,
        [park.project.id, account],
      );
      await park.rows(
        `INSERT INTO entries (project_id, transaction_id, leg, ledger_account_id, amount, currency)
       SELECT $1, $2, row_number() OVER (), l.id, $4 * v.amount, 'CNY' FROM ledger_accounts l
       JOIN (VALUES ('in-transit', -300), ('on-meter', -700), ('wallet', 1000)) v (code, amount)
         ON v.code = l.code WHERE l.project_id = $1 AND l.account_id = $3`,
        [park.project.id, transaction, account, sign],
      );
    };
    await move(1);
    expect(await refundable(0)).toMatchObject({
      ...{ live: cny('130.00'), inTransit: cny('3.00'), onMeter: cny('7.00') },
      refundable: cny('80.00'),
    });
    await move(-1);
  });

  test('is not known before a balance is computed, nor of a point that nobody ever read', async () => {
    const { park } = counter;
    await park.rows('DELETE FROM live_balances');
    expect(await refundable(1)).toMatchObject({ refundable: null, unknown: 'no-balance' });
    expect((await refundTo(1, '1.00')).body).toMatchObject({ status: 503, code: 'not-built' });
    await counter.balances();
    await park.rows('UPDATE live_balances SET charge_per_hour = NULL');
    await park.rows('DELETE FROM meter_states');
    expect(await refundable(1)).toMatchObject({ refundable: null, unknown: 'never-read' });
    expect((await refundTo(1, '1.00')).body.code).toBe('not-refundable');
    await counter.read(0);
    await counter.balances();
  });
});

describe('a refund', () => {
  test('goes out of the wallet and the bank, with a receipt and what it was measured against', async () => {
    const { books, faces, park } = counter;
    const before = await books();
    const { status, body } = await refundTo(0, '20.00');
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ receipt: 'RF00000001', channel: 'transfer', amount: cny('20.00'), shiftId: null },
      ...{ reason: 'moves out', refundedBy: 'Name of wang', prints: 0 },
    });
    const after = await books();
    expect([after.wallet, after.bank]).toEqual([
      (before.wallet ?? 0) + 2000,
      (before.bank ?? 0) - 2000,
    ]);
    const basis = await park.value('SELECT basis FROM refunds WHERE id = $1', [body.id]);
    expect(basis).toBeDefined();
    const balance = (await faces.wang('GET', `/accounts/${park.accounts[0]}/balance`)).body;
    expect(balance.live).toEqual(cny('120.00'));
  });

  test('of two operators at once never gives more than there is', async () => {
    await buy(2, '100.00', 'transfer');
    const { faces, post, park } = counter;
    const path = `/accounts/${park.accounts[2]}/refunds`;
    const body = { channel: 'transfer', amount: cny('60.00'), reason: 'moves out' };
    const answers = await Promise.all(
      [faces.wang, faces.li, faces.chen, faces.key].map((face) => post(face, path, body)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    for (const { status, body: answer } of answers) {
      if (status !== 201) expect(answer.code).toBe('not-refundable');
    }
    expect((await refundable(2)).refundable).toEqual(cny('40.00'));
  });

  test('of fifty at once gives exactly what there is for, one after the other (fault 37)', async () => {
    const before = await counter.books();
    // 40.00 are left: of fifty times 4.00 there are ten.
    const answers = await Promise.all(Array.from({ length: 50 }, () => refundTo(2, '4.00')));
    const codes = answers.map(({ status, body }) => (status === 201 ? 'refunded' : body.code));
    expect(codes.filter((code) => code === 'refunded')).toHaveLength(10);
    expect(codes.filter((code) => code === 'not-refundable')).toHaveLength(40);
    expect((await refundable(2)).refundable).toEqual(cny('0.00'));
    const after = await counter.books();
    expect((after.bank ?? 0) - (before.bank ?? 0)).toBe(-4000);
    await counter.proves();
    await buy(2, '40.00', 'transfer');
  });

  test('sent ten times with one key is one, and a key is of one content', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refundTo(2, '5.00', {}, 'refund-once')),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.status).toBe(201);
    expect((await refundTo(2, '6.00', {}, 'refund-once')).body.code).toBe('idempotency-key-reused');
    expect((await refundable(2)).refundable).toEqual(cny('35.00'));
  });

  test('cut off in the middle leaves nothing, and sent again is booked once', async () => {
    const { park } = counter;
    const before = await counter.trace();
    const owner = new pg.Client({ connectionString: park.urls.owner });
    await owner.connect();
    let cut: Promise<number | string> | undefined;
    try {
      await owner.query('BEGIN');
      // It waits for its receipt, the posting not yet written, when its connection is cut.
      await owner.query("SELECT 1 FROM document_series WHERE series = 'refund' FOR UPDATE");
      cut = refundTo(2, '10.00', {}, 'cut').then(
        ({ status }) => status,
        () => 'broken',
      );
      await eventually(async () => {
        // By another connection: within one transaction it would see the same activity for ever.
        const found = await park.rows(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'
             AND query LIKE '%document_series%' AND pid <> pg_backend_pid()`,
        );
        return found.length === 1;
      });
    } finally {
      await owner.end();
    }
    expect(await cut).not.toBe(201);
    expect(await counter.trace()).toEqual(before);
    expect((await refundTo(2, '10.00', {}, 'cut')).status).toBe(201);
    expect((await refundTo(2, '10.00', {}, 'cut')).status).toBe(201);
    expect((await refundable(2)).refundable).toEqual(cny('25.00'));
  });

  test('goes back the way it came, or says why not', async () => {
    const { faces, post } = counter;
    const before = await counter.trace();
    const wrong = await refundTo(2, '5.00', { channel: 'online' });
    expect(wrong.body).toMatchObject({
      code: 'conflict',
      detail: expect.stringMatching(/came by/),
    });
    const cash = { channel: 'cash', otherChannelReason: 'the bank account is closed' };
    expect((await refundTo(2, '5.00', cash)).body.code).toBe('shift-needed');
    expect(await counter.trace()).toEqual(before);
    const shift = (await post(faces.wang, '/shifts', { float: cny('0') })).body.id;
    const empty = await refundTo(2, '5.00', cash);
    expect(empty.body).toMatchObject({ code: 'conflict', detail: expect.stringMatching(/drawer/) });
    await buy(0, '8.00', 'cash');
    expect((await refundTo(2, '5.00', cash)).body).toMatchObject({
      ...{ shiftId: shift, otherChannelReason: 'the bank account is closed' },
    });
    expect(await counter.books()).toMatchObject({ [`cash/${shift}`]: 300 });
  });

  test('after it the sale can still be reversed, by two people, since the wallet would owe', async () => {
    const { faces, post } = counter;
    const sold = (await buy(1, '30.00', 'transfer')).body;
    expect((await refundTo(1, '30.00')).status).toBe(201);
    expect((await refundTo(1, '0.01')).body.code).toBe('not-refundable');
    const wish = await post(faces.wang, `/sales/${sold.id}/reversals`, { reason: 'wrong' });
    expect(wish.body).toMatchObject({ state: 'waiting', approval: 'overdrawn' });
  });
});

describe('bad input', () => {
  test.each([
    ['0', 'invalid-amount'],
    ['0.00', 'invalid-amount'],
    ['-5.00', 'invalid-amount'],
    ['1e18', 'invalid-amount'],
    ['1000000000000000000', 'invalid-amount'],
    ['1.005', 'invalid-amount'],
    ['', 'invalid-amount'],
    ['99999.00', 'not-refundable'],
  ])('a refund of %j is refused', async (amount, code) => {
    const before = await counter.trace();
    expect((await refundTo(2, amount)).body.code).toBe(code);
    expect(await counter.trace()).toEqual(before);
  });

  test('another currency, no reason, no key, another project’s account, a closed account or month', async () => {
    const { park, faces } = counter;
    const before = await counter.trace();
    const eur = { amount: { amount: '1.00', currency: 'EUR' } };
    expect((await refundTo(2, '1.00', eur)).body.code).toBe('invalid-amount');
    expect((await refundTo(2, '1.00', { reason: '' })).body.code).toBe('invalid-request');
    const path = `/accounts/${park.accounts[2]}/refunds`;
    const body = { channel: 'transfer', amount: cny('1.00'), reason: 'x' };
    expect((await faces.wang('POST', path, body)).body.code).toBe('idempotency-key-missing');
    const other = await counter.post(faces.wang, '/accounts/999999/refunds', body);
    expect(other.body.code).toBe('not-found');
    expect((await faces.wang('GET', '/accounts/999999/refundable')).body.code).toBe('not-found');
    await park.rows("UPDATE accounts SET closed_on = '2026-02-10' WHERE id = $1", [
      park.accounts[2],
    ]);
    expect((await refundTo(2, '1.00')).body.code).toBe('account-closed');
    await park.rows('UPDATE accounts SET closed_on = NULL');
    await park.rows(
      "INSERT INTO billing_months (project_id, month, state) VALUES ($1, '2026-02-01', 'closed')",
      [park.project.id],
    );
    expect((await refundTo(2, '1.00')).body.code).toBe('month-closed');
    await park.rows('DELETE FROM billing_months');
    expect(await counter.trace()).toEqual(before);
  });
});

describe('receipts', () => {
  test('are printed once as they are, and every later print says and counts that it is one', async () => {
    const { faces, park } = counter;
    const print = (receipt: string) => faces.wang('POST', '/receipt-prints', { receipt });
    const first = await print('R00000001');
    expect(first.body).toMatchObject({
      ...{ kind: 'sale', copy: 1, isReprint: false, amount: cny('100.00'), serials: ['S1'] },
      ...{ accountNumber: 'N1', issuer: { name: 'L', nameZh: null, taxId: null } },
    });
    const more = await Promise.all([1, 2, 3].map(() => print('R00000001')));
    expect(more.map(({ body }) => body.copy).sort()).toEqual([2, 3, 4]);
    expect(more.every(({ body }) => body.isReprint)).toBe(true);
    const shown = await faces.wang('GET', '/sales?q=R00000001');
    expect(shown.body.data[0].prints).toBe(4);
    expect((await print('RF00000001')).body).toMatchObject({ kind: 'refund', note: 'moves out' });
    // What is left as security has a paper, too, and so has what moves no money.
    const deposits = `/accounts/${park.accounts[0]}/deposits`;
    const deposit = { kind: 'taken', amount: cny('9.00'), channel: 'transfer' };
    const taken = await counter.post(faces.wang, deposits, deposit);
    const offset = { ...deposit, kind: 'offset', channel: null };
    const set = await counter.post(faces.wang, deposits, offset);
    const papers = await Promise.all([taken, set].map(({ body }) => print(body.receipt)));
    expect(papers.map(({ body }) => [body.kind, body.channel, body.amount])).toEqual([
      ['deposit-taken', 'transfer', cny('9.00')],
      ['deposit-offset', null, cny('9.00')],
    ]);
    expect((await print('R99999999')).body.code).toBe('not-found');
    expect((await print('<script>')).body.code).toBe('invalid-request');
    expect(await park.value("SELECT count(*) FROM audit WHERE action = 'receipt.reprinted'")).toBe(
      '3',
    );
  });

  test('of refunds have no gaps, and the list foots and is searched', async () => {
    await counter.proves();
    const { body } = await counter.faces.wang('GET', '/refunds');
    const receipts = body.data.map((r: { receipt: string }) => r.receipt).sort();
    expect(receipts).toEqual(
      receipts.map((_: string, i: number) => `RF${String(i + 1).padStart(8, '0')}`),
    );
    expect(body.totals).toEqual({ count: receipts.length, amount: cny('170.00') });
    const found = await counter.faces.wang('GET', '/refunds?q=BANK ACCOUNT');
    expect(found.body.totals).toEqual({ count: 1, amount: cny('5.00') });
    const { park } = counter;
    // By the meter that the account had then, its point, and whom the office calls.
    const owner = park.accounts[2] ?? '';
    await park.rows(
      `WITH person AS (INSERT INTO people (project_id, name, phone) VALUES ($1, 'Wu', '13712345678')
         RETURNING id) UPDATE accounts SET person_id = person.id FROM person WHERE accounts.id = $2`,
      [park.project.id, owner],
    );
    const all = body.data.filter((r: { accountId: string }) => r.accountId === owner).length;
    expect(all).toBeGreaterThan(0);
    for (const q of ['s3', 'A3', '2345']) {
      const by = await counter.faces.wang('GET', `/refunds?q=${q}`);
      expect([q, by.body.totals.count]).toEqual([q, all]);
      expect((await counter.faces.wang('GET', `/sales?q=${q}`)).body.data[0]?.accountId).toBe(
        owner,
      );
    }
    expect((await counter.faces.wang('GET', '/reversals?q=s9')).body.data).toEqual([]);
    const sum = await counter.faces.wang('GET', '/refunds?q=60.00');
    expect(sum.body.data).toHaveLength(1);
  });
});

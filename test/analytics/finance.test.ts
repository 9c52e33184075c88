/** The sales report against an independent sum of a ledger made at random, and its proof against faults. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDays, daysBetween, type LocalDay } from '../../sql/local-day.ts';
import { formatMinor } from '../../sql/money.ts';
import { type Ledger, openLedger, type TestTransaction, walletGain } from './ledger.ts';
import { expectPageInFiles } from './page-and-file.ts';
import { openPark, type Park } from './park.ts';
import { seeded } from './seeded.ts';

// A zone whose clock goes back on 25 October: that day has 25 hours.
const zone = 'Europe/Berlin';
const SEED = 20_261_127;
const first = '2026-10-22';
const end = '2026-11-04';
const cashiers = ['Wang Mei', 'Liu Fang'];
const channels = ['cash', 'transfer', 'online'] as const;

let park: Park;
let project: string;
let ledger: Ledger;
let at: string;
let nextReceipt = 1;

beforeAll(async () => {
  park = await openPark();
  project = await park.project(zone);
  at = `/projects/${project}/reports/finance`;
  ledger = openLedger(park, { project, zone });
  await fill();
  await park.export(project, zone, true);
});
afterAll(() => park.close());

async function fill(): Promise<void> {
  const random = seeded(SEED);
  const whole = (below: number) => Math.floor(random() * below);
  const accounts: string[] = [];
  for (const number of ['1', '2', '3']) accounts.push(await ledger.account(number));
  for (const day of daysBetween(first, end)) {
    for (let sale = whole(4); sale > 0; sale--) {
      const accountId = accounts[whole(3)] ?? '';
      const transactionId = await ledger.sell({
        accountId,
        channel: channels[whole(3)] ?? 'cash',
        amount: 100 + whole(500_000),
        soldBy: cashiers[whole(2)] ?? '',
        receipt: nextReceipt++,
        day,
        // The first and the last minute of the local day, and any between.
        minute: [0, 24 * 60 - 1 + (day === '2026-10-25' ? 60 : 0), whole(1400)][whole(3)] ?? 0,
      });
      if (whole(6) === 0) await undo(transactionId, addDays(day, whole(3)));
    }
    for (const accountId of accounts) {
      const amount = 1 + whole(90_000);
      const tax = whole(amount);
      await ledger.post({
        kind: whole(5) === 0 ? 'correction' : 'settlement',
        accountId,
        day,
        legs: [
          { code: 'wallet', accountId, amount: whole(5) === 0 ? -amount : amount },
          { code: 'tax', detail: 'vat 0.13', amount: 0 },
        ]
          .map((leg, i, [wallet]) =>
            i === 0 ? leg : { ...leg, amount: Math.sign(wallet?.amount ?? 0) * -tax },
          )
          .flatMap((leg, i, both) =>
            i === 0
              ? [
                  leg,
                  {
                    code: 'revenue',
                    detail: 'energy',
                    amount: -both.reduce((s, l) => s + l.amount, 0),
                  },
                ]
              : [leg],
          ),
      });
    }
    if (whole(4) === 0) {
      const accountId = accounts[whole(3)] ?? '';
      const amount = 1 + whole(20_000);
      await ledger.post({
        kind: 'refund',
        accountId,
        day,
        legs: [
          { code: 'wallet', accountId, amount },
          { code: whole(2) ? 'bank' : 'safe', amount: -amount },
        ],
      });
    }
    if (whole(4) === 0) {
      const accountId = accounts[whole(3)] ?? '';
      const amount = whole(2_000) - 1_000;
      const adjusted = await ledger.post({
        kind: (['write-off', 'adjustment', 'transfer'] as const)[whole(3)] ?? 'adjustment',
        accountId,
        day,
        legs: [
          { code: 'wallet', accountId, amount },
          { code: 'adjustment', amount: -amount },
        ],
      });
      // Undoing what moved no money is no reversal of a sale.
      if (whole(2) === 0) await undo(adjusted, day);
    }
  }
}

async function undo(transactionId: string, day: LocalDay): Promise<void> {
  const done = ledger.transactions.find(({ id }) => id === transactionId);
  if (!done) throw new Error('nothing to undo');
  await ledger.post({
    kind: 'reversal',
    accountId: done.accountId,
    day,
    reverses: transactionId,
    legs: done.legs.map((leg) => ({ ...leg, amount: -leg.amount })),
  });
}

const money = (minor: number) => ({ amount: formatMinor(BigInt(minor), 'CNY'), currency: 'CNY' });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const moneyCodes = ['cash', 'bank', 'online-clearing', 'safe'];
const movesMoney = ({ legs }: TestTransaction) =>
  legs.some(({ code }) => moneyCodes.includes(code));

/** What the report has to say of days [from, to), from the list of what was posted. */
function expected(from: LocalDay, to: LocalDay) {
  const within = (day: LocalDay) => day >= from && day < to;
  const sold = ledger.sales.filter(({ soldDay }) => within(soldDay));
  const posted = ledger.transactions.filter(({ day }) => within(day));
  const gains = (chosen: (t: TestTransaction) => boolean) =>
    sum(posted.filter(chosen).map((t) => walletGain(t)));
  const refunds = gains(({ kind }) => kind === 'refund');
  const reversals = gains((t) => t.kind === 'reversal' && movesMoney(t));
  const sales = sum(sold.map(({ amount }) => amount));
  const by = (channel: string) =>
    sum(sold.filter((s) => s.channel === channel).map(({ amount }) => amount));
  return {
    receipts: sold.length,
    cash: money(by('cash')),
    transfer: money(by('transfer')),
    online: money(by('online')),
    sales: money(sales),
    refunds: money(refunds),
    reversals: money(reversals),
    net: money(sales + refunds + reversals),
    charges: money(-gains(({ kind }) => kind === 'settlement')),
    taxOfCharges: money(
      -sum(
        posted
          .filter(({ kind }) => kind === 'settlement')
          .flatMap(({ legs }) => legs.filter(({ code }) => code === 'tax'))
          .map(({ amount }) => amount),
      ),
    ),
    corrections: money(gains(({ kind }) => kind === 'correction')),
    otherPostings: money(
      gains(
        (t) =>
          ['write-off', 'adjustment', 'transfer'].includes(t.kind) ||
          (t.kind === 'reversal' && !movesMoney(t)),
      ),
    ),
  };
}

async function ask(query: string) {
  const answer = await park.get(`${at}?${query}`);
  const body = await answer.json();
  expect(answer.status, JSON.stringify(body)).toBe(200);
  return body;
}

const minor = ({ amount }: { amount: string }) => Math.round(Number(amount) * 100);

test('every day, the totals and the running net are those of the ledger', async () => {
  const body = await ask(`from=${first}&to=${end}`);
  const days = daysBetween(first, end);
  expect(body.data.map((row: { period: string }) => row.period)).toEqual(days);
  for (const [i, row] of body.data.entries()) {
    const day = days[i] ?? '';
    const { net } = expected(first, addDays(day, 1));
    expect(row).toEqual({
      period: day,
      key: null,
      label: '',
      ...expected(day, addDays(day, 1)),
      netSince: net,
    });
  }
  expect(body.totals).toEqual(expected(first, end));
  // What was made at random has some of everything.
  expect(
    Object.values(body.totals).filter((v) => (v as { amount?: string }).amount === '0.00'),
  ).toEqual([]);
});

test('any split of a range adds up, by day, month and year', async () => {
  const random = seeded(SEED + 1);
  const whole = await ask(`from=${first}&to=${end}&unit=year`);
  for (let i = 0; i < 4; i++) {
    const middle = addDays(first, 1 + Math.floor(random() * 12));
    const parts = [
      await ask(`from=${first}&to=${middle}&unit=month`),
      await ask(`from=${middle}&to=${end}&unit=month`),
    ];
    for (const [name, total] of Object.entries(whole.totals)) {
      const halves = parts.map(({ totals }) => totals[name]);
      if (typeof total === 'number') expect(sum(halves)).toBe(total);
      else expect(sum(halves.map(minor)), `${name} at ${middle}`).toBe(minor(total as never));
    }
  }
});

test('by channel and by cashier, what belongs to none stands apart and the totals stay', async () => {
  for (const by of ['channel', 'cashier'] as const) {
    const body = await ask(`from=${first}&to=${end}&unit=year&by=${by}`);
    expect(body.totals).toEqual(expected(first, end));
    const keyless = body.data.filter(({ key }: { key: string | null }) => key === null);
    expect(keyless).toHaveLength(1);
    expect(keyless[0]).toMatchObject({ receipts: 0, charges: expected(first, end).charges });
    for (const row of body.data) {
      if (row.key === null) continue;
      const sold = ledger.sales.filter(
        (s) => (by === 'channel' ? s.channel : s.soldBy) === row.key,
      );
      expect(row).toMatchObject({
        receipts: sold.length,
        sales: money(sum(sold.map(({ amount }) => amount))),
        charges: money(0),
      });
    }
  }
  const { byChannel, byCashier, totals, returns } = await ask(`from=${first}&to=${end}`);
  for (const parts of [byChannel, byCashier]) {
    for (const name of ['sales', 'refunds', 'reversals', 'net']) {
      expect(
        sum(parts.map((p: Record<string, { amount: string }>) => minor(p[name] as never))),
      ).toBe(minor(totals[name]));
    }
  }
  // A reversal counts for whoever had sold what it undoes.
  for (const name of cashiers) {
    const undone = ledger.transactions.filter(
      ({ kind, day, reverses }) =>
        kind === 'reversal' &&
        day < end &&
        ledger.sales.some((s) => s.transactionId === reverses && s.soldBy === name),
    );
    const part = byCashier.find(({ key }: { key: string }) => key === name);
    expect(part.reversals).toEqual(money(sum(undone.map((t) => walletGain(t)))));
  }
  const posted = ledger.transactions.filter(({ day }) => day < end);
  expect(returns).toEqual({
    refunds: posted.filter(({ kind }) => kind === 'refund').length,
    reversals: posted.filter((t) => t.kind === 'reversal' && movesMoney(t)).length,
  });
});

test('of one channel or cashier only their sales, and nothing is said of what belongs to none', async () => {
  const whole = await ask(`from=${first}&to=${end}&by=cashier`);
  const none = { charges: null, taxOfCharges: null, corrections: null, otherPostings: null };
  for (const channel of [undefined, ...channels]) {
    for (const cashier of [undefined, ...cashiers]) {
      if (!channel && !cashier) continue;
      const chosen = new URLSearchParams({ from: first, to: end });
      if (channel) chosen.set('channel', channel);
      if (cashier) chosen.set('cashier', cashier);
      const body = await ask(`${chosen}`);
      const sold = ledger.sales.filter(
        (s) => (!channel || s.channel === channel) && (!cashier || s.soldBy === cashier),
      );
      expect(body.data).toHaveLength(daysBetween(first, end).length);
      for (const row of body.data) {
        const own = sold.filter(({ soldDay }) => soldDay === row.period);
        expect(row).toMatchObject({
          receipts: own.length,
          sales: money(sum(own.map(({ amount }) => amount))),
          ...none,
        });
      }
      expect(body.totals).toMatchObject({ receipts: sold.length, ...none });
      expect([body.proof, body.provisional]).toEqual([null, null]);
      // Each list is of the other's choice, so that it can be chosen from.
      expect(body.byCashier.map(({ key }: { key: string | null }) => key)).toEqual(
        expect.arrayContaining(cashiers),
      );
      if (cashier && !channel) {
        const part = whole.byCashier.find(({ key }: { key: string }) => key === cashier);
        expect(body.totals).toMatchObject({ net: part.net, reversals: part.reversals });
        expect(sum(body.byChannel.map((p: { sales: { amount: string } }) => minor(p.sales)))).toBe(
          minor(part.sales),
        );
      }
    }
  }
  const nobody = await ask(`from=${first}&to=${end}&cashier=Nobody`);
  expect(nobody.totals).toMatchObject({ receipts: 0, sales: money(0) });
  const refused = await park.get(`${at}?from=${first}&to=${end}&channel=barter`);
  expect(refused.status).toBe(400);
});

test('its file is of the same channel and cashier, and says so', async () => {
  const chosen = `from=${first}&to=${end}&channel=cash&cashier=Wang%20Mei`;
  const { totals } = await ask(chosen);
  const file = await (await park.get(`${at}?${chosen}&format=csv`)).text();
  const [head = '', ...lines] = file.split(/\r?\n/);
  const column = head.split(',').findIndex((title) => /^"?sales/i.test(title));
  const rows = lines.filter((line) => /^"?2026-/.test(line));
  expect(sum(rows.map((line) => Math.round(Number(line.split(',')[column]) * 100)))).toBe(
    minor(totals.sales),
  );
  expect(file).toMatch(/^# channel = cash$/m);
  expect(file).toMatch(/^# cashier = Wang Mei$/m);
});

test('the same three ways, receipts without gaps', async () => {
  const { proof, totals } = await ask(`from=${first}&to=${end}`);
  expect(proof).toEqual({
    rows: totals.net,
    ledger: totals.net,
    receipts: totals.net,
    difference: money(0),
    reasons: [],
    first: 'R00000001',
    last: `R${String(nextReceipt - 1).padStart(8, '0')}`,
    count: nextReceipt - 1,
    gaps: [],
    gapsMore: false,
    doubles: 0,
  });
});

test('a day ahead is not there, and today says what is not settled yet', async () => {
  const body = await ask('from=2026-11-23&to=2026-12-01');
  expect(body.data.map((row: { period: string }) => row.period)).toEqual([
    '2026-11-23',
    '2026-11-24',
  ]);
  expect(body.provisional).toBeNull();
  const accountId = ledger.sales[0]?.accountId;
  await park.insert('live_balance_generations', {
    project_id: project,
    generation: 7,
    computed_at: '2026-11-24T06:31:30Z',
  });
  for (const [generation, amount] of [
    [6, 1],
    [7, 45_426],
  ]) {
    await park.insert('live_balances', {
      project_id: project,
      generation,
      account_id: accountId,
      settled_minor: 0,
      provisional_minor: amount,
      currency: 'CNY',
      settled_to: '2026-11-24',
    });
  }
  expect((await ask('from=2026-11-24&to=2026-11-25')).provisional).toEqual({
    amount: money(45_426),
    accounts: 1,
    computedAt: '2026-11-24T06:31:30.000Z',
    newestSampleAt: null,
    settledTo: '2026-11-24',
  });
  expect((await ask('from=2026-11-23&to=2026-11-24')).provisional).toBeNull();
});

test('a file says the totals, the proof and the cashiers of the page', async () => {
  await expectPageInFiles(park, `${at}?from=2026-11-01&to=2026-11-26&by=cashier`);
});

describe('what does not fit is named', () => {
  let other: Ledger;
  let otherProject: string;
  let shop: string;
  const told = async (query: string) => {
    const { proof } = await (
      await park.get(`/projects/${otherProject}/reports/finance?${query}`)
    ).json();
    return proof;
  };

  beforeAll(async () => {
    otherProject = await park.project(zone, 'Second park');
    other = openLedger(park, { project: otherProject, zone });
    shop = await other.account('9');
    await park.export(otherProject, zone, true);
  });

  test('a project without a sale has days of zero and no receipts', async () => {
    const answer = await park.get(
      `/projects/${otherProject}/reports/finance?from=2026-11-01&to=2026-11-04`,
    );
    const body = await answer.json();
    expect(body.rowCount).toBe(3);
    expect(body.totals).toMatchObject({ receipts: 0, sales: money(0), net: money(0) });
    expect(body.proof).toMatchObject({ first: null, count: 0, difference: money(0), gaps: [] });
    expect(body.byChannel).toEqual([]);
  });

  test('numbers that another project of the entity has are no gaps, numbers of nobody are', async () => {
    const sale = {
      accountId: shop,
      channel: 'cash',
      amount: 500,
      soldBy: 'Wu',
      minute: 60,
    } as const;
    const start = nextReceipt;
    await other.sell({ ...sale, receipt: start, day: '2026-11-02' });
    // The first park sells in between, and two numbers are nobody's.
    await ledger.sell({
      ...sale,
      accountId: ledger.sales[0]?.accountId ?? '',
      receipt: start + 1,
      day: '2026-11-02',
    });
    await other.sell({ ...sale, receipt: start + 2, day: '2026-11-02' });
    await other.sell({ ...sale, receipt: start + 5, day: '2026-11-03' });
    park.setNow('2026-11-24T06:34:08Z');
    await park.export(otherProject, zone);
    const name = (number: number) => `R${String(number).padStart(8, '0')}`;
    expect(await told('from=2026-11-02&to=2026-11-03')).toMatchObject({
      count: 2,
      difference: money(0),
      gaps: [{ from: name(start + 3), to: name(start + 4) }],
    });
    expect((await told('from=2026-11-03&to=2026-11-04')).gaps).toEqual([
      { from: name(start + 3), to: name(start + 4) },
    ]);
    // Not yet in the warehouse of the first park, and said to be so.
    const { proof } = await ask('from=2026-11-02&to=2026-11-03');
    expect(proof.gaps).toEqual([]);
    nextReceipt = start + 6;
  });

  test('a sale that is booked on another day than it was sold on', async () => {
    await other.sell({
      accountId: shop,
      channel: 'online',
      amount: 700,
      soldBy: 'Wu',
      receipt: nextReceipt++,
      day: '2026-11-05',
      minute: 5,
      bookedOn: '2026-11-06',
    });
    park.setNow('2026-11-24T06:36:08Z');
    await park.export(otherProject, zone);
    expect(await told('from=2026-11-05&to=2026-11-06')).toMatchObject({
      rows: money(700),
      ledger: money(0),
      difference: money(700),
      reasons: [{ code: 'booked-outside-the-range', amount: money(700), count: 1 }],
    });
    expect(await told('from=2026-11-06&to=2026-11-07')).toMatchObject({
      difference: money(-700),
      reasons: [{ code: 'sold-outside-the-range', amount: money(-700), count: 1 }],
    });
    expect(await told('from=2026-11-05&to=2026-11-07')).toMatchObject({
      difference: money(0),
      reasons: [],
    });
  });

  test('money of the ledger without a sale, and a receipt that came after the answer', async () => {
    await other.post({
      kind: 'sale',
      accountId: shop,
      day: '2026-11-08',
      legs: [
        { code: 'cash', amount: 900 },
        { code: 'wallet', accountId: shop, amount: -900 },
      ],
    });
    const sale = {
      accountId: shop,
      channel: 'cash',
      amount: 100,
      soldBy: 'Wu',
      minute: 0,
    } as const;
    const [one, two, three] = [nextReceipt, nextReceipt + 1, nextReceipt + 2];
    nextReceipt += 3;
    await other.sell({ ...sale, receipt: one, day: '2026-11-09' });
    await other.sell({ ...sale, receipt: three, day: '2026-11-09' });
    park.setNow('2026-11-24T06:38:08Z');
    await park.export(otherProject, zone);
    expect(await told('from=2026-11-08&to=2026-11-09')).toMatchObject({
      difference: money(-900),
      reasons: [{ code: 'sold-outside-the-range', amount: money(-900), count: 1 }],
    });
    await other.sell({ ...sale, receipt: two, day: '2026-11-09' });
    expect(await told('from=2026-11-09&to=2026-11-10')).toMatchObject({
      rows: money(200),
      receipts: money(300),
      difference: money(-100),
      reasons: [{ code: 'receipts-newer-than-the-answer', amount: money(-100), count: 1 }],
      gaps: [],
    });
  });
});

test('a range that ends before it begins or is longer than ten years is refused', async () => {
  const told = async (query: string) => {
    const answer = await park.get(`${at}?${query}`);
    return [answer.status, (await answer.json()).code];
  };
  expect(await told('from=2026-11-22&to=2026-11-20')).toEqual([400, 'invalid-request']);
  expect(await told('from=2016-01-01&to=2026-11-20')).toEqual([422, 'range-too-long']);
  expect(await told('from=2026-11-20&to=2026-11-22&by=project')).toEqual([400, 'invalid-request']);
});

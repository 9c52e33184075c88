/** The ledger as it is shown: trial balance at any position, chart, journal and proofs in the background. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chart, ledgerCodes } from '../../billing/chart.ts';
import { proveDue } from '../../billing/proofs.ts';
import { seal } from '../../billing/seal.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { type Answer, type Ask, openFace } from './face.ts';
import { openPark, type Park } from './park.ts';

const days = ['2026-01-05', '2026-01-06'];
const flat = {
  components: [
    {
      ...{ kind: 'usage', code: 'energy', name: 'Energy', price: '0.61837' },
      ...{ taxCode: 'VAT', taxRate: '0.13' },
    },
    {
      ...{ kind: 'usage', code: 'levy', name: 'Levy', price: '0.0371', treatment: 'on-behalf' },
      ...{ taxCode: 'VAT', taxRate: '0.06', taxIncluded: false },
    },
  ],
};

let park: Park;
let ask: Ask;
beforeAll(async () => {
  park = await openPark({ from: days[0], definition: flat });
  ask = openFace(park);
  for (const point of park.points) {
    for (const day of days) await park.intervals(point, day, (slot) => 250 + slot);
  }
});
afterAll(() => park.close());

const sealAll = () => seal(park.postgres.db, { projectId: park.project.id, at: park.now });
const trial = (query = '') => ask('GET', `/ledger/trial-balance${query}`);
/** Its rows as code, detail, in debit or not, and balance. */
const rowsOf = ({ body }: Answer) =>
  body.data.map((r: Record<string, { amount: string }>) => [
    ...[r.code, r.detail, r.inDebit],
    ...[r.debit?.amount, r.credit?.amount, r.balance?.amount],
  ]);
const sell = (account: number, amount: string, key: string) =>
  ask(
    'POST',
    `/accounts/${park.accounts[account]}/sales`,
    { channel: 'cash', amount: { amount, currency: 'CNY' } },
    { 'idempotency-key': key },
  );

describe('the trial balance', () => {
  const was: { at: string; position: string; body: unknown }[] = [];
  /** Seals what is posted and keeps what is shown now. */
  const keep = async () => {
    await sealAll();
    const { body } = await trial();
    const { body: head } = await ask('GET', '/ledger/seals');
    was.push({ at: park.now.toISOString(), position: head.position, body: body.data });
  };

  test('is empty before anything is posted', async () => {
    const { status, body } = await trial();
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ data: [], nextCursor: null },
      totals: { position: null, accountingDate: null, currencies: [] },
    });
    expect((await ask('GET', '/ledger/seals')).body).toMatchObject({
      ...{ state: 'unproven', position: '0', hash: null, unsealed: 0, proof: null },
    });
  });

  test('shows wallets in debit apart, is never netted and sums to zero', async () => {
    park.after('2026-01-05');
    await settleDue(park.deps, park.project);
    await keep();
    park.now = new Date(park.now.getTime() + 60_000);
    expect((await sell(0, '100.00', 'a')).status).toBe(201);
    const shown = await trial();
    // A day of 28.56 kWh at 0.61837 with 13 % within, and 0.0371 with 6 % on top, of two accounts.
    expect(rowsOf(shown)).toEqual([
      ['wallet', '', false, '18.78', '100.00', '-81.22'],
      ['wallet', '', true, '18.78', '0.00', '18.78'],
      ['revenue', 'energy', false, '0.00', '31.26', '-31.26'],
      ['tax', 'VAT 0.13', false, '0.00', '4.06', '-4.06'],
      ['payable', 'levy', false, '0.00', '2.24', '-2.24'],
      ['cash', 'cashier-1', false, '100.00', '0.00', '100.00'],
    ]);
    expect(shown.body.data[1]).toMatchObject({
      ...{ kind: 'asset', name: 'Customer wallets in debit', accounts: 1 },
    });
    expect(shown.body.totals.currencies).toEqual([
      {
        currency: 'CNY',
        debit: { amount: '137.56', currency: 'CNY' },
        credit: { amount: '137.56', currency: 'CNY' },
        balance: { amount: '0.00', currency: 'CNY' },
      },
    ]);
    await keep();
  });

  test('comes out at an old position, and at its instant, as it did then', async () => {
    park.after('2026-01-06');
    await settleDue(park.deps, park.project);
    await keep();
    park.now = new Date(park.now.getTime() + 60_000);
    const [pointId = ''] = park.points;
    await park.intervals(pointId, '2026-01-05', () => 100, { version: 2 });
    const projectId = park.project.id;
    await markDirty(park.postgres.db, {
      ...{ projectId, who: 'billing', why: 'test' },
      days: [{ pointId, localDay: '2026-01-05' }],
    });
    await settleDirty(park.deps, park.project);
    await keep();
    expect(new Set(was.map(({ position }) => position)).size).toBe(4);
    for (const { at, position, body } of was) {
      expect((await trial(`?at=${position}`)).body.data).toEqual(body);
      const asOf = await trial(`?at=${encodeURIComponent(at)}`);
      expect(asOf.body.data).toEqual(body);
      expect(asOf.body.totals.position).toBe(position);
      expect((await ask('GET', `/ledger/positions?at=${at}`)).body).toMatchObject({
        ...{ position, sealedAt: at, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
    }
    expect((await trial('?at=0')).body.data).toEqual([]);
  });

  test('at an accounting date leaves out what is dated later', async () => {
    const early = rowsOf(await trial('?accountingDate=2026-01-05'));
    expect(early.find(([code]: string[]) => code === 'cash')).toBeUndefined();
    // As it was before the correction of that day, which bears the same date.
    const before = await trial(`?accountingDate=2026-01-05&at=${was[2]?.position}`);
    expect(before.body.data).toEqual(was[0]?.body);
  });

  test('refuses a position that is not sealed and what is neither position nor instant', async () => {
    expect((await trial('?at=999999')).body).toMatchObject({ code: 'not-found' });
    expect((await trial('?at=yesterday')).body).toMatchObject({ code: 'invalid-request' });
    expect((await trial('?accountingDate=2026-02-30')).body).toMatchObject({
      code: 'invalid-request',
    });
  });

  test('is made of balances of ledger accounts, which can be looked at by customer and side', async () => {
    const [first, second] = park.accounts;
    const debtors = await ask('GET', '/ledger/accounts?code=wallet&side=debit');
    expect(debtors.body.data).toHaveLength(1);
    expect(debtors.body.data[0]).toMatchObject({ accountId: second, accountNumber: 'N2' });
    const position = was[1]?.position;
    const { body } = await ask('GET', `/ledger/accounts?accountId=${first}&at=${position}`);
    expect(body.data.map((r: { balance: unknown }) => r.balance)).toEqual([
      { amount: '-81.22', currency: 'CNY' },
    ]);
    const page = await ask('GET', '/ledger/accounts?limit=2');
    const next = await ask('GET', `/ledger/accounts?limit=100&cursor=${page.body.nextCursor}`);
    const all = await ask('GET', '/ledger/accounts');
    expect([...page.body.data, ...next.body.data]).toEqual(all.body.data);
  });
});

describe('the chart of accounts', () => {
  test('names every account that anything was posted to, and its usual side is where it stands', async () => {
    const { body } = await ask('GET', '/ledger/chart');
    expect(body.data.map((r: { code: string }) => r.code)).toEqual(ledgerCodes);
    const { body: shown } = await trial();
    for (const { code, detail, inDebit, balance } of shown.data) {
      const line = chart[code as keyof typeof chart];
      expect(line, code).toBeDefined();
      expect(line.detail === null, `${code} ${detail}`).toBe(detail === '');
      if (inDebit) continue;
      expect(balance.amount.startsWith('-'), code).toBe(line.normal === 'credit');
    }
    expect(
      await park.rows('SELECT code FROM ledger_accounts WHERE account_id IS NOT NULL'),
    ).toEqual(park.accounts.map(() => ({ code: 'wallet' })));
  });

  test('keeps assets and expenses on the debit side, liabilities and income on the credit side', () => {
    for (const code of ledgerCodes) {
      const { kind, normal, name, nameZh, says, saysZh, detail, detailZh } = chart[code];
      expect(normal, code).toBe(kind === 'asset' || kind === 'expense' ? 'debit' : 'credit');
      expect(name && nameZh && says && saysZh, code).toBeTruthy();
      expect(detailZh === null, code).toBe(detail === null);
    }
  });
});

describe('the journal', () => {
  test('lists its positions with what they moved, newest first, page by page', async () => {
    const { body } = await ask('GET', '/ledger/journal?limit=4');
    expect(body.data.map((r: { position: string }) => r.position)).toEqual(['6', '5', '4', '3']);
    const rest = await ask('GET', `/ledger/journal?cursor=${body.nextCursor}`);
    expect(rest.body.data.map((r: { kind: string }) => r.kind)).toEqual([
      ...['settlement', 'settlement'],
    ]);
    expect(body.data[3]).toMatchObject({
      ...{ kind: 'sale', amount: { amount: '100.00', currency: 'CNY' }, accountNumber: 'N1' },
    });
  });

  test('is proven in the background: asked for twice it is done once, with what was found', async () => {
    const { status, body: asked } = await ask('POST', '/ledger/verify');
    expect(status).toBe(201);
    expect(asked).toMatchObject({ outcome: null, requestedBy: 'Name of cashier-1' });
    expect((await ask('POST', '/ledger/verify')).body.id).toBe(asked.id);
    const terms = { ...park.project, name: 'P', legalEntityId: '1' };
    const deps = { db: park.postgres.db, clock: () => park.now };
    expect(await proveDue(deps, terms)).toMatchObject({ holds: true });
    expect(await proveDue(deps, terms)).toBeUndefined();
    const { body: proof } = await ask('GET', `/ledger/proofs/${asked.id}`);
    expect(proof).toMatchObject({
      outcome: 'held',
      checked: 6,
      positions: 6,
      brokenPosition: null,
    });
    expect((await ask('GET', '/ledger/seals')).body).toMatchObject({
      ...{ state: 'holds', position: '6', unsealed: 0, brokenPosition: null },
    });
    park.now = new Date(park.now.getTime() + 25 * 3_600_000);
    expect(await proveDue(deps, terms)).toMatchObject({ holds: true });
    const { body: list } = await ask('GET', '/ledger/proofs');
    expect(list.data.map((p: { requestedBy: string }) => p.requestedBy)).toEqual([
      ...['system', 'Name of cashier-1'],
    ]);
  });

  test('that its owner has altered is found by the next proof, and an alarm stands', async () => {
    await park.rows('ALTER TABLE entries DISABLE TRIGGER ALL');
    await park.rows(
      `UPDATE entries SET amount = amount * 3
       WHERE transaction_id = (SELECT transaction_id FROM seals WHERE position = 2)`,
    );
    await ask('POST', '/ledger/verify');
    const terms = { ...park.project, name: 'P', legalEntityId: '1' };
    await proveDue({ db: park.postgres.db, clock: () => park.now }, terms);
    expect((await ask('GET', '/ledger/seals')).body).toMatchObject({
      ...{ state: 'broken', brokenPosition: '2' },
    });
    expect(
      await park.rows(
        "SELECT severity, detail ->> 'position' AS position FROM alarms WHERE kind = 'ledger.broken'",
      ),
    ).toEqual([{ severity: 'critical', position: '2' }]);
  });
});

/** The proof of the ledger: it holds as it was posted, and names the place where its owner altered it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seal } from '../../billing/seal.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { type CheckName, verifyLedger } from '../../billing/verify.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { openFace } from './face.ts';
import { openPark, type Park } from './park.ts';

const days = ['2026-01-05', '2026-01-06', '2026-01-07'];

/** Three settled days, a correction and a sale, all of it sealed. */
async function postedPark(): Promise<Park> {
  const park = await openPark({ from: days[0], definition: taxed });
  for (const [i, point] of park.points.entries()) {
    for (const day of days) await park.intervals(point, day, (slot) => 250 + slot + i);
  }
  park.after('2026-01-07');
  await settleDue(park.deps, park.project);
  const [pointId = ''] = park.points;
  await park.intervals(pointId, '2026-01-06', () => 333, { version: 2 });
  const { db } = park.postgres;
  const projectId = park.project.id;
  await markDirty(db, {
    ...{ projectId, who: 'billing', why: 'test' },
    days: [{ pointId, localDay: '2026-01-06' }],
  });
  await settleDirty(park.deps, park.project);
  const ask = openFace(park);
  const sold = await ask(
    'POST',
    `/accounts/${park.accounts[0]}/sales`,
    { channel: 'cash', amount: { amount: '100.00', currency: 'CNY' } },
    { 'idempotency-key': 'one' },
  );
  expect(sold.status).toBe(201);
  while ((await seal(db, { projectId, at: park.now })) > 0);
  return park;
}

/** Tax within one component and on top of the other, one of them for another. */
const taxed = {
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

describe('the proof of a ledger', () => {
  let park: Park;
  beforeAll(async () => {
    park = await postedPark();
  });
  afterAll(() => park.close());
  const prove = () =>
    verifyLedger(park.postgres.db, { projectId: park.project.id, currency: 'CNY' });

  test('holds after settlement, correction and sale, and has looked at everything', async () => {
    const proof = await prove();
    expect(proof.checks.filter(({ faults }) => faults > 0)).toEqual([]);
    expect(proof).toMatchObject({ holds: true, brokenPosition: null });
    const counted = Object.fromEntries(proof.checks.map((c) => [c.name, c.counted]));
    // Two accounts on three days, a correction, a sale; a component each of four accounts-months.
    expect(counted).toEqual({
      ...{ chain: 8, balance: 8, totals: 4, wallets: 2, balances: 0, sales: 1, revisions: 7 },
      accounts: Number(await park.value('SELECT count(*) FROM entries')),
    });
    const { rows } = await park.owner.query('SELECT hash FROM seals WHERE position = 8');
    expect(proof.hash).toBe(rows[0].hash);
  });

  /** What the owner of the database may do behind triggers, and which checks name it where. */
  const tampered: [string, string, CheckName[], number | null][] = [
    [
      'two legs that are altered alike',
      `UPDATE entries SET amount = amount * 2
       WHERE transaction_id = (SELECT transaction_id FROM seals WHERE position = 3)`,
      ['chain', 'wallets'],
      3,
    ],
    [
      'one leg that is altered',
      `UPDATE entries SET amount = amount + 1
       WHERE leg = 1 AND transaction_id = (SELECT transaction_id FROM seals WHERE position = 5)`,
      ['chain', 'balance', 'wallets'],
      5,
    ],
    [
      'an accounting date that is moved',
      `UPDATE transactions SET accounting_date = accounting_date - 1
       WHERE id = (SELECT transaction_id FROM seals WHERE position = 2)`,
      ['chain'],
      2,
    ],
    [
      'a transaction that is taken out with its legs',
      `WITH gone AS (DELETE FROM transactions WHERE id =
         (SELECT transaction_id FROM seals WHERE position = 4) RETURNING id)
       DELETE FROM entries WHERE transaction_id IN (SELECT id FROM gone)`,
      ['chain', 'wallets', 'revisions'],
      4,
    ],
    ['a position that is taken out', 'DELETE FROM seals WHERE position = 6', ['chain'], 6],
    [
      'a charge that is altered',
      'UPDATE charges SET exact = exact + 1 WHERE settlement_id = (SELECT min(id) FROM settlements)',
      ['totals'],
      null,
    ],
    [
      'a total that is a cent off',
      'UPDATE posted_totals SET posted_minor = posted_minor + 1 WHERE component = $1',
      ['totals', 'wallets'],
      null,
    ],
    [
      'a sale whose amount is altered',
      'UPDATE sales SET amount_minor = amount_minor + 1',
      ['sales'],
      8,
    ],
    [
      'a ledger account that is renamed',
      "UPDATE ledger_accounts SET code = 'pocket' WHERE code = 'revenue'",
      ['accounts'],
      1,
    ],
  ];
  test.each(tampered)('finds %s', async (_, act, names, position) => {
    const client = await park.owner.connect();
    const before = await contents(park);
    // Triggers are off for this connection alone, and what it does is undone again.
    await client.query("SET session_replication_role = 'replica'");
    try {
      await client.query(act, act.includes('$1') ? ['energy'] : []);
      const proof = await prove();
      expect(proof.checks.filter((c) => c.faults > 0).map((c) => c.name)).toEqual(names);
      expect(proof.holds).toBe(false);
      expect(proof.brokenPosition).toBe(position === null ? null : BigInt(position));
      for (const check of proof.checks.filter((c) => c.faults > 0)) {
        expect(check.first).toEqual(expect.any(String));
      }
    } finally {
      await restore(client, before);
      await client.query("SET session_replication_role = 'origin'");
      client.release();
    }
    expect((await prove()).holds).toBe(true);
  });
});

const tables = [
  ...['entries', 'transactions', 'seals', 'charges', 'posted_totals', 'sales'],
  'ledger_accounts',
] as const;

/** Every row of the tables that are tampered with, as JSON. */
async function contents(park: Park): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const table of tables) {
    found.set(table, await park.value(`SELECT jsonb_agg(t)::text FROM ${table} t`));
  }
  return found;
}

async function restore(
  client: { query: (text: string, values?: unknown[]) => Promise<unknown> },
  before: Map<string, string>,
): Promise<void> {
  for (const [table, rows] of before) {
    await client.query(`DELETE FROM ${table}`);
    await client.query(
      `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
      [rows],
    );
  }
}

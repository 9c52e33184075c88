/** The proof of the ledger: it holds as it was posted, and names the place where its owner altered it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seal } from '../../billing/seal.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { takeSnapshot } from '../../billing/snapshots.ts';
import { trialBalance } from '../../billing/trial.ts';
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
  await sell(park, 'one');
  while ((await seal(db, { projectId, at: park.now })) > 0);
  return park;
}

/** A hundred over the counter. */
async function sell(park: Park, key: string): Promise<void> {
  const sold = await openFace(park)(
    'POST',
    `/accounts/${park.accounts[0]}/sales`,
    { channel: 'cash', amount: { amount: '100.00', currency: 'CNY' } },
    { 'idempotency-key': key },
  );
  expect(sold.status).toBe(201);
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
      ...{
        chain: 8,
        balance: 8,
        totals: 4,
        wallets: 2,
        balances: 0,
        meters: 0,
        sales: 1,
        refunds: 0,
        reversals: 0,
        bank: 0,
        revisions: 7,
      },
      snapshots: 0,
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
      ['chain', 'accounts'],
      1,
    ],
    [
      'a ledger account that becomes another one of the chart',
      "UPDATE ledger_accounts SET code = 'bank' WHERE code = 'revenue'",
      ['chain'],
      1,
    ],
    [
      'a wallet that is nobody’s any more',
      `UPDATE ledger_accounts SET account_id = NULL WHERE code = 'wallet' AND account_id =
         (SELECT account_id FROM transactions WHERE id =
           (SELECT transaction_id FROM seals WHERE position = 1))`,
      ['chain', 'wallets'],
      1,
    ],
    [
      'a ledger account that is told to part otherwise',
      "UPDATE ledger_accounts SET detail = 'gift' WHERE code = 'revenue'",
      ['chain'],
      1,
    ],
    [
      'a seal that pretends to be of the version before',
      'UPDATE seals SET version = 1 WHERE position = 7',
      ['chain'],
      7,
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

describe('seals of the first version', () => {
  /** As they were made before what a ledger account means was part of them. */
  const first = (before: string, position: number) => `
    SELECT encode(sha256(convert_to('${before}' || E'\\n' || ${position} || E'\\n' ||
      jsonb_build_array(t.id::text, t.kind, t.account_id::text, t.accounting_date::text,
        to_char(t.posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), t.idempotency_key,
        t.cause, t.reverses::text,
        (SELECT jsonb_agg(jsonb_build_array(e.leg, e.ledger_account_id::text, e.amount::text,
          e.currency) ORDER BY e.leg) FROM entries e WHERE e.transaction_id = t.id))::text,
      'UTF8')), 'hex') FROM transactions t WHERE t.id = $1`;

  test('stay valid, and new ones follow them', async () => {
    const park = await postedPark();
    try {
      const { db } = park.postgres;
      const sealed = await park.rows('SELECT transaction_id FROM seals ORDER BY position');
      const client = await park.owner.connect();
      await client.query("SET session_replication_role = 'replica'");
      await client.query('DELETE FROM seals');
      let hash = '0'.repeat(64);
      for (const [i, { transaction_id: id }] of sealed.slice(0, 5).entries()) {
        hash = await park.value(first(hash, i + 1), [id]);
        await client.query(
          `INSERT INTO seals (project_id, position, transaction_id, hash, sealed_at)
           VALUES ($1, $2, $3, $4, now())`,
          [park.project.id, i + 1, id, hash],
        );
      }
      client.release(true);
      const projectId = park.project.id;
      expect(await seal(db, { projectId, at: park.now })).toBe(sealed.length - 5);
      expect(await park.rows('SELECT version FROM seals ORDER BY position')).toEqual(
        sealed.map((_, i) => ({ version: i < 5 ? 1 : 2 })),
      );
      expect((await verifyLedger(db, { projectId, currency: 'CNY' })).holds).toBe(true);
    } finally {
      await park.close();
    }
  });
});

describe('snapshots', () => {
  let park: Park;
  const trial = async (position: string | null) =>
    await trialBalance(park.postgres.db, {
      ...{ projectId: park.project.id, asOf: { position, accountingDate: null } },
    });
  const every = Array.from({ length: 9 }, (_, position) => String(position));
  beforeAll(async () => {
    park = await postedPark();
  });
  afterAll(() => park.close());

  test('change no balance at any position, now, or with what is not sealed', async () => {
    const before = await Promise.all([...every, null].map(trial));
    const client = await park.owner.connect();
    await client.query("SET session_replication_role = 'replica'");
    const sealed = await client.query('DELETE FROM seals RETURNING *');
    client.release(true);
    expect(sealed.rowCount).toBe(8);
    // Sealed anew in three goes, each with a snapshot behind it.
    for (const [n, position] of [3, 6, 8].entries()) {
      const owner = await park.owner.connect();
      await owner.query("SET session_replication_role = 'replica'");
      await owner.query(
        `INSERT INTO seals SELECT r.* FROM jsonb_populate_recordset(NULL::seals, $1::jsonb) r
         WHERE r.position <= $2 ON CONFLICT DO NOTHING`,
        [JSON.stringify(sealed.rows), position],
      );
      owner.release(true);
      const { id: projectId } = park.project;
      await takeSnapshot(park.postgres.db, { projectId, position: BigInt(position), every: 1 });
      const taken = await park.value('SELECT count(DISTINCT position) FROM balance_snapshots');
      expect(taken).toBe(String(n + 1));
    }
    expect(await Promise.all([...every, null].map(trial))).toEqual(before);
    expect((await prove()).holds).toBe(true);
  });

  test('are taken by the sealer, and not before enough was sealed', async () => {
    const { db } = park.postgres;
    const projectId = park.project.id;
    const count = () => park.value('SELECT count(DISTINCT position) FROM balance_snapshots');
    await sell(park, 'two');
    expect(await seal(db, { projectId, at: park.now, snapshotEvery: 2 })).toBe(1);
    expect(await count()).toBe('3');
    await sell(park, 'three');
    expect((await trial(null)).rows.find((row) => row.code === 'cash')?.debit.amount).toBe(
      '300.00',
    );
    expect(await seal(db, { projectId, at: park.now, snapshotEvery: 2 })).toBe(1);
    expect(await count()).toBe('4');
    expect((await trial(null)).rows.find((row) => row.code === 'cash')?.debit.amount).toBe(
      '300.00',
    );
    expect((await prove()).checks.find(({ name }) => name === 'snapshots')).toMatchObject({
      faults: 0,
    });
  });

  test.each([
    'UPDATE balance_snapshots SET debit = debit + 1, credit = credit + 1 WHERE position = 6 AND debit > 0',
    'DELETE FROM balance_snapshots WHERE position = 6 AND debit > 0',
  ])('that say something else are found: %s', async (act) => {
    const client = await park.owner.connect();
    await client.query("SET session_replication_role = 'replica'");
    const kept = await client.query('SELECT * FROM balance_snapshots');
    await client.query(act);
    expect(await prove()).toMatchObject({ holds: false, brokenPosition: 6n });
    await client.query('DELETE FROM balance_snapshots');
    await client.query(
      `INSERT INTO balance_snapshots SELECT * FROM
         jsonb_populate_recordset(NULL::balance_snapshots, $1::jsonb)`,
      [JSON.stringify(kept.rows)],
    );
    client.release(true);
    expect((await prove()).holds).toBe(true);
  });

  const prove = () =>
    verifyLedger(park.postgres.db, { projectId: park.project.id, currency: 'CNY' });
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

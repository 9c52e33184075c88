/** As known at a position: balances, entries, charges and corrections stay as they were, also in SQL. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seal } from '../../billing/seal.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { openPark, type Park } from './park.ts';

let park: Park;
let ask: Ask;
/** The position after the first settlement, and what was answered before anything came after it. */
let position = '';
const noted: Record<string, unknown[]> = {};

const listed = ['entries', 'charges'] as const;
const read = async (what: string, asKnownAt?: string) => {
  const query = asKnownAt === undefined ? '' : `asKnownAt=${encodeURIComponent(asKnownAt)}`;
  return (await ask('GET', `${what}${what.includes('?') ? '&' : '?'}${query}`)).body;
};
const ofAccount = (what: string) => `/accounts/${park.accounts[0]}/${what}`;

beforeAll(async () => {
  park = await openPark({ points: 2, accounts: 2, definition: flat('1') });
  ask = openFace(park);
  for (const point of park.points) await park.intervals(point, '2026-01-10', () => 1000);
  park.after('2026-01-10');
  await settleDue(park.deps, park.project);
  await seal(park.postgres.db, { projectId: park.project.id, at: park.now });
  position = (await read('/ledger/seals')).position;
  for (const what of listed) noted[what] = (await read(ofAccount(what))).data;
  noted.charges = (noted.charges ?? []).filter(
    (line) => !(line as { provisional: boolean }).provisional,
  );
  noted.balance = [(await read(ofAccount('balance'))).settled];

  // Another tariff, and a day that had been read wrongly.
  const corrected = await ask('POST', `/tariffs/${park.tariff}/versions`, {
    effectiveFrom: '2026-01-10',
    definition: flat('2'),
    correction: { reason: 'wrong tariff' },
  });
  expect(corrected.status).toBe(201);
  park.now = new Date(park.now.getTime() + 3_600_000);
  expect(await settleDirty(park.deps, park.project)).toMatchObject({ corrections: 2 });
});
afterAll(() => park.close());

const answeredAt = async (at: string) => ({
  entries: (await read(ofAccount('entries'), at)).data,
  charges: (await read(ofAccount('charges'), at)).data,
  balance: [(await read(ofAccount('balance'), at)).settled],
});

describe('what was known at a position', () => {
  test('stays, while the correction is not sealed and after it is', async () => {
    expect(await answeredAt(position)).toEqual(noted);
    expect((await read('/corrections', position)).data).toEqual([]);
    await seal(park.postgres.db, { projectId: park.project.id, at: park.now });
    expect(await answeredAt(position)).toEqual(noted);
    // The second of two transactions of one settlement comes after the first.
    const before = String(BigInt(position) - 1n);
    const [mine, others] = await Promise.all(
      park.accounts.map((id) => read(`/accounts/${id}/balance`, before)),
    );
    expect([mine.settled.amount, others.settled.amount].sort()).toEqual(['-96.00', '0.00']);
  });

  test('differs from what is known now, and says on what it stands', async () => {
    const { position: last, sealedAt } = await read('/ledger/seals');
    const head = { position: last, sealedAt };
    expect(await read(ofAccount('balance'), last)).toMatchObject({
      settled: { amount: '-192.00', currency: 'CNY' },
      provisional: null,
      live: null,
      asKnownAt: head,
    });
    expect((await read(ofAccount('balance'))).asKnownAt).toBeNull();
    expect((await read(ofAccount('charges'), park.now.toISOString())).totals.asKnownAt).toEqual(
      head,
    );
    const was = (await read('/corrections', last)).data;
    expect(was).toHaveLength(2);
    expect((await read('/ledger/accounts?code=wallet', position)).data).toMatchObject([
      { balance: { amount: '96.00' } },
      { balance: { amount: '96.00' } },
    ]);
  });

  test('is told of one sealed position, in one clear way', async () => {
    const code = async (at: string, what = ofAccount('balance')) => (await read(what, at)).code;
    expect(await code('999')).toBe('not-found');
    expect(await code('0')).toBe('not-found');
    expect(await code('2026-01-01T00:00:00Z')).toBe('not-found');
    expect(await code('2026-01-11T00:00:00')).toBe('invalid-request');
    expect(await code('last month')).toBe('invalid-request');
    expect(await code('2026-03-01T00:00:00Z')).toBe('invalid-request');
    expect(
      (await ask('GET', `/ledger/accounts?asKnownAt=${position}&at=${position}`)).body.code,
    ).toBe('invalid-request');
  });

  test('is the same in SQL', async () => {
    const { pool } = park.postgres;
    const sums = async (at: string) => {
      const of = [park.project.id, at];
      const { rows: charges } = await pool.query(
        `SELECT sum(exact_major)::text AS sum, count(*)::int, max(journal_position)::text AS last
         FROM charges_as_known_at($1, $2)`,
        of,
      );
      const { rows: balances } = await pool.query(
        `SELECT sum(balance_minor)::text AS sum FROM balances_as_known_at($1, $2)
         WHERE code = 'wallet'`,
        of,
      );
      const { rows: corrections } = await pool.query(
        'SELECT count(*)::int FROM corrections_as_known_at($1, $2)',
        of,
      );
      return [charges[0], balances[0], corrections[0]];
    };
    const last = (await read('/ledger/seals')).position;
    expect(await sums(position)).toEqual([
      { sum: expect.stringMatching(/^192(\.0+)?$/), count: 2, last: position },
      { sum: '19200' },
      { count: 0 },
    ]);
    expect(await sums(last)).toEqual([
      { sum: expect.stringMatching(/^384(\.0+)?$/), count: 2, last },
      { sum: '38400' },
      { count: 2 },
    ]);
    await expect(sums('999')).rejects.toThrow('position 999 of project');
  });
});

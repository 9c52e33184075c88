/** Two projects with the same counter: one that is sold in over HTTP, one whose rows are inserted bare. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { hashOfKey } from '../../../web/auth.ts';

export const OURS = '1';
export const FLOOR = '2';
export const ZONE = 'Asia/Shanghai';

/** What each cashier has in hand. */
export interface Hands {
  id: string;
  key: string;
  /** Accounts of either project. */
  accounts: Record<'ours' | 'floor', string[]>;
}

/** Enters people, keys, accounts and balances; who asks is the owner of the tables. */
export async function enterCounters(
  owner: pg.Client,
  { cashiers, accountsEach }: { cashiers: number; accountsEach: number },
): Promise<Hands[]> {
  const keys = Array.from(
    { length: cashiers },
    () => `wl_${randomBytes(32).toString('base64url')}`,
  );
  await owner.query(
    `INSERT INTO users (id, name, email)
     SELECT 'cashier-' || i, 'Cashier ' || i, i || '@wattledger.local' FROM generate_series(1, $1::int) i`,
    [cashiers],
  );
  await owner.query(
    `INSERT INTO api_keys (project_id, role_id, name, prefix, hash, created_by)
     SELECT $1, r.id, 'Counter ' || i, 'wl_' || i, h, 'cashier-' || i
     FROM unnest($2::text[]) WITH ORDINALITY AS t (h, i), roles r WHERE r.code = 'cashier'`,
    [OURS, keys.map(hashOfKey)],
  );
  await owner.query(
    `UPDATE projects SET settings = '{"vending":{"cashNeedsShift":true}}' WHERE id = $1`,
    [OURS],
  );
  const accountsOf = async (projectId: string) => {
    const { rows } = await owner.query<{ id: string }>(
      `WITH made AS (
         INSERT INTO accounts (project_id, number, name, opened_on)
         SELECT $1, i, 'Shop ' || i, '2026-01-01' FROM generate_series(1, $2::int) i RETURNING *),
       generation AS (INSERT INTO live_balance_generations VALUES ($1, 1, now()))
       SELECT id::text FROM made ORDER BY id`,
      [projectId, cashiers * accountsEach],
    );
    await owner.query(
      `INSERT INTO live_balances (project_id, generation, account_id, settled_minor,
         provisional_minor, currency, charge_per_hour)
       SELECT project_id, 1, id, 0, 0, 'CNY', 0 FROM accounts WHERE project_id = $1`,
      [projectId],
    );
    return rows.map(({ id }) => id);
  };
  const [ours, floor] = [await accountsOf(OURS), await accountsOf(FLOOR)];
  await owner.query('VACUUM ANALYZE');
  return keys.map((key, i) => {
    const own = (all: readonly string[]) => all.slice(i * accountsEach, (i + 1) * accountsEach);
    return { id: `cashier-${i + 1}`, key, accounts: { ours: own(ours), floor: own(floor) } };
  });
}

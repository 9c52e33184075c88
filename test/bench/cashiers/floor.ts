/** The rows of a sale inserted bare: same tables, same rules of the database, one transaction each, nothing looked at. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { POOL_MAX } from '../../../sql/postgres.ts';
import { FLOOR, type Hands } from './park.ts';

export interface Floor {
  /** As many sales of each cashier; milliseconds of each. */
  sellAll: (salesEach: number) => Promise<number[]>;
  close: () => Promise<void>;
}

const MINOR = 1234;

export function openFloor(url: string, hands: readonly Hands[]): Floor {
  const pool = new pg.Pool({ connectionString: url, max: POOL_MAX, options: '-c timezone=UTC' });
  const places = new Map<string, Promise<string>>();
  let receipts = 0;
  const idOf = async (statement: string, values: unknown[], client: pg.Pool | pg.PoolClient) =>
    (await client.query<{ id: string }>(statement, values)).rows[0]?.id ?? '';
  /** A ledger account or a shift, made once. */
  const once = (name: string, statement: string, values: unknown[]) => {
    const made = places.get(name) ?? idOf(statement, values, pool);
    places.set(name, made);
    return made;
  };
  const ledgerAccount = (code: string, detail: string, accountId: string | null) =>
    once(
      `${code}/${detail}/${accountId}`,
      `INSERT INTO ledger_accounts (project_id, code, detail, account_id, currency)
       VALUES ($1, $2, $3, $4, 'CNY') RETURNING id`,
      [FLOOR, code, detail, accountId],
    );

  async function sell(hand: Hands, nth: number): Promise<number> {
    const account = hand.accounts.floor[nth % hand.accounts.floor.length] ?? '';
    const shift = await once(
      hand.id,
      `INSERT INTO shifts (project_id, cashier_id, cashier, opened_at, float_minor)
       VALUES ($1, $2, $2, now(), 0) RETURNING id`,
      [FLOOR, hand.id],
    );
    const cash = await ledgerAccount('cash', shift, null);
    const wallet = await ledgerAccount('wallet', '', account);
    const began = performance.now();
    const client = await pool.connect();
    try {
      const key = randomUUID();
      const receipt = `F${String(++receipts).padStart(8, '0')}`;
      const answer = JSON.stringify({ receipt, account, shift, amount: '12.34', state: 'sold' });
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO idempotency_keys (project_id, route, key, actor_id, request_hash, status,
           response, expires_at) VALUES ($1, $2, $3, $4, $3, 201, $5, now() + interval '30 days')`,
        [FLOOR, `POST /accounts/${account}/sales`, key, hand.id, answer],
      );
      const transaction = await idOf(
        `INSERT INTO transactions (project_id, kind, account_id, accounting_date, posted_at,
           idempotency_key, cause) VALUES ($1, 'sale', $2, now()::date, now(), $3,
           '{"channel":"cash"}') RETURNING id`,
        [FLOOR, account, `${account}/${key}`],
        client,
      );
      await client.query(
        `INSERT INTO entries (project_id, transaction_id, leg, ledger_account_id, amount, currency)
         VALUES ($1, $2, 1, $3, $5, 'CNY'), ($1, $2, 2, $4, -$5::bigint, 'CNY')`,
        [FLOOR, transaction, cash, wallet, MINOR],
      );
      const sale = await idOf(
        `INSERT INTO sales (project_id, account_id, transaction_id, receipt, channel, amount_minor,
           currency, sold_at, sold_by, shift_id)
         VALUES ($1, $2, $3, $4, 'cash', $5, 'CNY', now(), $6, $7) RETURNING id`,
        [FLOOR, account, transaction, receipt, MINOR, hand.id, shift],
        client,
      );
      await client.query(
        `INSERT INTO audit (project_id, actor_kind, actor_id, actor_name, action, subject_kind,
           subject_id, detail) VALUES ($1, 'key', $2, $2, 'sale.posted', 'account', $3, $4)`,
        [FLOOR, hand.id, account, answer],
      );
      await client.query(
        `INSERT INTO events (project_id, kind, subject_id, payload)
         VALUES ($1, 'sale.posted', $2, $3)`,
        [FLOOR, sale, answer],
      );
      await client.query('COMMIT');
      return performance.now() - began;
    } finally {
      client.release();
    }
  }

  return {
    sellAll: async (salesEach) => {
      const spans = hands.map(async (hand) => {
        const each: number[] = [];
        for (let nth = 0; nth < salesEach; nth++) each.push(await sell(hand, nth));
        return each;
      });
      return (await Promise.all(spans)).flat();
    },
    close: () => pool.end(),
  };
}

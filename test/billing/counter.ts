/** A park with a counter: cash needs a shift, three people, a key, and what the ledger says of places. */
import { expect } from 'vitest';
import { verifyLedger } from '../../billing/verify.ts';
import { type Answer, type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { openPark, type Park } from './park.ts';

export const cny = (amount: string) => ({ amount, currency: 'CNY' });

export interface Counter {
  park: Park;
  /** May do everything; wang and li are cashiers, chen is the second person, key is wang's. */
  faces: Record<'wang' | 'li' | 'chen' | 'key', Ask>;
  post: (face: Ask, path: string, body: object, key?: string) => Promise<Answer>;
  sell: (face: Ask, account: number, amount: string, more?: object) => Promise<Answer>;
  /** By code and detail: what ledger accounts hold, cents; zero is left out. */
  books: () => Promise<Record<string, number>>;
  /** Settings of the counter, changed. */
  settle: (vending: object) => Promise<void>;
  /** Balances as the minute's round would have left them, nothing provisional unless said. */
  balances: (provisional?: number) => Promise<void>;
  /** Every meter was read this long ago. */
  read: (minutesAgo: number, pointId?: string) => Promise<void>;
  /** How many rows of everything that a posting leaves behind. */
  trace: () => Promise<unknown>;
  proves: () => Promise<void>;
  close: () => Promise<void>;
}

let keys = 0;

export async function openCounter(): Promise<Counter> {
  const park = await openPark({ points: 3, from: '2026-01-01', definition: flat('0.7') });
  park.now = new Date('2026-02-10T04:00:00Z');
  const projectId = park.project.id;
  const everything = () => true;
  const post: Counter['post'] = (face, path, body, key = `key-${++keys}`) =>
    face('POST', path, body, { 'idempotency-key': key });
  const counter: Counter = {
    park,
    faces: {
      wang: openFace(park, 'wang'),
      li: openFace(park, 'li'),
      chen: openFace(park, 'chen'),
      key: openFace(park, 'key-of-wang', everything, 'wang'),
    },
    post,
    sell: (face, account, amount, more = {}) =>
      post(face, `/accounts/${park.accounts[account]}/sales`, {
        ...{ channel: 'cash', amount: cny(amount) },
        ...more,
      }),
    books: async () => {
      const rows = await park.rows(
        `SELECT l.code || coalesce(nullif('/' || l.detail, '/'), '') AS place, sum(e.amount)::text AS sum
         FROM entries e JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
         WHERE e.project_id = $1 GROUP BY 1 HAVING sum(e.amount) <> 0`,
        [projectId],
      );
      return Object.fromEntries(rows.map((row) => [row.place, Number(row.sum)]));
    },
    settle: async (vending) => {
      await park.rows(
        `UPDATE projects SET settings = jsonb_build_object('vending',
           coalesce(settings -> 'vending', '{}') || $2::jsonb) WHERE id = $1`,
        [projectId, JSON.stringify(vending)],
      );
    },
    balances: async (provisional = 0) => {
      await park.rows('DELETE FROM live_balances WHERE project_id = $1', [projectId]);
      await park.rows(
        `INSERT INTO live_balance_generations VALUES ($1, 1, $2)
         ON CONFLICT (project_id) DO UPDATE SET computed_at = excluded.computed_at`,
        [projectId, park.now],
      );
      await park.rows(
        `INSERT INTO live_balances (project_id, generation, account_id, settled_minor,
           provisional_minor, currency, charge_per_hour)
         SELECT a.project_id, 1, a.id, coalesce((SELECT -sum(e.amount) FROM ledger_accounts l
             JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
             WHERE l.project_id = a.project_id AND l.account_id = a.id AND l.code IN ('wallet', 'in-transit', 'on-meter')), 0),
           $2, 'CNY', 1.5 FROM accounts a WHERE a.project_id = $1`,
        [projectId, provisional],
      );
    },
    read: async (minutesAgo, pointId) => {
      await park.rows(
        `INSERT INTO meter_states (project_id, meter_id, last_ok_at)
         SELECT project_id, meter_id, $2 FROM installations
         WHERE project_id = $1 AND ($3::bigint IS NULL OR point_id = $3)
         ON CONFLICT (project_id, meter_id) DO UPDATE SET last_ok_at = excluded.last_ok_at`,
        [projectId, new Date(park.now.getTime() - minutesAgo * 60_000), pointId ?? null],
      );
    },
    trace: async () => {
      const counts = [];
      for (const table of [
        ...['transactions', 'entries', 'sales', 'refunds', 'sale_reversals'],
        ...['sale_reversal_decisions', 'shifts', 'shift_counts', 'cash_movements'],
      ]) {
        counts.push([table, await park.value(`SELECT count(*) FROM ${table}`)]);
      }
      const series = await park.rows('SELECT series, last_number FROM document_series ORDER BY 1');
      return { counts, series, books: await counter.books() };
    },
    proves: async () => {
      const proof = await verifyLedger(park.postgres.db, { projectId, currency: 'CNY' });
      expect(proof.checks.filter(({ faults }) => faults > 0)).toEqual([]);
    },
    close: () => park.close(),
  };
  await counter.settle({ cashNeedsShift: true });
  return counter;
}

/** Accounts by the day they were opened on, with what was paid then: the report of openings. */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { matches } from '../sql/search.ts';
import { moneyOrNull, only } from './fields.ts';
import type { ProjectTerms } from './project.ts';

export interface OpenedAccount {
  id: string;
  number: string;
  name: string;
  nameZh: string | null;
  openedOn: LocalDay;
  closedOn: LocalDay | null;
  creditMode: 'platform' | 'meter';
  /** Codes of every point that it has held. */
  points: string[];
  /** With the opening; null where nothing was paid, or it was not opened at the counter. */
  firstSale: Money | null;
  receipt: string | null;
  deposit: Money | null;
  openedBy: string | null;
}

export interface OpenedTotals {
  count: number;
  firstSale: Money;
  deposit: Money;
}

interface Asked {
  project: ProjectTerms;
  from?: LocalDay | undefined;
  to?: LocalDay | undefined;
  /** A part of the number, a name, the code of a point, who opened it or the receipt, in any case. */
  q?: string | undefined;
}

/** Accounts opened on local days [from, to), the newest entered first, before `cursor` (an id). */
export async function listOpened(
  db: Queryable,
  { cursor, limit, ...asked }: Asked & { cursor: string | null; limit: number },
): Promise<{ data: OpenedAccount[]; totals: OpenedTotals }> {
  const { currency } = asked.project;
  const opened = openedAccounts(asked);
  const found = await db.execute<
    Record<'id' | 'number' | 'name' | 'opened_on', string> &
      Record<
        'name_zh' | 'closed_on' | 'sale' | 'receipt' | 'deposit' | 'opened_by',
        string | null
      > & {
        credit_mode: 'platform' | 'meter';
        codes: string[] | null;
      }
  >(sql`
    SELECT * FROM (${opened}) o WHERE ${cursor}::bigint IS NULL OR o.id::bigint < ${cursor}::bigint
    ORDER BY o.id::bigint DESC LIMIT ${limit}`);
  const summed = await db.execute<{ count: number; sale: string; deposit: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(o.sale::numeric), 0)::text AS sale,
      coalesce(sum(o.deposit::numeric), 0)::text AS deposit FROM (${opened}) o`);
  const { count, sale, deposit } = only(summed.rows);
  return {
    data: found.rows.map((row) => ({
      ...{ id: row.id, number: row.number, name: row.name, nameZh: row.name_zh },
      ...{ openedOn: row.opened_on, closedOn: row.closed_on, creditMode: row.credit_mode },
      points: row.codes ?? [],
      firstSale: moneyOrNull(row.sale, currency),
      receipt: row.receipt,
      deposit: moneyOrNull(row.deposit, currency),
      openedBy: row.opened_by,
    })),
    totals: {
      count,
      firstSale: money(BigInt(sale), currency),
      deposit: money(BigInt(deposit), currency),
    },
  };
}

function openedAccounts({ project, from = '-infinity', to = 'infinity', q = '' }: Asked): SQL {
  return sql`
    SELECT a.id::text, a.number, a.name, a.name_zh, a.opened_on::text, a.closed_on::text,
      a.credit_mode, held.codes, s.amount_minor::text AS sale, s.receipt,
      d.amount_minor::text AS deposit, o.result ->> 'openedBy' AS opened_by
    FROM accounts a
    LEFT JOIN account_openings o ON o.project_id = a.project_id AND o.account_id = a.id
    LEFT JOIN sales s ON s.project_id = a.project_id
      AND s.id = (o.result -> 'sale' ->> 'id')::bigint
    LEFT JOIN deposits d ON d.project_id = a.project_id
      AND d.id = (o.result -> 'deposit' ->> 'id')::bigint
    LEFT JOIN LATERAL (
      SELECT array_agg(DISTINCT p.code ORDER BY p.code) AS codes
      FROM tenancies t JOIN points p ON p.project_id = t.project_id AND p.id = t.point_id
      WHERE t.project_id = a.project_id AND t.account_id = a.id) held ON true
    WHERE a.project_id = ${project.id}::bigint
      AND a.opened_on >= ${from}::date AND a.opened_on < ${to}::date
      AND ${matches(
        q,
        sql`a.number, a.name, a.name_zh, array_to_string(held.codes, chr(10)), s.receipt,
          o.result ->> 'openedBy'`,
      )}`;
}

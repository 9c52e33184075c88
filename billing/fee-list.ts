/**
 * The fee list: what an account was charged for a month, line by line, to the cent as its wallet was. Amounts are
 * the posted ones (rounded once a key and month), quantities those of the settlements that stand.
 */
import { type SQL, sql } from 'drizzle-orm';
import { addMonths, type LocalDay } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { chargeKinds, chargeUnits } from '../sql/schema/settlements.ts';
import { only } from './fields.ts';
import type { ProjectTerms } from './project.ts';

/** Accounts of one list, at most: what is printed at once. */
export const FEE_ACCOUNTS_MAX = 200;

export interface FeeLine {
  accountId: string;
  accountNumber: string;
  accountName: string;
  accountNameZh: string | null;
  /** Null: of the account itself. */
  pointCode: string | null;
  component: string;
  componentName: string | null;
  componentNameZh: string | null;
  tariffName: string;
  tariffVersion: number;
  /** Rank 1 spike … 5 deep valley; null where the component knows no period. */
  period: number | null;
  step: number;
  kind: (typeof chargeKinds)[number];
  unit: (typeof chargeUnits)[number];
  /** In base units; null where nothing of it stands any more. */
  quantity: number | null;
  /** Per 1,000 base units; null where it was not one price. */
  price: string | null;
  days: number;
  amount: Money;
  tax: Money;
}

/** Lines of a month (its first local day), by account number and point, from `offset` on. */
export async function listFees(
  db: Queryable,
  asked: {
    project: ProjectTerms;
    month: LocalDay;
    accountIds: readonly string[];
    offset: number;
    limit: number;
  },
): Promise<{ data: FeeLine[]; totals: { count: number; amount: Money; tax: Money } }> {
  const { currency } = asked.project;
  const lines = feeLines(asked);
  const found = await db.execute<
    Record<
      'account_id' | 'number' | 'name' | 'component' | 'tariff' | 'posted_minor' | 'tax_minor',
      string
    > &
      Record<
        'name_zh' | 'code' | 'component_name' | 'component_name_zh' | 'quantity' | 'price',
        string | null
      > & {
        kind: FeeLine['kind'] | null;
        unit: FeeLine['unit'] | null;
      } & Record<'version' | 'period' | 'step' | 'days', number>
  >(sql`
    SELECT l.*, l.posted_minor::text, l.tax_minor::text FROM (${lines}) l
    ORDER BY l.number, l.account_id::bigint, l.code NULLS LAST, l.component, l.version, l.period, l.step
    OFFSET ${asked.offset} LIMIT ${asked.limit}`);
  const summed = await db.execute<{ count: number; amount: string; tax: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(l.posted_minor), 0)::text AS amount,
      coalesce(sum(l.tax_minor), 0)::text AS tax FROM (${lines}) l`);
  const { count, amount, tax } = only(summed.rows);
  return {
    data: found.rows.map((row) => ({
      ...{ accountId: row.account_id, accountNumber: row.number, accountName: row.name },
      ...{ accountNameZh: row.name_zh, pointCode: row.code, component: row.component },
      ...{ componentName: row.component_name, componentNameZh: row.component_name_zh },
      ...{ tariffName: row.tariff, tariffVersion: row.version },
      period: row.period === 0 ? null : row.period,
      ...{ step: row.step, kind: row.kind ?? 'usage', unit: row.unit ?? 'wh' },
      quantity: row.quantity === null ? null : Number(row.quantity),
      ...{ price: row.price, days: row.days },
      amount: money(BigInt(row.posted_minor), currency),
      tax: money(BigInt(row.tax_minor), currency),
    })),
    totals: { count, amount: money(BigInt(amount), currency), tax: money(BigInt(tax), currency) },
  };
}

/** What was posted for the month by key, with what of it stands in the settlements. */
function feeLines({
  project,
  month,
  accountIds,
}: {
  project: ProjectTerms;
  month: LocalDay;
  accountIds: readonly string[];
}): SQL {
  const ids = `{${accountIds.join()}}`;
  const chosen = accountIds.length === 0 ? sql`true` : sql`t.account_id = ANY(${ids}::bigint[])`;
  return sql`
    SELECT a.id::text AS account_id, a.number, a.name, a.name_zh, p.code, t.component,
      own.component ->> 'name' AS component_name, own.component ->> 'nameZh' AS component_name_zh,
      f.name AS tariff, v.version, t.period, t.step, s.kind, s.unit, s.quantity::text, s.price,
      coalesce(s.days, 0) AS days, t.posted_minor, t.tax_minor
    FROM posted_totals t
    JOIN accounts a ON a.project_id = t.project_id AND a.id = t.account_id
    JOIN tariff_versions v ON v.project_id = t.project_id AND v.id = t.tariff_version_id
    JOIN tariffs f ON f.project_id = v.project_id AND f.id = v.tariff_id
    LEFT JOIN points p ON p.project_id = t.project_id AND p.id = t.scope_id
    LEFT JOIN LATERAL (SELECT k AS component FROM jsonb_array_elements(v.definition -> 'components') k
      WHERE k ->> 'code' = t.component LIMIT 1) own ON true
    LEFT JOIN (
      SELECT h.account_id, h.scope_id, c.component, c.tariff_version_id, c.period, c.step,
        min(c.kind) AS kind, min(c.unit) AS unit, sum(c.quantity) AS quantity,
        CASE WHEN min(c.price) = max(c.price) THEN min(c.price)::text END AS price,
        count(DISTINCT h.local_day)::int AS days
      FROM settlements h
      JOIN charges c ON c.project_id = h.project_id AND c.settlement_id = h.id
      WHERE h.project_id = ${project.id}::bigint
        AND h.local_day >= ${month}::date AND h.local_day < ${addMonths(month, 1)}::date
        AND NOT EXISTS (SELECT FROM settlements n
          WHERE n.project_id = h.project_id AND n.supersedes = h.id)
      GROUP BY 1, 2, 3, 4, 5, 6) s
      ON s.account_id = t.account_id AND s.scope_id = t.scope_id AND s.component = t.component
      AND s.tariff_version_id = t.tariff_version_id AND s.period = t.period AND s.step = t.step
    WHERE t.project_id = ${project.id}::bigint AND t.month = ${month}::date AND ${chosen}
      AND (t.posted_minor <> 0 OR s.quantity IS NOT NULL)`;
}

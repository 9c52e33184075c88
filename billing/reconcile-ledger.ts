/**
 * The third: what each transaction of settlement had to post, by the rounding rule over the lines that came
 * and went with it, against what its account's wallet was posted. Transactions of an account are taken in
 * order of id: ids are drawn under the lock of the account's months, so that is the order of posting.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Asked } from './reconcile-quantities.ts';
import type { Compared, Difference } from './reconciliation.ts';

export async function ledgerDifferences(
  db: Queryable,
  { projectId, exponent, from, to }: Asked,
): Promise<{ differences: Difference[]; compared: Compared[] }> {
  const project = sql`${projectId}::bigint`;
  const unit = sql`power(10::numeric, ${exponent}::int)`;
  /** What is posted once a key has come to an exact amount. */
  const posted = (
    exact: SQL,
  ) => sql`half_even(${exact} * ${unit}, 1) + CASE WHEN v.tax_included THEN 0
    ELSE half_even(${exact} * ${unit} * v.tax_rate, 1) END`;
  const found = await db.execute<{
    day: LocalDay;
    compared: number;
    transaction_id: string | null;
    account_id: string;
    number: string;
    expected: string;
    actual: string;
    is_after: boolean;
    is_lost: boolean;
  }>(sql`
    WITH wanted AS (
      SELECT id, account_id, accounting_date,
        coalesce(cause ->> 'localDay', cause ->> 'from', accounting_date::text)::date AS first_day,
        coalesce(cause ->> 'localDay', cause ->> 'to', accounting_date::text)::date AS last_day
      FROM transactions WHERE project_id = ${project} AND kind IN ('settlement', 'correction')
        AND accounting_date >= ${from}::date AND accounting_date < ${to}::date),
    -- Headers of the days themselves are looked at even where their transaction is lost.
    touched AS (
      SELECT account_id, date_trunc('month', min(first_day))::date AS first_day,
        (date_trunc('month', max(last_day)) + interval '1 month')::date AS end_day
      FROM (SELECT account_id, first_day, last_day FROM wanted
        UNION ALL SELECT account_id, local_day, local_day FROM settlements
        WHERE project_id = ${project} AND local_day >= ${from}::date AND local_day < ${to}::date) w
      GROUP BY account_id),
    headers AS (
      SELECT s.id, s.supersedes, s.transaction_id, s.account_id, s.scope_id, s.local_day,
        date_trunc('month', s.local_day)::date AS month
      FROM touched w JOIN settlements s ON s.project_id = ${project} AND s.account_id = w.account_id
        AND s.local_day >= w.first_day AND s.local_day < w.end_day),
    moved AS (
      SELECT h.transaction_id, h.account_id, h.month, h.scope_id, c.component, c.tariff_version_id,
        c.period, c.step, sum(c.exact * c.sign) AS exact
      FROM headers h CROSS JOIN LATERAL (
        SELECT *, 1 AS sign FROM charges WHERE project_id = ${project} AND settlement_id = h.id
        UNION ALL
        SELECT *, -1 FROM charges WHERE project_id = ${project} AND settlement_id = h.supersedes) c
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
    running AS (
      SELECT *, sum(exact) OVER (PARTITION BY account_id, month, scope_id, component,
        tariff_version_id, period, step ORDER BY transaction_id) AS after FROM moved),
    terms AS (
      SELECT v.id, k.terms ->> 'code' AS component, coalesce((k.terms ->> 'taxRate')::numeric, 0) AS tax_rate,
        coalesce((k.terms ->> 'taxIncluded')::boolean, true) AS tax_included
      FROM tariff_versions v, jsonb_array_elements(v.definition -> 'components') AS k (terms)
      WHERE v.project_id = ${project}),
    due AS (
      SELECT r.transaction_id, count(*) AS keys,
        sum(${posted(sql`r.after`)} - (${posted(sql`(r.after - r.exact)`)})) AS amount
      FROM running r JOIN terms v ON v.id = r.tariff_version_id AND v.component = r.component
      GROUP BY 1),
    -- Every transaction that a header names, be it lost, and every one of the days, be it without.
    named AS (
      SELECT transaction_id AS id, min(account_id) AS account_id, min(local_day) AS day FROM headers
      GROUP BY 1 UNION SELECT w.id, w.account_id, w.first_day FROM wanted w
      WHERE NOT EXISTS (SELECT FROM headers h WHERE h.transaction_id = w.id)),
    sides AS (
      SELECT n.id, n.account_id, coalesce(t.accounting_date, n.day) AS day, t.id IS NULL AS is_lost,
        coalesce(d.amount, 0) AS expected, coalesce(d.keys, 0) AS keys, coalesce((
          SELECT sum(e.amount) FROM entries e JOIN ledger_accounts l ON l.project_id = e.project_id
            AND l.id = e.ledger_account_id
          WHERE e.project_id = ${project} AND e.transaction_id = n.id AND l.code = 'wallet'
            AND l.account_id = n.account_id), 0) AS actual
      FROM named n LEFT JOIN due d ON d.transaction_id = n.id
      LEFT JOIN transactions t ON t.project_id = ${project} AND t.id = n.id),
    -- A line that is gone moves the rounding of those after it by at most a unit a key (and its tax).
    judged AS (
      SELECT *, abs(expected - actual) <= 2 * keys AND coalesce(bool_or(expected <> actual) OVER (
        PARTITION BY account_id ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false)
        AS is_after FROM sides),
    within AS (SELECT * FROM judged WHERE day >= ${from}::date AND day < ${to}::date),
    counts AS (SELECT day, count(*)::int AS compared FROM within GROUP BY 1)
    SELECT c.day::text, c.compared, w.id::text AS transaction_id, w.account_id::text, a.number,
      w.expected::text, w.actual::text, w.is_after, w.is_lost
    FROM counts c LEFT JOIN within w ON w.day = c.day AND w.expected <> w.actual
    LEFT JOIN accounts a ON a.project_id = ${project} AND a.id = w.account_id
    ORDER BY c.day, w.id`);
  const counts = new Map<LocalDay, number>();
  const differences = found.rows.flatMap((row): Difference[] => {
    counts.set(row.day, row.compared);
    if (row.transaction_id === null) return [];
    const [left, right] = [BigInt(row.expected), BigInt(row.actual)];
    const difference = left - right;
    return [
      {
        ...{ day: row.day, kind: 'charges-ledger', subjectId: row.account_id, subject: row.number },
        ...{ left, right, difference, unit: 'minor', owner: 'billing' },
        moneyMinor: difference < 0n ? -difference : difference,
        reason: row.is_after ? 'rounding-after' : null,
        detail: `transaction ${row.transaction_id}${row.is_lost ? ', which is lost' : ''}`,
      },
    ];
  });
  return {
    differences,
    compared: [...counts].map(([day, compared]) => ({ day, kind: 'charges-ledger', compared })),
  };
}

/**
 * What meters have taken for energy: settlement charges the wallet for all of a day, and what of it the meter took
 * goes from the sub-account back to the wallet. Brought to the sum of the charges in force, so corrections follow too.
 */
import { sql } from 'drizzle-orm';
import { addDays, type LocalDay, localDayOf } from '../sql/local-day.ts';
import { exponentOf } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { accountingDateOf, closedMonths, postAll } from './ledger.ts';
import { moved } from './meter-wallet.ts';
import type { ProjectTerms } from './project.ts';

/**
 * Posts what sub-accounts of a project, or of one account, differ from the energy charged for their points since the
 * meter began to count, month by month. Returns how many transactions that took. Waits for whoever moves money of the
 * same meters.
 */
export async function takeMeterUse(
  tx: Tx,
  {
    project,
    accountId = null,
    after = null,
    now,
  }: {
    project: ProjectTerms;
    accountId?: string | null;
    /** Only months in which a settlement of a higher id lies; null: all of them. */
    after?: string | null;
    now: Date;
  },
): Promise<number> {
  const projectId = project.id;
  await tx.execute(sql`
    SELECT 1 FROM meter_wallets WHERE project_id = ${projectId}::bigint AND began_at IS NOT NULL
      AND (${accountId}::bigint IS NULL OR account_id = ${accountId}::bigint) ORDER BY id FOR UPDATE`);
  const unit = sql`power(10::numeric, ${exponentOf(project.currency)}::int)`;
  const found = await tx.execute<{
    wallet_id: string;
    account_id: string;
    meter_id: string;
    month: LocalDay;
    day: LocalDay | null;
    used: string;
    taken: string;
  }>(sql`
    WITH wallets AS (
      SELECT * FROM meter_wallets WHERE project_id = ${projectId}::bigint AND began_at IS NOT NULL
        AND (${accountId}::bigint IS NULL OR account_id = ${accountId}::bigint)),
    touched AS (
      SELECT DISTINCT w.id AS wallet_id, date_trunc('month', s.local_day)::date AS month
      FROM wallets w JOIN settlements s ON s.project_id = w.project_id AND s.scope_id = w.point_id
        AND s.account_id = w.account_id AND s.local_day >= w.first_day
        AND (w.last_day IS NULL OR s.local_day <= w.last_day)
      WHERE ${after}::bigint IS NULL OR s.id > ${after}::bigint),
    in_force AS (
      SELECT w.id AS wallet_id, m.month, w.last_day, s.id, s.local_day
      FROM touched m JOIN wallets w ON w.id = m.wallet_id
      JOIN settlements s ON s.project_id = w.project_id AND s.scope_id = w.point_id
        AND s.account_id = w.account_id AND s.local_day >= greatest(w.first_day, m.month)
        AND s.local_day < m.month + interval '1 month'
        AND (w.last_day IS NULL OR s.local_day <= w.last_day)
      WHERE NOT EXISTS (SELECT FROM settlements n
        WHERE n.project_id = s.project_id AND n.supersedes = s.id)),
    -- Rounded by key and month as the wallet was charged: the two meet to the cent.
    keyed AS (
      SELECT f.wallet_id, f.month, c.component, c.tariff_version_id, c.tax_rate, sum(c.exact) AS exact
      FROM in_force f JOIN charges c ON c.project_id = ${projectId}::bigint AND c.settlement_id = f.id
        AND c.kind = 'usage'
      WHERE f.last_day IS NULL OR f.local_day < f.last_day
      GROUP BY f.wallet_id, f.month, c.component, c.tariff_version_id, c.period, c.step, c.tax_rate),
    sums AS (
      SELECT k.wallet_id, k.month, sum(half_even(k.exact * ${unit}, 1) + CASE WHEN v.included THEN 0
        ELSE half_even(k.exact * ${unit} * k.tax_rate, 1) END) AS minor
      FROM keyed k LEFT JOIN LATERAL (
        SELECT coalesce((t.terms ->> 'taxIncluded')::boolean, true) AS included
        FROM tariff_versions v, jsonb_array_elements(v.definition -> 'components') AS t (terms)
        WHERE v.project_id = ${projectId}::bigint AND v.id = k.tariff_version_id
          AND t.terms ->> 'code' = k.component) v ON true
      GROUP BY 1, 2),
    days AS (
      SELECT wallet_id, month, max(local_day) AS newest, array_agg(local_day) AS all_days
      FROM in_force GROUP BY 1, 2),
    used AS (
      -- The first day before the meter began, and the last one until it ended, were split when that was.
      SELECT w.id, w.account_id, w.meter_id, d.month, d.newest, coalesce(s.minor, 0)
        - CASE WHEN w.first_day = ANY (d.all_days) THEN half_even(w.opening_exact * ${unit}, 1) ELSE 0 END
        + CASE WHEN w.last_day = ANY (d.all_days) THEN half_even(w.closing_exact * ${unit}, 1) ELSE 0 END
        AS minor
      FROM wallets w JOIN days d ON d.wallet_id = w.id
      LEFT JOIN sums s ON s.wallet_id = w.id AND s.month = d.month),
    taken AS (
      SELECT w.id, date_trunc('month', (t.cause ->> 'to')::date)::date AS month,
        coalesce(sum(e.amount), 0) AS minor
      FROM wallets w
      JOIN ledger_accounts l ON l.project_id = w.project_id AND l.account_id = w.account_id
        AND l.code = 'on-meter' AND l.detail = w.meter_id::text
      JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
      JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
        AND t.kind = 'meter-use' AND t.cause ->> 'wallet' = w.id::text
        -- Nothing is posted before the day that it is for.
        AND t.accounting_date >= (SELECT min(month) FROM touched)
      GROUP BY 1, 2)
    SELECT u.id::text AS wallet_id, u.account_id::text, u.meter_id::text, u.month::text,
      u.newest::text AS day, u.minor::bigint::text AS used, coalesce(t.minor, 0)::text AS taken
    FROM used u LEFT JOIN taken t ON t.id = u.id AND t.month = u.month
    WHERE u.minor::bigint <> coalesce(t.minor, 0) ORDER BY u.id, u.month`);
  if (found.rows.length === 0) return 0;
  const shut = await closedMonths(tx, projectId);
  const today = localDayOf(project.zone, now.getTime());
  const postings = found.rows.map((row) => {
    const { account_id, meter_id: meterId, day, used, taken } = row;
    const minor = BigInt(used) - BigInt(taken);
    return {
      head: {
        ...{ kind: 'meter-use' as const, accountId: account_id, postedAt: now },
        // Of the day that it is for, as its settlement is.
        accountingDate: accountingDateOf(day ?? addDays(today, -1), shut),
        cause: { wallet: row.wallet_id, meter: meterId, to: day },
      },
      legs: moved({ accountId: account_id, meterId }, { from: 'on-meter', to: 'wallet', minor }),
    };
  });
  await postAll(tx, { projectId, currency: project.currency, postings });
  return postings.length;
}

/** The same for a project, in a transaction of its own. */
export const meterUseOf = async (
  db: Db,
  asked: { project: ProjectTerms; after: string | null; now: Date },
): Promise<number> => await db.transaction((tx) => takeMeterUse(tx, asked));

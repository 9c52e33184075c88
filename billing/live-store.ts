/** What live balances read from and write to Postgres. */
import { sql } from 'drizzle-orm';
import { daySpan, type LocalDay } from '../sql/local-day.ts';
import { exponentOf } from '../sql/money.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { renderBalance, type ShownBalance } from './accounts.ts';
import { type JudgedRow, tellBalances } from './balance-alarms.ts';
import { arrayText } from './copy.ts';
import type { PointDay } from './due.ts';
import { EXACT_DIGITS, exactOf, unscaled } from './exact.ts';
import type { PriceBook } from './price-book.ts';
import type { ProjectTerms } from './project.ts';
import { taxExact } from './rounding.ts';
import { assertAccount, ownCodes, settledBalance } from './wallet.ts';

/** Which parts of these point-days have a header, as 'account/point/day'. */
export async function headedParts(
  db: Queryable,
  { projectId, pointDays }: { projectId: string; pointDays: readonly PointDay[] },
): Promise<Set<string>> {
  const found = await db.execute<{ account: string; scope: string; day: string }>(sql`
    SELECT DISTINCT s.account_id::text AS account, s.scope_id::text AS scope,
      s.local_day::text AS day
    FROM unnest(${arrayText(pointDays.map((d) => d.pointId))}::bigint[],
      ${arrayText(pointDays.map((d) => d.localDay))}::date[]) AS w (scope_id, local_day)
    JOIN settlements s ON s.project_id = ${projectId}::bigint AND s.scope_id = w.scope_id
      AND s.local_day = w.local_day`);
  return new Set(found.rows.map((row) => `${row.account}/${row.scope}/${row.day}`));
}

/** Settled days that a rate of use is taken from. */
const RATE_DAYS = 7;
const HOUR_MS = 3_600_000;

export interface Rates {
  /** The newest header when they were read: as long as it stands, they do. */
  newest: string;
  /** Exact charge per hour, major units as text, per account. */
  perHour: Map<string, string>;
}

/** Charges of each account's last seven settled days per hour of these days. */
export async function readRates(
  db: Queryable,
  {
    projectId,
    zone,
    book,
    known,
  }: { projectId: string; zone: string; book: PriceBook; known: Rates | undefined },
): Promise<Rates> {
  const head = await db.execute<{ newest: string }>(sql`
    SELECT coalesce(max(id), 0)::text AS newest FROM settlements
    WHERE project_id = ${projectId}::bigint`);
  const newest = head.rows[0]?.newest ?? '0';
  if (known?.newest === newest) return known;
  const found = await db.execute<{
    account: string;
    days: LocalDay[];
    component: string | null;
    version: string | null;
    exact: string;
  }>(sql`
    WITH last_days AS (
      SELECT a.id AS account_id, max_day.local_day - ${RATE_DAYS}::int AS after
      FROM accounts a CROSS JOIN LATERAL (
        SELECT local_day FROM settlements s
        WHERE s.project_id = a.project_id AND s.account_id = a.id
        ORDER BY local_day DESC LIMIT 1) max_day
      WHERE a.project_id = ${projectId}::bigint),
    in_force AS (
      SELECT s.* FROM last_days d JOIN settlements s ON s.project_id = ${projectId}::bigint
        AND s.account_id = d.account_id AND s.local_day > d.after
      WHERE NOT EXISTS (SELECT 1 FROM settlements n
        WHERE n.project_id = s.project_id AND n.supersedes = s.id)),
    settled_days AS (
      SELECT account_id, array_agg(DISTINCT local_day::text) AS days FROM in_force GROUP BY 1)
    SELECT f.account_id::text AS account, to_jsonb(d.days) AS days, c.component,
      c.tariff_version_id::text AS version, coalesce(sum(c.exact), 0)::text AS exact
    FROM in_force f JOIN settled_days d USING (account_id)
    LEFT JOIN charges c ON c.project_id = f.project_id AND c.settlement_id = f.id
    GROUP BY 1, 2, 3, 4`);
  const sums = new Map<string, { exact: bigint; hours: number }>();
  const hoursOf = new Map<LocalDay, number>();
  for (const { account, days, component, version, exact } of found.rows) {
    let hours = 0;
    for (const day of days) {
      const known = hoursOf.get(day) ?? spanHours(zone, day);
      hoursOf.set(day, known);
      hours += known;
    }
    const sum = sums.get(account) ?? { exact: 0n, hours };
    sums.set(account, sum);
    if (component === null || version === null) continue;
    const amount = exactOf(exact);
    const priced = book.component(version, component);
    sum.exact += priced.taxIncluded ? amount : amount + taxExact(amount, priced);
  }
  const perHour = new Map(
    [...sums].map(([account, { exact, hours }]) => [
      account,
      // Half hours exist (Lord Howe), so the division is by double hours.
      unscaled((exact * 2n) / BigInt(Math.round(hours * 2)), EXACT_DIGITS),
    ]),
  );
  return { newest, perHour };
}

function spanHours(zone: string, day: LocalDay): number {
  const { startMs, endMs } = daySpan(zone, day);
  return (endMs - startMs) / HOUR_MS;
}

export interface Provisional {
  accountId: string;
  provisionalMinor: bigint;
  /** Of it: fees, demand and minimums. */
  otherMinor: bigint;
  settledTo: LocalDay;
}

/**
 * Writes a generation of all open accounts, points to it, removes the ones before, and brings the alarms
 * of low and spent balances in line. What is settled is summed in the same statement as it is written.
 * Returns the number of accounts.
 */
export async function writeGeneration(
  db: Db,
  {
    project,
    at,
    today,
    provisional,
    rates,
  }: {
    project: ProjectTerms;
    at: Date;
    today: LocalDay;
    provisional: readonly Provisional[];
    rates: ReadonlyMap<string, string>;
  },
): Promise<number> {
  const projectId = project.id;
  const rows = provisional.map((p) => ({
    account: p.accountId,
    minor: p.provisionalMinor.toString(),
    other: p.otherMinor.toString(),
    settled: p.settledTo,
  }));
  const perHour = [...rates].map(([account, hour]) => ({ account, hour }));
  const now = sql`${at.toISOString()}::timestamptz`;
  return await db.transaction(async (tx) => {
    const made = await tx.execute<{ generation: string }>(sql`
      INSERT INTO live_balance_generations (project_id, generation, computed_at)
      VALUES (${projectId}::bigint, nextval('ids'), ${now})
      ON CONFLICT (project_id) DO UPDATE SET generation = excluded.generation,
        computed_at = excluded.computed_at
      RETURNING generation::text`);
    const generation = made.rows[0]?.generation ?? '0';
    const written = await tx.execute<JudgedRow>(sql`
      WITH settled AS (
        SELECT l.account_id, -sum(e.amount) AS minor
        FROM ledger_accounts l
        JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
        WHERE l.project_id = ${projectId}::bigint AND l.code IN ${ownCodes} GROUP BY l.account_id),
      open_days AS (
        SELECT account::bigint AS account_id, minor::bigint, other::bigint, settled::date
        FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          AS t (account text, minor text, other text, settled text)),
      rates AS (
        SELECT account::bigint AS account_id, hour::numeric
        FROM jsonb_to_recordset(${JSON.stringify(perHour)}::jsonb) AS t (account text, hour text)),
      heard AS (
        SELECT t.account_id, max(s.last_ok_at) AS at
        FROM tenancies t
        JOIN installations i ON i.project_id = t.project_id AND i.point_id = t.point_id
          AND i.valid_from <= ${now} AND (i.valid_to IS NULL OR i.valid_to > ${now})
        JOIN meter_states s ON s.project_id = i.project_id AND s.meter_id = i.meter_id
        WHERE t.project_id = ${projectId}::bigint
          AND t.valid_from <= ${now} AND (t.valid_to IS NULL OR t.valid_to > ${now})
        GROUP BY t.account_id),
      balances AS (
        SELECT a.id AS account_id, coalesce(s.minor, 0) AS settled, coalesce(o.minor, 0) AS open,
          coalesce(o.other, 0) AS other,
          CASE WHEN r.hour IS NULL AND o.settled IS NULL THEN NULL
            ELSE coalesce(o.settled, ${today}::date) END AS settled_to,
          h.at, r.hour
        FROM accounts a
        LEFT JOIN settled s ON s.account_id = a.id
        LEFT JOIN open_days o ON o.account_id = a.id
        LEFT JOIN rates r ON r.account_id = a.id
        LEFT JOIN heard h ON h.account_id = a.id
        WHERE a.project_id = ${projectId}::bigint),
      written AS (
        INSERT INTO live_balances (project_id, generation, account_id, settled_minor,
          provisional_minor, other_minor, currency, settled_to, newest_sample_at, charge_per_hour, hours_left)
        SELECT ${projectId}::bigint, ${generation}::bigint, account_id, settled, open, other,
          ${project.currency}, settled_to, at, hour,
          CASE WHEN hour > 0 THEN greatest(0, round((settled - open)
            / power(10::numeric, ${exponentOf(project.currency)}::int) / hour, 1)) END
        FROM balances RETURNING account_id, settled_minor - provisional_minor AS live, hours_left)
      SELECT w.account_id::text, w.live::text, round(w.hours_left)::text AS hours_left,
        coalesce(a.alarm1_minor, p.alarm1_minor)::text AS alarm1,
        coalesce(a.alarm2_minor, p.alarm2_minor)::text AS alarm2,
        a.closed_on IS NULL AND EXISTS (SELECT 1 FROM tenancies t
          WHERE t.project_id = a.project_id AND t.account_id = a.id
            AND t.valid_from <= ${now} AND (t.valid_to IS NULL OR t.valid_to > ${now})) AS held
      FROM written w
      JOIN accounts a ON a.project_id = ${projectId}::bigint AND a.id = w.account_id
      JOIN projects p ON p.id = a.project_id`);
    await tx.execute(sql`
      DELETE FROM live_balances
      WHERE project_id = ${projectId}::bigint AND generation <> ${generation}::bigint`);
    await tellBalances(tx, { project, at, rows: written.rows });
    return written.rows.length;
  });
}

/** An account's balance of the newest generation; before the first, what is settled alone. */
export async function readBalance(
  db: Queryable,
  { projectId, accountId, now }: { projectId: string; accountId: string; now: Date },
): Promise<ShownBalance> {
  await assertAccount(db, { projectId, accountId });
  const found = await db.execute<{
    currency: string;
    settled_minor: string | null;
    provisional_minor: string;
    settled_to: string | null;
    newest_sample_at: string | null;
    hours_left: string | null;
    computed_at: string | null;
  }>(sql`
    SELECT p.currency, b.settled_minor::text, coalesce(b.provisional_minor, 0)::text
      AS provisional_minor, b.settled_to::text, b.newest_sample_at, b.hours_left::text,
      CASE WHEN b.account_id IS NOT NULL THEN g.computed_at END AS computed_at
    FROM projects p
    LEFT JOIN live_balance_generations g ON g.project_id = p.id
    LEFT JOIN live_balances b ON b.project_id = p.id AND b.generation = g.generation
      AND b.account_id = ${accountId}::bigint
    WHERE p.id = ${projectId}::bigint`);
  const row = found.rows[0];
  if (!row) throw new Error('a project vanished');
  const settled =
    row.settled_minor ?? (await settledBalance(db, { projectId, accountId })).toString();
  return renderBalance({ ...row, settled_minor: settled }, now);
}

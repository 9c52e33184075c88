/** Meters that say nothing while the credit behind them is low: each an alarm with what may have been used unseen. */
import { sql } from 'drizzle-orm';
import { syncAlarms } from '../sql/alarms.ts';
import { exponentOf, formatMinor } from '../sql/money.ts';
import type { Db } from '../sql/postgres.ts';
import { policyMinor, readPolicy } from './credit-policy.ts';
import type { ProjectTerms } from './project.ts';

/** Settled days that a point's use is taken from. */
const RATE_DAYS = 7;

/**
 * Brings the alarms of a project in line. Exposure = hours silent × what the point was charged per hour of its last
 * settled days; low is a balance that would be at alarm 1 or below with it. Nothing while nobody has set a policy.
 */
export async function syncSilent(
  db: Db,
  { project, now }: { project: ProjectTerms; now: Date },
): Promise<void> {
  const { policy, version } = await readPolicy(db, project);
  if (version === 0) return;
  const { id: projectId, currency } = project;
  const at = sql`${now.toISOString()}::timestamptz`;
  const least = policyMinor(policy.silent.exposure, currency);
  const found = await db.execute<
    { hours: string; rate: string | null } & Record<
      'meter_id' | 'point' | 'account_id' | 'since' | 'exposure' | 'live',
      string
    >
  >(sql`
    WITH silent AS (
      SELECT i.meter_id, o.id AS point_id, o.code, a.id AS account_id,
        b.settled_minor - b.provisional_minor AS live,
        coalesce(a.alarm1_minor, p.alarm1_minor) AS alarm1,
        coalesce(s.last_ok_at, greatest(i.valid_from, t.valid_from)) AS since
      FROM accounts a
      JOIN projects p ON p.id = a.project_id
      JOIN live_balance_generations g ON g.project_id = a.project_id
      JOIN live_balances b ON b.project_id = a.project_id AND b.generation = g.generation
        AND b.account_id = a.id
      JOIN tenancies t ON t.project_id = a.project_id AND t.account_id = a.id
        AND t.valid_from <= ${at} AND (t.valid_to IS NULL OR t.valid_to > ${at})
      JOIN points o ON o.project_id = t.project_id AND o.id = t.point_id
      JOIN installations i ON i.project_id = o.project_id AND i.point_id = o.id
        AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at})
      LEFT JOIN meter_states s ON s.project_id = i.project_id AND s.meter_id = i.meter_id
      WHERE a.project_id = ${projectId}::bigint AND a.closed_on IS NULL
        AND coalesce(s.last_ok_at, greatest(i.valid_from, t.valid_from))
          <= ${at} - make_interval(mins => ${policy.silent.minutes}::int)),
    rated AS (
      SELECT s.*, extract(epoch FROM ${at} - s.since) / 3600 AS hours,
        (SELECT sum(c.exact + c.tax_exact) / count(DISTINCT d.local_day) / 24 FROM (
            SELECT h.id, h.local_day FROM settlements h
            WHERE h.project_id = ${projectId}::bigint AND h.scope_id = s.point_id
              AND NOT EXISTS (SELECT FROM settlements n
                WHERE n.project_id = h.project_id AND n.supersedes = h.id)
            ORDER BY h.local_day DESC LIMIT ${RATE_DAYS}) d
          JOIN charges c ON c.project_id = ${projectId}::bigint AND c.settlement_id = d.id
            AND c.kind IN ('usage', 'allowance')) AS rate
      FROM silent s),
    exposed AS (
      SELECT r.*, ceil(greatest(coalesce(r.hours * r.rate, 0), 0)
        * power(10::numeric, ${exponentOf(currency)}::int))::bigint AS exposure
      FROM rated r)
    SELECT meter_id::text, code AS point, account_id::text, since, live::text, exposure::text,
      round(hours, 1)::text AS hours, round(rate, 2)::text AS rate
    FROM exposed WHERE live - exposure <= alarm1 AND exposure >= ${least.toString()}::bigint`);
  await syncAlarms(db, {
    ...{ projectId, kind: 'meter.silent-credit', at: now },
    subjects: found.rows.map((row) => ({
      ...{ subjectKind: 'meter', subjectId: row.meter_id, severity: 'critical' },
      detail: {
        ...{ accountId: row.account_id, code: row.point, hours: row.hours, rate: row.rate },
        ...{ lastSampleAt: new Date(row.since).toISOString(), currency },
        balance: formatMinor(BigInt(row.live), currency),
        exposure: formatMinor(BigInt(row.exposure), currency),
      },
    })),
  });
}

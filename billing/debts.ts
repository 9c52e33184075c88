/** Debts of an account in meter mode: what its wallet owes, and how much of a sale stays there for them. */
import { sql } from 'drizzle-orm';
import { exponentOf } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { DebtCode } from '../sql/vending-settings.ts';
import type { ProjectTerms } from './project.ts';

export interface Debt {
  code: DebtCode;
  minor: bigint;
}

/**
 * What a sale pays of debts: in order of priority, never more than its share. Codes without a place in the order come
 * last. @example collect({ saleMinor: 100n, debts: [{ code: 'fee', minor: 80n }], sharePercent: 50, priority: [] })
 */
export function collect({
  saleMinor,
  debts,
  sharePercent,
  priority,
}: {
  saleMinor: bigint;
  debts: readonly Debt[];
  /** 0 to 100 of the sale; what is left of a cent goes to the meter. */
  sharePercent: number;
  priority: readonly DebtCode[];
}): Debt[] {
  const placeOf = ({ code }: Debt) => {
    const place = priority.indexOf(code);
    return place < 0 ? priority.length : place;
  };
  let left = (saleMinor * BigInt(sharePercent)) / 100n;
  const collected: Debt[] = [];
  for (const { code, minor } of debts.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const taken = minor < left ? minor : left;
    if (taken <= 0n) continue;
    collected.push({ code, minor: taken });
    left -= taken;
  }
  return collected;
}

/** Newest transactions of a wallet that are looked at for what it owes. */
const LOOKED_AT_MAX = 500;

/**
 * What makes up the `owed` minor units of a wallet that is below zero: its newest charges beside the energy that the
 * meter paid, by kind, back to where they add up to it. What stays unexplained is `other`.
 */
export async function debtsOf(
  db: Queryable,
  { project, accountId, owed }: { project: ProjectTerms; accountId: string; owed: bigint },
): Promise<Debt[]> {
  const unit = sql`power(10::numeric, ${exponentOf(project.currency)}::int)`;
  const found = await db.execute<{ code: DebtCode; minor: string }>(sql`
    WITH newest AS (
      SELECT t.id, t.kind FROM transactions t
      WHERE t.project_id = ${project.id}::bigint AND t.account_id = ${accountId}::bigint
        AND t.kind IN ('settlement', 'correction') ORDER BY t.id DESC LIMIT ${LOOKED_AT_MAX})
    SELECT CASE WHEN n.kind = 'correction' THEN 'correction' WHEN c.kind = 'demand' THEN 'demand'
        ELSE 'fee' END AS code,
      round(sum(c.exact + CASE WHEN v.included THEN 0 ELSE c.tax_exact END) * ${unit})::bigint::text AS minor
    FROM newest n
    JOIN settlements s ON s.project_id = ${project.id}::bigint AND s.transaction_id = n.id
    JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
      AND c.kind IN ('fixed', 'minimum', 'demand')
    LEFT JOIN LATERAL (
      SELECT coalesce((k.terms ->> 'taxIncluded')::boolean, true) AS included
      FROM tariff_versions t, jsonb_array_elements(t.definition -> 'components') AS k (terms)
      WHERE t.project_id = s.project_id AND t.id = c.tariff_version_id
        AND k.terms ->> 'code' = c.component) v ON true
    GROUP BY n.id, 1 HAVING sum(c.exact) > 0 ORDER BY n.id DESC, 1`);
  const sums = new Map<DebtCode, bigint>();
  let left = owed;
  for (const { code, minor } of found.rows) {
    const part = BigInt(minor) < left ? BigInt(minor) : left;
    if (part <= 0n) break;
    sums.set(code, (sums.get(code) ?? 0n) + part);
    left -= part;
  }
  if (left > 0n) sums.set('other', left);
  return [...sums].map(([code, minor]) => ({ code, minor }));
}

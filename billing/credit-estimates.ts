/**
 * What of an account's debt may rest on estimates: the energy of its last days that was not measured, at the highest
 * prices that its points were charged. Nobody is cut for it.
 */
import { sql } from 'drizzle-orm';
import { exponentOf } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import type { CreditFacts } from './credit-facts.ts';
import type { ProjectTerms } from './project.ts';

/** Days before now in which an estimate may have decided. */
const DAYS = 7;
/** Days of charges that a price is looked for in. */
const PRICE_DAYS = 62;
/** How long QuestDB's WAL is waited for before nothing is cut. */
const WAL_DEADLINE_MS = 10_000;
/** Points that are asked for in one statement. */
const POINTS_MAX = 500;
/** More than any debt: what is not known holds every trip. */
export const UNKNOWN_MINOR = 2n ** 62n;

/** By account, minor units; an account of whose estimates nothing is known owes nothing for certain. */
export async function estimatedMinor(
  { db, questdb }: { db: Queryable; questdb: Questdb },
  {
    project,
    accounts,
    now,
  }: { project: ProjectTerms; accounts: readonly CreditFacts[]; now: Date },
): Promise<Map<string, bigint>> {
  const points = accounts.flatMap((account) => account.points.map(({ id }) => id));
  const quantities = new Map<string, bigint>();
  // What is written and not readable yet, or hidden, is not known.
  await questdb.settled(['intervals'], { timeoutMs: WAL_DEADLINE_MS });
  const from = new Date(now.getTime() - DAYS * 86_400_000).toISOString();
  for (let i = 0; i < points.length; i += POINTS_MAX) {
    const named = points.slice(i, i + POINTS_MAX).map((id) => `'${id}'`);
    const { rows } = await questdb.exec(
      `SELECT point, sum(quantity) FROM intervals
       WHERE project = '${project.id}' AND ts >= '${from}' AND point IN (${named.join()})
         AND quality LIKE 'estimated%' AND quantity > 0`,
    );
    for (const [point, quantity] of rows) quantities.set(String(point), BigInt(Number(quantity)));
  }
  const prices = await highestPrices(db, {
    project,
    points: [...quantities].flatMap(([point, quantity]) => (quantity > 0n ? [point] : [])),
    now,
  });
  return new Map(
    accounts.map(({ accountId, points: held }) => {
      let minor = 0n;
      for (const { id } of held) {
        const quantity = quantities.get(id) ?? 0n;
        if (quantity === 0n) continue;
        const price = prices.get(id);
        minor = price === undefined ? UNKNOWN_MINOR : minor + quantity * price;
        if (price === undefined) break;
      }
      // Prices are in millionths of a minor unit per base unit, rounded up.
      return [accountId, minor === UNKNOWN_MINOR ? minor : (minor + 999_999n) / 1_000_000n];
    }),
  );
}

/** Of each point the sum of its components' highest prices with tax, millionths of a minor unit per base unit. */
async function highestPrices(
  db: Queryable,
  { project, points, now }: { project: ProjectTerms; points: readonly string[]; now: Date },
): Promise<Map<string, bigint>> {
  if (points.length === 0) return new Map();
  const found = await db.execute<{ point: string; price: string }>(sql`
    WITH highest AS (
      SELECT s.scope_id, c.component, max(c.price * (1 + c.tax_rate)) AS price
      FROM settlements s
      JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id AND c.kind = 'usage'
      WHERE s.project_id = ${project.id}::bigint AND s.scope_id = ANY(${`{${points.join()}}`}::bigint[])
        AND s.local_day > ${now.toISOString()}::date - ${PRICE_DAYS}::int
      GROUP BY 1, 2)
    SELECT scope_id::text AS point,
      ceil(sum(price) * power(10::numeric, ${exponentOf(project.currency)}::int) * 1000)::bigint::text AS price
    FROM highest GROUP BY 1`);
  return new Map(found.rows.map((row) => [row.point, BigInt(row.price)]));
}

/**
 * The proof of a project's ledger, from one snapshot: the chain of hashes walked anew, and every sum that
 * stands somewhere computed again from what it is the sum of. Reads only; shares no arithmetic with what
 * posts.
 */
import { type SQL, sql } from 'drizzle-orm';
import { exponentOf } from '../sql/money.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { ledgerCodes } from './chart.ts';
import { walkChain } from './seal.ts';
import { bankFaults, refundFaults, reversalFaults } from './verify-counter.ts';
import { ownCodes } from './wallet.ts';

export const checkNames = [
  'chain',
  'balance',
  'accounts',
  'totals',
  'wallets',
  'balances',
  'sales',
  'refunds',
  'reversals',
  'bank',
  'meters',
  'revisions',
  'snapshots',
] as const;
export type CheckName = (typeof checkNames)[number];

export interface Check {
  name: CheckName;
  /** What was looked at, and how much of it does not hold. */
  counted: number;
  faults: number;
  /** The first fault in words, and its position in the journal where it has one. */
  first: string | null;
  position: string | null;
}

export interface Proof {
  /** The last position that was looked at, and its hash: to be noted down somewhere else. */
  positions: bigint;
  hash: string;
  /** First position at which anything does not hold. */
  brokenPosition: bigint | null;
  checks: Check[];
  holds: boolean;
}

/** Proves the ledger of a project. `onProgress` is told of positions as the chain is walked. */
export async function verifyLedger(
  db: Db,
  { projectId, currency }: { projectId: string; currency: string },
  onProgress?: (positions: bigint) => Promise<void> | void,
): Promise<Proof> {
  return await db.transaction(
    async (tx) => {
      const chain = await walkChain(tx, projectId, onProgress);
      const checks: Check[] = [
        {
          name: 'chain',
          counted: Number(chain.positions),
          faults: chain.broken ? 1 : 0,
          first: chain.broken?.why ?? null,
          position: chain.broken?.position.toString() ?? null,
        },
      ];
      for (const [name, statement] of questions(projectId, exponentOf(currency))) {
        checks.push(await ask(tx, name, statement));
      }
      const broken = checks.flatMap(({ position }) => (position === null ? [] : BigInt(position)));
      return {
        positions: chain.positions,
        hash: chain.hash,
        brokenPosition: broken.sort((a, b) => Number(a - b))[0] ?? null,
        checks,
        holds: checks.every(({ faults }) => faults === 0),
      };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/** A question answers `counted` and a relation `faults` (position or null, says). */
async function ask(tx: Queryable, name: CheckName, { counted, faults }: Question): Promise<Check> {
  const found = await tx.execute<{
    counted: string;
    faults: string;
    says: string | null;
    position: string | null;
  }>(sql`
    WITH faults AS MATERIALIZED (${faults})
    SELECT (${counted})::text AS counted, (SELECT count(*) FROM faults)::text AS faults,
      f.says, f.position::text
    FROM (SELECT) AS once
    LEFT JOIN LATERAL (SELECT says, position FROM faults ORDER BY position, says LIMIT 1) f ON true`);
  const row = found.rows[0];
  if (!row) throw new Error('a question has an answer');
  return {
    name,
    counted: Number(row.counted),
    faults: Number(row.faults),
    first: row.says,
    position: row.position,
  };
}

interface Question {
  counted: SQL;
  faults: SQL;
}

function questions(projectId: string, exponent: number): [CheckName, Question][] {
  const project = sql`${projectId}::bigint`;
  const countOf = (table: SQL) => sql`SELECT count(*) FROM ${table} WHERE project_id = ${project}`;
  /** The position of a transaction; null while it is not sealed. */
  const positionOf = (transaction: SQL) => sql`(SELECT sealed.position FROM seals sealed
    WHERE sealed.project_id = ${project} AND sealed.transaction_id = ${transaction})`;
  const codes = `{${ledgerCodes.join()}}`;
  return [
    [
      'balance',
      {
        counted: countOf(sql`transactions`),
        faults: sql`
          SELECT ${positionOf(sql`e.transaction_id`)} AS position,
            'transaction ' || e.transaction_id || ' is off balance by ' || sum(e.amount) AS says
          FROM entries e WHERE e.project_id = ${project}
          GROUP BY e.transaction_id, e.currency HAVING sum(e.amount) <> 0`,
      },
    ],
    [
      'accounts',
      {
        counted: countOf(sql`entries`),
        faults: sql`
          SELECT ${positionOf(sql`e.transaction_id`)} AS position,
            'leg ' || e.leg || ' of transaction ' || e.transaction_id || ' names ' || CASE
              WHEN t.id IS NULL THEN 'a transaction that is not there'
              WHEN l.id IS NULL THEN 'a ledger account that is not there'
              WHEN l.currency <> e.currency THEN 'a ledger account of another currency'
              ELSE 'a ledger account that the chart does not know: ' || l.code END AS says
          FROM entries e
          LEFT JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
          LEFT JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
          WHERE e.project_id = ${project} AND (t.id IS NULL OR l.id IS NULL
            OR l.currency <> e.currency OR l.code <> ALL (${codes}::text[]))`,
      },
    ],
    ['totals', { counted: countOf(sql`posted_totals`), faults: totalsFaults(project, exponent) }],
    [
      'wallets',
      {
        counted: sql`SELECT count(*) FROM ledger_accounts
          WHERE project_id = ${project} AND code = 'wallet'`,
        faults: sql`
          SELECT NULL::bigint AS position, 'account ' || a.number || ' was charged '
            || coalesce(w.amount, 0) || ' by the ledger and ' || coalesce(p.amount, 0)
            || ' by what is posted for its charges (minor units)' AS says
          FROM (SELECT l.account_id, sum(e.amount) AS amount
            FROM ledger_accounts l
            JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
            JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
            WHERE l.project_id = ${project} AND l.code = 'wallet'
              AND t.kind IN ('settlement', 'correction') GROUP BY 1) w
          FULL JOIN (SELECT account_id, sum(posted_minor) AS amount FROM posted_totals
            WHERE project_id = ${project} GROUP BY 1) p USING (account_id)
          LEFT JOIN accounts a ON a.project_id = ${project} AND a.id = account_id
          WHERE coalesce(w.amount, 0) <> coalesce(p.amount, 0)`,
      },
    ],
    [
      'balances',
      {
        counted: sql`SELECT count(*) FROM live_balances b JOIN live_balance_generations g
          USING (project_id, generation) WHERE b.project_id = ${project}`,
        // What was posted after the balances were computed will be in the next ones.
        faults: sql`
          SELECT NULL::bigint AS position, 'account ' || a.number || ' is shown ' || b.settled_minor
            || ' and it holds ' || coalesce(w.amount, 0) || ' (minor units)' AS says
          FROM live_balances b
          JOIN live_balance_generations g USING (project_id, generation)
          JOIN accounts a ON a.project_id = b.project_id AND a.id = b.account_id
          LEFT JOIN (SELECT l.account_id, -sum(e.amount) AS amount, max(t.posted_at) AS newest
            FROM ledger_accounts l
            JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
            JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
            WHERE l.project_id = ${project} AND l.code IN ${ownCodes} GROUP BY 1) w
            ON w.account_id = b.account_id
          WHERE b.project_id = ${project} AND b.settled_minor <> coalesce(w.amount, 0)
            AND coalesce(w.newest < g.computed_at, true)`,
      },
    ],
    [
      'sales',
      {
        counted: countOf(sql`sales`),
        faults: sql`
          SELECT ${positionOf(sql`coalesce(s.transaction_id, t.id)`)} AS position,
            'receipt ' || coalesce(s.receipt, '(none)') || ' and transaction '
            || coalesce(t.id, s.transaction_id) || ' do not belong together' AS says
          FROM (SELECT * FROM sales WHERE project_id = ${project}) s
          FULL JOIN (SELECT t.id, l.account_id, -e.amount AS amount FROM transactions t
            JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
            JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
              AND l.code = 'wallet'
            WHERE t.project_id = ${project} AND t.kind = 'sale') t ON t.id = s.transaction_id
          WHERE s.amount_minor IS DISTINCT FROM t.amount OR s.account_id <> t.account_id`,
      },
    ],
    [
      'meters',
      {
        counted: countOf(sql`recharges`),
        faults: sql`
          SELECT NULL::bigint AS position, 'account ' || a.number || ' has ' || coalesce(b.minor, 0)
            || ' ' || code || ' of meter ' || meter || ' by the ledger and ' || coalesce(r.minor, 0)
            || ' by its recharges (minor units)' AS says
          FROM (SELECT l.account_id, l.code, l.detail AS meter, -sum(e.amount) AS minor
            FROM ledger_accounts l
            JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
            JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
            WHERE l.project_id = ${project} AND (l.code = 'in-transit'
              OR (l.code = 'on-meter' AND t.kind = 'recharge')) GROUP BY 1, 2, 3) b
          FULL JOIN (SELECT account_id, CASE WHEN state = 'confirmed' THEN 'on-meter'
              ELSE 'in-transit' END AS code, meter_id::text AS meter, sum(amount_minor) AS minor
            FROM recharges WHERE project_id = ${project}
              AND state IN ('sent', 'unknown', 'held', 'confirmed') GROUP BY 1, 2, 3) r
            USING (account_id, code, meter)
          LEFT JOIN accounts a ON a.project_id = ${project} AND a.id = account_id
          WHERE coalesce(b.minor, 0) <> coalesce(r.minor, 0)`,
      },
    ],
    ['refunds', { counted: countOf(sql`refunds`), faults: refundFaults(project, positionOf) }],
    [
      'reversals',
      {
        counted: sql`SELECT count(*) FROM sale_reversal_decisions
          WHERE project_id = ${project} AND decision = 'approve'`,
        faults: reversalFaults(project, positionOf),
      },
    ],
    ['bank', { counted: countOf(sql`bank_line_acts`), faults: bankFaults(project, positionOf) }],
    [
      'revisions',
      {
        counted: countOf(sql`settlements`),
        faults: sql`
          SELECT ${positionOf(sql`s.transaction_id`)} AS position,
            'revision ' || s.revision || ' of ' || s.local_day || ', point or account ' || s.scope_id
            || CASE WHEN t.id IS NULL THEN ', has lost its transaction'
              WHEN t.account_id <> s.account_id THEN ', was posted to another account'
              ELSE ', does not follow the one before' END AS says
          FROM (SELECT *, lag(id) OVER held AS before, lag(revision) OVER held AS older
            FROM settlements WHERE project_id = ${project}
            WINDOW held AS (PARTITION BY scope_id, local_day, account_id ORDER BY revision)) s
          LEFT JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
          WHERE t.id IS NULL OR t.account_id <> s.account_id
            OR s.supersedes IS DISTINCT FROM s.before OR s.revision <> coalesce(s.older, 0) + 1`,
      },
    ],
    ['snapshots', { counted: countOf(sql`balance_snapshots`), faults: snapshotFaults(project) }],
  ];
}

/** Snapshots against all that was sealed up to them. */
const snapshotFaults = (project: SQL): SQL => sql`
  WITH stops AS (SELECT position, row_number() OVER (ORDER BY position) AS place
    FROM balance_snapshots WHERE project_id = ${project} GROUP BY position),
  -- What was sealed between one stop and the next, by the number of the later one.
  moved AS (
    SELECT width_bucket(s.position - 1, p.positions) + 1 AS place, e.ledger_account_id,
      count(*) AS entries, coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0) AS debit,
      sum(e.amount) AS balance
    FROM (SELECT array_agg(position ORDER BY position) AS positions FROM stops) p
    JOIN seals s ON s.project_id = ${project} AND s.position <= p.positions[cardinality(p.positions)]
    JOIN entries e ON e.project_id = s.project_id AND e.transaction_id = s.transaction_id
    GROUP BY 1, 2)
  SELECT position, 'the snapshot of ledger account ' || ledger_account_id || ' at ' || position || ' says '
    || coalesce(kept.balance, 0) || ', the entries say ' || coalesce(summed.balance, 0)
    || ' (minor units)' AS says
  FROM (SELECT position, ledger_account_id, entries, debit, debit - credit AS balance
    FROM balance_snapshots WHERE project_id = ${project}) kept
  FULL JOIN (
    SELECT p.position, m.ledger_account_id, sum(m.entries) AS entries, sum(m.debit) AS debit,
      sum(m.balance) AS balance
    FROM stops p JOIN moved m ON m.place <= p.place GROUP BY 1, 2) summed
    USING (position, ledger_account_id)
  WHERE kept.entries IS DISTINCT FROM summed.entries OR kept.debit IS DISTINCT FROM summed.debit
    OR kept.balance IS DISTINCT FROM summed.balance`;

/**
 * What is posted for a key against round(exact, cumulated over the lines in force), half to even, and
 * its tax likewise: the rounding rule, said once more in the database's own arithmetic.
 */
const totalsFaults = (project: SQL, exponent: number): SQL => sql`
  SELECT NULL::bigint AS position, 'account ' || coalesce(a.number, '?') || ', ' || month || ', '
    || component || ' ' || period || '/' || step || ' of ' || scope_id || ': posted ' || posted
    || ' with tax ' || posted_tax || ', the charges say ' || gross || ' with tax ' || tax
    || ' (minor units)' AS says
  FROM (${expectedTotals(project, exponent)}) r
  LEFT JOIN accounts a ON a.project_id = ${project} AND a.id = account_id
  WHERE posted <> gross OR posted_tax <> tax OR exact <> posted_exact`;

const expectedTotals = (project: SQL, exponent: number): SQL => sql`
  SELECT *, CASE WHEN tax_included THEN net ELSE net + tax END AS gross
  FROM (
    SELECT *, half_even(exact * unit, 1) AS net, CASE
      WHEN tax_included THEN half_even(exact * unit * tax_rate, 1 + tax_rate)
      ELSE half_even(exact * unit * tax_rate, 1) END AS tax
    FROM (
      SELECT account_id, month, scope_id, component, period, step,
        coalesce(p.exact, 0) AS posted_exact, coalesce(p.posted_minor, 0) AS posted,
        coalesce(p.tax_minor, 0) AS posted_tax, coalesce(c.exact, 0) AS exact,
        power(10::numeric, ${exponent}::int) AS unit,
        coalesce((v.terms ->> 'taxRate')::numeric, 0) AS tax_rate,
        coalesce((v.terms ->> 'taxIncluded')::boolean, true) AS tax_included
      FROM (SELECT * FROM posted_totals WHERE project_id = ${project}) p
      FULL JOIN (
        SELECT s.account_id, date_trunc('month', s.local_day)::date AS month, s.scope_id,
          c.component, c.tariff_version_id, c.period, c.step, sum(c.exact) AS exact
        FROM settlements s
        JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
        WHERE s.project_id = ${project} AND NOT EXISTS (SELECT FROM settlements n
          WHERE n.project_id = s.project_id AND n.supersedes = s.id)
        GROUP BY 1, 2, 3, 4, 5, 6, 7) c
        USING (account_id, month, scope_id, component, tariff_version_id, period, step)
      LEFT JOIN (SELECT v.id, k.terms FROM tariff_versions v,
          jsonb_array_elements(v.definition -> 'components') AS k (terms)
        WHERE v.project_id = ${project}) v
        ON v.id = tariff_version_id AND v.terms ->> 'code' = component) keyed) rounded`;

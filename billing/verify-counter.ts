/**
 * What was given back, undone and brought in by the bank, against what is posted for it: rows of the counter and
 * their transactions belong together, one to one, and suspense is what nobody has identified.
 */
import { type SQL, sql } from 'drizzle-orm';

type PositionOf = (transaction: SQL) => SQL;

/** Transactions of a kind with what they do to a wallet, minor units; debit is above zero. */
const onWallets = (project: SQL, kind: string): SQL => sql`
  SELECT t.id, t.reverses, l.account_id, e.amount FROM transactions t
  JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
  JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
    AND l.code = 'wallet'
  WHERE t.project_id = ${project} AND t.kind = ${kind}`;

/** Refunds and the transactions of their kind. */
export const refundFaults = (project: SQL, positionOf: PositionOf): SQL => sql`
  SELECT ${positionOf(sql`coalesce(r.transaction_id, t.id)`)} AS position,
    'refund ' || coalesce(r.receipt, '(none)') || ' and transaction '
    || coalesce(t.id, r.transaction_id) || ' do not belong together' AS says
  FROM (SELECT * FROM refunds WHERE project_id = ${project}) r
  FULL JOIN (${onWallets(project, 'refund')}) t ON t.id = r.transaction_id
  WHERE r.amount_minor IS DISTINCT FROM t.amount OR r.account_id <> t.account_id`;

/** Reversals that were agreed to, and the transactions that undo sales: whole, once, of the same account. */
export const reversalFaults = (project: SQL, positionOf: PositionOf): SQL => sql`
  SELECT ${positionOf(sql`coalesce(d.transaction_id, t.id)`)} AS position,
    'reversal ' || coalesce(d.receipt, '(none)') || ' and transaction '
    || coalesce(t.id, d.transaction_id) || ' do not belong together' AS says
  FROM (SELECT d.receipt, d.transaction_id, s.transaction_id AS undone, s.account_id, s.amount_minor
    FROM sale_reversal_decisions d
    LEFT JOIN sales s ON s.project_id = d.project_id AND s.id = d.sale_id
    WHERE d.project_id = ${project} AND d.decision = 'approve') d
  FULL JOIN (SELECT w.* FROM (${onWallets(project, 'reversal')}) w
    JOIN transactions o ON o.project_id = ${project} AND o.id = w.reverses AND o.kind = 'sale') t
    ON t.id = d.transaction_id
  WHERE d.amount_minor IS DISTINCT FROM t.amount OR d.account_id IS DISTINCT FROM t.account_id
    OR d.undone IS DISTINCT FROM t.reverses`;

/** Acts on lines and their transactions, suspense and unidentified lines, fees of files and what is posted of them. */
export const bankFaults = (project: SQL, positionOf: PositionOf): SQL => sql`
  WITH acts AS MATERIALIZED (
    SELECT a.id, a.line_id, a.kind, a.transaction_id, l.amount_minor, l.fee_minor, l.row,
      a.kind IN ('suspend', 'release', 'reopen') AS is_open,
      lag(a.kind) OVER held IN ('suspend', 'release', 'reopen') AS was_open,
      a.ordinal = max(a.ordinal) OVER (PARTITION BY a.line_id) AS is_last
    FROM bank_line_acts a
    JOIN bank_lines l ON l.project_id = a.project_id AND l.id = a.line_id
    WHERE a.project_id = ${project} WINDOW held AS (PARTITION BY a.line_id ORDER BY a.ordinal)),
  suspense AS MATERIALIZED (
    SELECT e.transaction_id, sum(e.amount) AS amount FROM ledger_accounts l
    JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
    WHERE l.project_id = ${project} AND l.code = 'unidentified' GROUP BY 1),
  -- What a line does to suspense when it comes to be unidentified, and when it no longer is.
  moved AS (
    SELECT *, (CASE WHEN is_open THEN -amount_minor ELSE 0 END)
      + (CASE WHEN coalesce(was_open, false) THEN amount_minor ELSE 0 END) AS expected FROM acts)
  SELECT ${positionOf(sql`coalesce(m.transaction_id, s.transaction_id)`)} AS position,
    CASE WHEN m.id IS NULL
      THEN 'transaction ' || s.transaction_id || ' moves suspense, and no line of the bank says why'
      ELSE 'line ' || m.line_id || ' of the bank, ' || m.kind || ': suspense moved by '
        || coalesce(s.amount, 0) || ' instead of ' || m.expected || ' (minor units)' END AS says
  FROM moved m FULL JOIN suspense s ON s.transaction_id = m.transaction_id
  WHERE m.id IS NULL OR coalesce(s.amount, 0) <> m.expected
  UNION ALL
  SELECT NULL, 'suspense holds ' || held || ' and unidentified lines come to ' || open
    || ' (minor units)'
  FROM (SELECT coalesce((SELECT -sum(amount) FROM suspense), 0) AS held,
    coalesce((SELECT sum(amount_minor) FROM acts WHERE is_last AND is_open), 0) AS open) sums
  WHERE held <> open
  UNION ALL
  SELECT ${positionOf(sql`f.transaction_id`)}, 'fees of file ' || coalesce(f.file_id, c.file_id)
    || ' on ' || coalesce(f.local_day, c.booked_on) || ': lines say ' || coalesce(c.fee, 0)
    || ', the ledger ' || coalesce(p.amount, 0) || ' (minor units)'
  FROM (SELECT * FROM bank_file_fees WHERE project_id = ${project}) f
  FULL JOIN (SELECT file_id, booked_on, sum(fee_minor) AS fee FROM bank_lines
      WHERE project_id = ${project} GROUP BY 1, 2 HAVING sum(fee_minor) <> 0) c
    ON c.file_id = f.file_id AND c.booked_on = f.local_day
  LEFT JOIN LATERAL (SELECT sum(e.amount) AS amount FROM entries e
    JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
      AND l.code = 'channel-fee'
    WHERE e.project_id = ${project} AND e.transaction_id = f.transaction_id) p ON true
  WHERE f.fee_minor IS DISTINCT FROM c.fee OR f.fee_minor IS DISTINCT FROM p.amount`;

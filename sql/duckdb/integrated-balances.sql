-- Question: what was in each wallet when a range began and ended, and what moved it in between?
-- Parameters: entries (files of every day before the end), from, to (DATE, half-open, accounting dates).
-- Columns: account; opening, top_ups (sales), charges (above zero: charged), corrections (above zero:
-- given back), other (refunds, reversals, transfers, write-offs, adjustments, deposits set off, closings, what
-- went to meters and was used from them; above zero: into the wallet), closing. Minor units; a wallet is
-- a liability, its balance is shown as −Σ.
-- How: one look at the entries; a journal position as a second bound would go into wallet_entries.
WITH wallet_entries AS (
  SELECT account, kind, -amount AS amount, accounting_date < $from::DATE AS before
  FROM read_parquet($entries::VARCHAR[])
  WHERE code = 'wallet' AND accounting_date < $to::DATE
)
SELECT
  account,
  CAST(coalesce(sum(amount) FILTER (before), 0) AS BIGINT) AS opening,
  CAST(coalesce(sum(amount) FILTER (NOT before AND kind = 'sale'), 0) AS BIGINT) AS top_ups,
  CAST(coalesce(-sum(amount) FILTER (NOT before AND kind = 'settlement'), 0) AS BIGINT) AS charges,
  CAST(coalesce(sum(amount) FILTER (NOT before AND kind = 'correction'), 0) AS BIGINT) AS corrections,
  CAST(coalesce(sum(amount) FILTER (NOT before AND kind IN ('refund', 'reversal', 'transfer',
    'write-off', 'adjustment', 'deposit', 'closing', 'recharge', 'meter-use', 'true-up')), 0) AS BIGINT) AS other,
  CAST(sum(amount) AS BIGINT) AS closing
FROM wallet_entries
GROUP BY account

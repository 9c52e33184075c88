-- Question: the sales report: sales, what was given back and what the customers were charged, by period
-- and, if wanted, by channel or cashier.
-- Parameters: periods (VARCHAR list: the periods that are shown even when they are empty, without a key),
-- by (none, channel, cashier); channel and cashier (only these; null: all).
-- Sources: finance_facts of finance-facts.sql.
-- Columns: period; key and label (null: of no channel or cashier); receipts; cash, transfer, online,
-- sales; refunds, reversals (below zero); net (sales + refunds + reversals) and net_since (of its key,
-- from the first period on); charges and tax_of_charges (above zero: charged); corrections and
-- other_postings (above zero: into the wallet); these four null where only a channel or cashier is asked
-- for, to whom they do not belong. Minor units.
WITH cells AS (
  SELECT period,
    CASE $by::VARCHAR WHEN 'channel' THEN channel WHEN 'cashier' THEN cashier END AS key,
    receipts, cash, transfer, online, sales, refunds, reversals, charges, taxes, corrections, others
  FROM finance_facts
  WHERE ($channel::VARCHAR IS NULL OR channel = $channel::VARCHAR)
    AND ($cashier::VARCHAR IS NULL OR cashier = $cashier::VARCHAR)
  UNION ALL BY NAME
  SELECT unnest($periods::VARCHAR[]) AS period
),
sums AS (
  SELECT period, key,
    coalesce(sum(receipts), 0)::BIGINT AS receipts,
    coalesce(sum(cash), 0)::BIGINT AS cash,
    coalesce(sum(transfer), 0)::BIGINT AS transfer,
    coalesce(sum(online), 0)::BIGINT AS online,
    coalesce(sum(sales), 0)::BIGINT AS sales,
    coalesce(sum(refunds), 0)::BIGINT AS refunds,
    coalesce(sum(reversals), 0)::BIGINT AS reversals,
    CASE WHEN is_whole THEN coalesce(sum(charges), 0)::BIGINT END AS charges,
    CASE WHEN is_whole THEN coalesce(sum(taxes), 0)::BIGINT END AS tax_of_charges,
    CASE WHEN is_whole THEN coalesce(sum(corrections), 0)::BIGINT END AS corrections,
    CASE WHEN is_whole THEN coalesce(sum(others), 0)::BIGINT END AS other_postings
  FROM cells
  CROSS JOIN (SELECT $channel::VARCHAR IS NULL AND $cashier::VARCHAR IS NULL AS is_whole)
  GROUP BY period, key, is_whole
)
SELECT period, key, coalesce(key, '') AS label, receipts, cash, transfer, online, sales, refunds,
  reversals,
  sales + refunds + reversals AS net,
  (sum(sales + refunds + reversals) OVER (PARTITION BY key ORDER BY period))::BIGINT AS net_since,
  charges, tax_of_charges, corrections, other_postings
FROM sums
WHERE $by::VARCHAR = 'none' OR receipts <> 0 OR sales <> 0 OR refunds <> 0 OR reversals <> 0
  OR charges <> 0 OR tax_of_charges <> 0 OR corrections <> 0 OR other_postings <> 0
ORDER BY period, key NULLS LAST

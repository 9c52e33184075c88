-- Question: what did each channel and each cashier take in the whole range?
-- Parameters: channel, cashier (only these; null: all). Channels are those of the cashier, cashiers those
-- of the channel, so that each can be chosen beside the other.
-- Sources: finance_facts of finance-facts.sql.
-- Columns: part (channel, cashier), key (null: of none), receipts, refund_count, reversal_count, cash,
-- transfer, online, sales, refunds, reversals, net (minor units), received, booked_elsewhere,
-- booked_elsewhere_count, sold_elsewhere, sold_elsewhere_count, first_number, last_number.
-- One row more, part 'all', has the sums of what is of both.
WITH told AS (
  SELECT
    *,
    $channel::VARCHAR IS NULL OR channel = $channel::VARCHAR AS is_of_channel,
    $cashier::VARCHAR IS NULL OR cashier = $cashier::VARCHAR AS is_of_cashier
  FROM finance_facts
),
parted_facts AS (
  SELECT 'channel' AS part, channel AS key, * FROM told WHERE is_of_cashier
  UNION ALL
  SELECT 'cashier' AS part, cashier AS key, * FROM told WHERE is_of_channel
  UNION ALL
  SELECT 'all' AS part, NULL AS key, * FROM told WHERE is_of_channel AND is_of_cashier
  UNION ALL BY NAME
  -- Sums of nothing are zero.
  SELECT 'all' AS part
)
SELECT
  part,
  key,
  coalesce(sum(receipts), 0)::BIGINT AS receipts,
  coalesce(sum(refund_count), 0)::BIGINT AS refund_count,
  coalesce(sum(reversal_count), 0)::BIGINT AS reversal_count,
  coalesce(sum(cash), 0)::BIGINT AS cash,
  coalesce(sum(transfer), 0)::BIGINT AS transfer,
  coalesce(sum(online), 0)::BIGINT AS online,
  coalesce(sum(sales), 0)::BIGINT AS sales,
  coalesce(sum(refunds), 0)::BIGINT AS refunds,
  coalesce(sum(reversals), 0)::BIGINT AS reversals,
  coalesce(sum(sales + refunds + reversals), 0)::BIGINT AS net,
  coalesce(sum(received), 0)::BIGINT AS received,
  coalesce(sum(booked_elsewhere), 0)::BIGINT AS booked_elsewhere,
  coalesce(sum(booked_elsewhere_count), 0)::BIGINT AS booked_elsewhere_count,
  coalesce(sum(sold_elsewhere), 0)::BIGINT AS sold_elsewhere,
  coalesce(sum(sold_elsewhere_count), 0)::BIGINT AS sold_elsewhere_count,
  min(first_number) AS first_number,
  max(last_number) AS last_number
FROM parted_facts
GROUP BY part, key
ORDER BY part, sales DESC, key NULLS LAST

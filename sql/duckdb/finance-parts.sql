-- Question: what did each channel and each cashier take in the whole range?
-- Sources: finance_facts of finance-facts.sql.
-- Columns: part (channel, cashier), key (null: of none), receipts, refund_count, reversal_count, cash,
-- transfer, online, sales, refunds, reversals, net (minor units), received, booked_elsewhere,
-- booked_elsewhere_count, sold_elsewhere, sold_elsewhere_count, first_number, last_number.
-- One row more, part 'all', has the sums of everything.
SELECT
  CASE WHEN grouping(channel) = 0 THEN 'channel' WHEN grouping(cashier) = 0 THEN 'cashier' ELSE 'all' END
    AS part,
  CASE WHEN grouping(channel) = 0 THEN channel WHEN grouping(cashier) = 0 THEN cashier END AS key,
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
FROM finance_facts
GROUP BY GROUPING SETS ((channel), (cashier), ())
ORDER BY part, sales DESC, key NULLS LAST

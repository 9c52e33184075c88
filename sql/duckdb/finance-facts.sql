-- Question: what was sold, given back, charged and posted otherwise, by period, channel and cashier?
-- Parameters: sales, entries (files), from, to (DATE, half-open), unit (day, month, year); returned and
-- returned_cashiers (lists: reversal transactions, and who had sold what they reverse).
-- Makes finance_facts (amounts in minor units): period, channel and cashier (null: of none), receipts,
-- refund_count, reversal_count, cash, transfer, online; refunds, reversals (below zero); charges and
-- taxes (above zero: charged); corrections, others (above zero: into the wallet); received (the same
-- sales and returns as the ledger's accounts of money show them, by accounting date); booked_elsewhere
-- (sold in the range, booked outside of it) and sold_elsewhere (the reverse); first_number and
-- last_number of receipts.
-- How: sales lie on the local day they were sold on, everything from the ledger on its accounting date.
CREATE OR REPLACE TEMP TABLE finance_facts AS
WITH sold AS (
  SELECT transaction, receipt, channel, nullif(sold_by, '') AS cashier, amount, local_day,
    accounting_date
  FROM read_parquet($sales::VARCHAR[])
  WHERE local_day >= $from::DATE AND local_day < $to::DATE
),
posted AS (
  SELECT transaction, kind, accounting_date, code, amount,
    code IN ('cash', 'bank', 'bank-transit', 'online-clearing', 'channel-fee', 'safe', 'unidentified')
      AS is_money
  FROM read_parquet($entries::VARCHAR[])
  WHERE accounting_date >= $from::DATE AND accounting_date < $to::DATE
),
-- Where the money of a sale, refund or reversal went; a reversal that moved none undid something else.
moves AS (
  SELECT transaction, any_value(kind) AS kind, any_value(accounting_date) AS accounting_date,
    coalesce(sum(-amount) FILTER (code = 'wallet'), 0) AS credited,
    coalesce(sum(amount) FILTER (is_money), 0) AS received,
    arg_max(code, abs(amount)) FILTER (is_money) AS place,
    bool_or(is_money) AS has_money
  FROM posted
  WHERE kind IN ('sale', 'refund', 'reversal')
  GROUP BY transaction
),
who AS (
  SELECT unnest($returned::BIGINT[]) AS transaction, unnest($returned_cashiers::VARCHAR[]) AS cashier
),
facts AS (
  SELECT local_day AS day, channel, cashier, 1 AS receipts,
    amount AS sold,
    CASE WHEN accounting_date < $from::DATE OR accounting_date >= $to::DATE THEN amount END
      AS booked_elsewhere,
    try_cast(substring(receipt, 2) AS BIGINT) AS number
  FROM sold
  UNION ALL BY NAME
  SELECT accounting_date AS day,
    CASE place
      WHEN 'cash' THEN 'cash'
      WHEN 'bank' THEN 'transfer' WHEN 'bank-transit' THEN 'transfer'
      WHEN 'online-clearing' THEN 'online' WHEN 'channel-fee' THEN 'online'
    END AS channel,
    who.cashier,
    CASE WHEN kind = 'refund' THEN credited END AS refunds,
    CASE WHEN kind = 'refund' THEN 1 END AS refund_count,
    CASE WHEN kind = 'reversal' THEN credited END AS reversals,
    CASE WHEN kind = 'reversal' THEN 1 END AS reversal_count
  FROM moves LEFT JOIN who USING (transaction)
  WHERE kind = 'refund' OR (kind = 'reversal' AND has_money)
  UNION ALL BY NAME
  SELECT accounting_date AS day, received,
    CASE WHEN kind = 'sale' AND transaction NOT IN (SELECT transaction FROM sold) THEN received END
      AS sold_elsewhere
  FROM moves
  WHERE kind IN ('sale', 'refund') OR has_money
  UNION ALL BY NAME
  SELECT accounting_date AS day, credited AS others
  FROM moves WHERE kind = 'reversal' AND NOT has_money
  UNION ALL BY NAME
  SELECT accounting_date AS day,
    sum(amount) FILTER (kind = 'settlement' AND code = 'wallet') AS charges,
    sum(-amount) FILTER (kind = 'settlement' AND code = 'tax') AS taxes,
    sum(-amount) FILTER (kind = 'correction' AND code = 'wallet') AS corrections,
    sum(-amount) FILTER (kind NOT IN ('settlement', 'correction') AND code = 'wallet') AS others
  FROM posted
  WHERE kind NOT IN ('sale', 'refund', 'reversal')
  GROUP BY accounting_date
)
SELECT
  strftime(day, CASE $unit::VARCHAR WHEN 'day' THEN '%Y-%m-%d' WHEN 'month' THEN '%Y-%m' ELSE '%Y' END)
    AS period,
  channel,
  cashier,
  coalesce(sum(receipts), 0)::BIGINT AS receipts,
  coalesce(sum(refund_count), 0)::BIGINT AS refund_count,
  coalesce(sum(reversal_count), 0)::BIGINT AS reversal_count,
  coalesce(sum(sold) FILTER (channel = 'cash'), 0)::BIGINT AS cash,
  coalesce(sum(sold) FILTER (channel = 'transfer'), 0)::BIGINT AS transfer,
  coalesce(sum(sold) FILTER (channel = 'online'), 0)::BIGINT AS online,
  coalesce(sum(sold), 0)::BIGINT AS sales,
  coalesce(sum(refunds), 0)::BIGINT AS refunds,
  coalesce(sum(reversals), 0)::BIGINT AS reversals,
  coalesce(sum(charges), 0)::BIGINT AS charges,
  coalesce(sum(taxes), 0)::BIGINT AS taxes,
  coalesce(sum(corrections), 0)::BIGINT AS corrections,
  coalesce(sum(others), 0)::BIGINT AS others,
  coalesce(sum(received), 0)::BIGINT AS received,
  coalesce(sum(booked_elsewhere), 0)::BIGINT AS booked_elsewhere,
  count(booked_elsewhere) AS booked_elsewhere_count,
  coalesce(sum(sold_elsewhere), 0)::BIGINT AS sold_elsewhere,
  count(sold_elsewhere) AS sold_elsewhere_count,
  min(number) AS first_number,
  max(number) AS last_number
FROM facts
GROUP BY period, channel, cashier

-- Question: the integrated report: money and energy of each account (or of each point it held) when a
-- range began and ended, and whether what lies between explains the difference.
-- Sources: balances, members, energy, charged, registers (of the integrated-*.sql before).
-- Parameters: accounts, points (files); by (account, point); from, to (DATE); account (BIGINT or null);
--   held_only (BOOLEAN: only accounts that held one of the points); with_registers (BOOLEAN: they are known).
-- Columns: account_id, number, label, label_zh; point_id, point_code (null by account); points; the
--   balances (minor units, of the whole account, null by point); opening_register and closing_register
--   (base units, null when several points are added up), register_difference, replaced (other meters
--   before, rollovers), quantity (of the intervals), charged_quantity, missing, estimated (slots); foots
--   and, where it does not or days are not settled yet, the weightiest reason.
WITH held AS (
  SELECT DISTINCT key AS account, point FROM members
),
known AS (
  SELECT *,
    coalesce(quantity, 0) - coalesce(difference + replaced, 0) AS over,
    -- What a rollover hides is at least what the register showed, and at most a hundredth more.
    CASE WHEN over >= rolled_low AND over <= rolled_high THEN over ELSE 0 END AS rolled
  FROM held
  LEFT JOIN energy USING (account, point)
  LEFT JOIN registers USING (account, point)
  LEFT JOIN charged USING (account, point)
),
judged AS (
  SELECT *,
    greatest(
      CASE
        WHEN quantity IS NULL AND coalesce(charged, 0) = 0 THEN 0
        WHEN NOT $with_registers::BOOLEAN THEN 0
        WHEN NOT coalesce(is_known, false) THEN 5
        WHEN over = rolled THEN 0
        WHEN is_rebased THEN 4
        WHEN rolled_low IS NOT NULL THEN 3
        WHEN missing > 0 THEN 2
        ELSE 7
      END,
      CASE
        WHEN coalesce(charged, 0) = coalesce(quantity, 0) THEN 0
        WHEN coalesce(charged, 0) = coalesce(quantity, 0) - coalesce(unsettled, 0) THEN 1
        ELSE 6
      END,
      CASE WHEN missing > 0 THEN 2 ELSE 0 END) AS weight
  FROM known
),
-- One row for each account, or for each point of one.
places AS (
  SELECT
    account,
    CASE WHEN $by::VARCHAR = 'point' THEN point END AS point,
    count(*) AS points,
    CASE WHEN count(*) = 1 THEN any_value(opening) END AS opening_register,
    CASE WHEN count(*) = 1 THEN any_value(closing) END AS closing_register,
    CASE WHEN bool_and(is_known) FILTER (is_known IS NOT NULL) THEN sum(difference) END
      AS register_difference,
    CASE WHEN bool_and(is_known) FILTER (is_known IS NOT NULL) THEN sum(replaced + rolled) END
      AS replaced,
    sum(quantity) AS quantity,
    sum(charged) AS charged_quantity,
    coalesce(sum(missing), 0) AS missing,
    coalesce(sum(estimated), 0) AS estimated,
    max(weight) AS weight
  FROM judged
  GROUP BY ALL
),
chosen AS (
  SELECT a.*, b.* EXCLUDE (account), p.* EXCLUDE (account)
  FROM read_parquet($accounts::VARCHAR) a
  LEFT JOIN balances b ON b.account = a.account
  LEFT JOIN places p ON p.account = a.account
  WHERE ($account::BIGINT IS NULL OR a.account = $account::BIGINT)
    AND CASE WHEN $held_only::BOOLEAN OR $by::VARCHAR = 'point' THEN p.account IS NOT NULL
      ELSE p.account IS NOT NULL
        OR (opened_on < $to::DATE AND (closed_on IS NULL OR closed_on >= $from::DATE))
        OR b.opening <> 0 OR b.closing <> 0 OR b.top_ups <> 0 OR b.charges <> 0 OR b.corrections <> 0
        OR b.other <> 0 END
),
footed AS (
  SELECT *,
    coalesce(opening + top_ups - charges + corrections + other = closing, true) AS money_foots
  FROM chosen
)
SELECT
  f.account AS account_id, f.number, f.name AS label, f.name_zh AS label_zh,
  f.point AS point_id, p.code AS point_code,
  CAST(coalesce(f.points, 0) AS BIGINT) AS points,
  CASE WHEN $by::VARCHAR = 'account' THEN coalesce(opening, 0) END AS opening_balance,
  CASE WHEN $by::VARCHAR = 'account' THEN coalesce(top_ups, 0) END AS top_ups,
  CASE WHEN $by::VARCHAR = 'account' THEN coalesce(charges, 0) END AS charges,
  CASE WHEN $by::VARCHAR = 'account' THEN coalesce(corrections, 0) END AS corrections,
  CASE WHEN $by::VARCHAR = 'account' THEN coalesce(other, 0) END AS other,
  CASE WHEN $by::VARCHAR = 'account' THEN coalesce(closing, 0) END AS closing_balance,
  f.opening_register, f.closing_register,
  CAST(f.register_difference AS BIGINT) AS register_difference,
  CAST(f.replaced AS BIGINT) AS replaced,
  CAST(f.quantity AS BIGINT) AS quantity,
  CAST(f.charged_quantity AS BIGINT) AS charged_quantity,
  CAST(coalesce(f.missing, 0) AS BIGINT) AS missing,
  CAST(coalesce(f.estimated, 0) AS BIGINT) AS estimated,
  -- What is not settled yet will be charged: until then the rest foots, and it is said.
  money_foots AND coalesce(weight, 0) <= 1 AS foots,
  CASE WHEN NOT money_foots THEN 'balance' ELSE
    CASE weight WHEN 7 THEN 'unexplained' WHEN 6 THEN 'charges-differ' WHEN 5 THEN 'register-unknown'
      WHEN 4 THEN 'register-rebased' WHEN 3 THEN 'rollover' WHEN 2 THEN 'missing-slots'
      WHEN 1 THEN 'unsettled-days' END
  END AS reason
FROM footed f
LEFT JOIN read_parquet($points::VARCHAR) p ON p.point = f.point
ORDER BY f.number, p.code, f.account, f.point

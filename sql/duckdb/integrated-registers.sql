-- Question: what did the registers count for each account at each point?
-- Sources: counted (of integrated-counted.sql).
-- Parameters: rolled_meters, rolled_ms, rolled_registers (BIGINT lists: registers that began again at
--   zero, and what they showed before); based_meters, based_ms (where a person had counting begin anew).
-- Columns: account, point; opening, closing (register × multiplier when the account's range began and
--   ended, base units); difference (of the meter that stands at the end); replaced (of others before it);
--   is_known (every part has both ends); rolled_low, rolled_high (what rollovers can have hidden, as a
--   register of 99 % or more of its span rolls over; null: there was none); is_rebased.
WITH rolled AS (
  SELECT c.account, c.point,
    sum(register::HUGEINT * multiplier) AS low,
    sum(register::HUGEINT * multiplier * 100 // 99 + multiplier) AS high
  FROM counted c
  JOIN (
    SELECT unnest($rolled_meters::BIGINT[]) AS meter, unnest($rolled_ms::BIGINT[]) AS ms,
      unnest($rolled_registers::BIGINT[]) AS register
  ) r ON r.meter = c.meter AND ms > from_ms AND ms <= to_ms
  GROUP BY c.account, c.point
),
rebased AS (
  SELECT DISTINCT account, point
  FROM counted c
  JOIN (
    SELECT unnest($based_meters::BIGINT[]) AS meter, unnest($based_ms::BIGINT[]) AS ms
  ) b ON b.meter = c.meter AND ms >= from_ms AND ms <= to_ms
)
SELECT
  account, point,
  CAST(arg_min_null(c.opening, from_ms) AS BIGINT) AS opening,
  CAST(arg_max_null(c.closing, from_ms) AS BIGINT) AS closing,
  CAST(sum(c.closing - c.opening) FILTER (of_last) AS BIGINT) AS difference,
  CAST(coalesce(sum(c.closing - c.opening) FILTER (NOT of_last), 0) AS BIGINT) AS replaced,
  bool_and(c.opening IS NOT NULL AND c.closing IS NOT NULL) AS is_known,
  CAST(any_value(low) AS BIGINT) AS rolled_low,
  CAST(any_value(high) AS BIGINT) AS rolled_high,
  bool_or(b.account IS NOT NULL) AS is_rebased
FROM counted c
LEFT JOIN rolled USING (account, point)
LEFT JOIN rebased b USING (account, point)
GROUP BY account, point

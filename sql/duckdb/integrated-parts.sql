-- Question: which meter counted for which account, at which point, from when to when within a range?
-- Sources: members (of scope-members.sql, by account).
-- Parameters: installations (file); intervals (files of the newest days); newest_from (DATE: the first
--   of them); from_quarter, to_quarter (of the range); due_quarter (from here on a point's range ends
--   with its newest interval).
-- Columns: part (a number); account, point; held_from (quarter-hour from which the account held the point
--   within the range); meter, channel (of the billing register), multiplier; starts_ms, ends_ms (of the
--   installation, epoch ms); from_ms, to_ms (what of it counts); first_register, last_register (noted
--   when the meter came and left, before CT/PT); of_last (of the meter that stands at the end).
WITH newest AS (
  SELECT point, max(epoch_us(ts) // 900000000) + 1 AS quarter
  FROM read_parquet($intervals::VARCHAR[])
  WHERE local_day >= $newest_from::DATE AND quantity IS NOT NULL
  GROUP BY point
),
held AS (
  SELECT
    key AS account, point, greatest(from_quarter, $from_quarter::BIGINT) AS held_from,
    least(to_quarter, $to_quarter::BIGINT, greatest(quarter, $due_quarter::BIGINT)) AS held_to
  FROM members LEFT JOIN newest USING (point)
),
parts AS (
  SELECT
    account, point, held_from, meter, register_channel AS channel,
    CASE basis WHEN 'primary' THEN 1 ELSE ct::BIGINT * pt END AS multiplier,
    epoch_ms(from_at) AS starts_ms, coalesce(epoch_ms(to_at), 4611686018427387904) AS ends_ms,
    greatest(held_from * 900000, epoch_ms(from_at)) AS from_ms,
    least(held_to * 900000, coalesce(epoch_ms(to_at), 4611686018427387904)) AS to_ms,
    first_register, last_register
  FROM held JOIN read_parquet($installations::VARCHAR) USING (point)
)
SELECT
  row_number() OVER (ORDER BY account, point, from_ms) AS part,
  *,
  first_value(meter) OVER (PARTITION BY account, point ORDER BY from_ms DESC) = meter AS of_last
FROM parts
WHERE from_ms < to_ms

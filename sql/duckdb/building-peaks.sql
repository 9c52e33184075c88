-- Question: in which quarter-hour did the units of a building use most, today and in the month?
-- Parameters: points (file), intervals (files of the month), building, commodity, month_from and today
-- (DATE).
-- Columns: span (today, month), at (start, UTC), quantity (of that quarter-hour, Wh or litres).
WITH units AS (
  SELECT point FROM read_parquet($points::VARCHAR)
  WHERE building = $building::BIGINT AND commodity = $commodity::VARCHAR AND role = 'unit'
),
sums AS (
  SELECT ts, local_day, CAST(sum(quantity) AS BIGINT) AS quantity
  FROM read_parquet($intervals::VARCHAR[]) SEMI JOIN units USING (point)
  WHERE local_day >= $month_from::DATE AND local_day <= $today::DATE AND quantity IS NOT NULL
  GROUP BY ts, local_day
)
(SELECT 'today' AS span, ts AS at, quantity FROM sums WHERE local_day = $today::DATE
  ORDER BY quantity DESC, ts LIMIT 1)
UNION ALL
(SELECT 'month' AS span, ts AS at, quantity FROM sums ORDER BY quantity DESC, ts LIMIT 1)

-- Question: what power was reached or passed during which share of the time?
-- Sources: load (of load.sql).
-- Columns: share (0 to 1, in steps of a hundredth, of the quarter-hours of which something is known),
--   hours (that share of them), power_w (the highest quarter-hour average that was reached at least
--   so long; at share 0 the highest of all).
WITH ranked AS (
  SELECT quantity, row_number() OVER (ORDER BY quantity DESC) AS rank
  FROM load WHERE quantity IS NOT NULL AND NOT open
),
counted AS (
  SELECT count(*) AS slots FROM ranked
),
shares AS (
  -- Whole numbers: a hundredth has no exact double.
  SELECT percent, slots, greatest(1, (percent * slots + 99) // 100) AS rank
  FROM range(101) AS percents (percent), counted
)
SELECT
  s.percent / 100 AS share,
  s.percent * s.slots / 400 AS hours,
  CAST(r.quantity * 4 AS DOUBLE) AS power_w
FROM shares s JOIN ranked r USING (rank)
ORDER BY s.percent

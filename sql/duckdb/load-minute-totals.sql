-- Question: what are the highest, lowest and average power of a load by minute?
-- Sources: minute_loads (of load-minutes.sql).
-- Columns: slots (minutes of which something is known), max_power_w, max_at, min_power_w,
--   average_power_w (over what is known), known_to (end of the newest minute).
SELECT
  count(average_power_w) AS slots,
  max(max_power_w) AS max_power_w,
  min_by(starts_at, (-max_power_w, starts_at)) FILTER (max_power_w IS NOT NULL) AS max_at,
  min(min_power_w) AS min_power_w,
  avg(average_power_w) AS average_power_w,
  max(starts_at) FILTER (average_power_w IS NOT NULL) + INTERVAL 1 MINUTE AS known_to
FROM minute_loads

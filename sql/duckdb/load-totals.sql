-- Question: what are the highest, lowest and average power of a load, and how much of it is known?
-- Sources: load (of load.sql), due.
-- Parameters: due_quarter (what begins there or later is not yet due).
-- Columns, of what is built: slots (quarter-hours of which something is known), quantity (Wh), max_power_w, max_at (start
--   of the first quarter-hour with it), min_power_w (quarter-hour averages), known_to (end of the
--   newest quarter-hour), estimated, missing (quarter-hours of points).
SELECT
  count(quantity) AS slots,
  CAST(sum(quantity) AS BIGINT) AS quantity,
  max(quantity) * 4 AS max_power_w,
  make_timestamp(min_by(quarter, (-quantity, quarter)) FILTER (quantity IS NOT NULL) * 900000000) AS max_at,
  min(quantity) * 4 AS min_power_w,
  make_timestamp((max(quarter) FILTER (quantity IS NOT NULL) + 1) * 900000000) AS known_to,
  CAST(coalesce(sum(estimated), 0) AS BIGINT) AS estimated,
  CAST(coalesce(sum(missing), 0) + greatest(0,
    coalesce((SELECT sum(to_quarter - from_quarter) FROM due), 0)
      - coalesce(sum(measured + estimated + missing) FILTER (quarter < $due_quarter::BIGINT), 0))
    AS BIGINT) AS missing
FROM load
WHERE NOT open

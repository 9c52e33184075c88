-- Question: which quarter-hours are far above the most that is usual for the point?
-- Sources: slots (as in quality-rating.sql), usual: point, most (of a quarter-hour), days. Parameters: spike_factor,
--   least_quantity, history_days (fewest that make something usual).
-- Columns: point, meter, from_ms, to_ms, energy (above the usual most), detail.
SELECT point, any_value(meter) AS meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms,
  sum(quantity - most) AS energy, {'usualMost': any_value(most), 'most': max(quantity)} AS detail
FROM slots JOIN usual USING (point)
WHERE days >= $history_days::INTEGER AND quantity > $spike_factor::DOUBLE * most
  AND quantity - most >= $least_quantity::BIGINT
GROUP BY point

-- Question: which points that use something on any day used nothing all day?
-- Sources: slots, usual: point, mean_day, least_day, days. Parameters: least_quantity, history_days, slots_min (quarter-hours
--   that must be known). Columns: point, meter, from_ms, to_ms, energy (a usual day), detail.
SELECT point, any_value(meter) AS meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms,
  round(any_value(mean_day))::BIGINT AS energy, {'usualLeast': any_value(least_day)} AS detail
FROM slots JOIN usual USING (point)
WHERE days >= $history_days::INTEGER AND least_day > 0 AND mean_day >= $least_quantity::BIGINT
GROUP BY point HAVING count(quantity) >= $slots_min::INTEGER AND max(quantity) = 0

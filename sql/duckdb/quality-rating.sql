-- Question: where did more flow than the meter's rating allows?
-- Sources: slots: point, meter, ms, quantity, rated (base units an hour). Columns: point, meter, from_ms, to_ms, energy (what is
--   above the rating), detail.
SELECT point, meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms,
  sum(quantity - rated // 4) AS energy, {'ratedPerHour': any_value(rated), 'most': max(quantity) * 4} AS detail
FROM slots WHERE quantity * 4 > rated GROUP BY point, meter

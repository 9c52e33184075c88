-- Question: at which points did energy flow back?
-- Sources: slots: point, meter, ms, reverse_quantity. Parameters: least_quantity.
-- Columns: point, meter, from_ms, to_ms, energy (that flowed back), detail.
SELECT point, any_value(meter) AS meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms,
  sum(reverse_quantity) AS energy, {'quarterHours': count(*)} AS detail
FROM slots WHERE reverse_quantity > 0 GROUP BY point
HAVING sum(reverse_quantity) >= $least_quantity::BIGINT

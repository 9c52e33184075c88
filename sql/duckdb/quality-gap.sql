-- Question: which quarter-hours of the day have no quantity although a meter stood there?
-- Sources: slots, in_installations, usual. Parameters: from_ms, to_ms (of the day, or how far it ought to be built).
-- Columns: point, meter, from_ms, to_ms (first to last), energy (as is usual), detail.
WITH expected_slots AS (
  SELECT i.point, i.meter, unnest(range(greatest(i.starts, $from_ms::BIGINT) // 900000, least(i.ends, $to_ms::BIGINT) // 900000)) * 900000 AS ms
  FROM in_installations i
)
SELECT point, any_value(e.meter) AS meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms,
  round(any_value(u.mean_day) * count(*) / 96)::BIGINT AS energy, {'missing': count(*)} AS detail
FROM expected_slots e LEFT JOIN slots s USING (point, ms) LEFT JOIN usual u USING (point)
WHERE s.quantity IS NULL GROUP BY point

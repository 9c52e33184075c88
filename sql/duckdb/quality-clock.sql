-- Question: whose clock is off?
-- Sources: blocks. Parameters: seconds. Columns: point, meter, from_ms, to_ms, energy (null: no quantity is wrong), detail.
SELECT point, meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms, NULL::BIGINT AS energy,
  {'offsetS': round(median(offset_s))} AS detail
FROM blocks WHERE offset_s IS NOT NULL GROUP BY point, meter HAVING abs(median(offset_s)) > $seconds::DOUBLE

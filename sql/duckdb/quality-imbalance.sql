-- Question: on which meters of three phases is the current of one far from the mean?
-- Sources: blocks. Parameters: share, hours, least_a. Columns: point, meter, from_ms, to_ms, energy (null: it bills rightly), detail.
WITH loaded_blocks AS (
  SELECT *, (current_a_a + current_b_a + current_c_a) / 3 AS mean_a,
    greatest(current_a_a, current_b_a, current_c_a) AS high_a, least(current_a_a, current_b_a, current_c_a) AS low_a
  FROM blocks WHERE phases = 3
)
SELECT point, meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms, NULL::BIGINT AS energy,
  {'share': round(max(greatest(high_a - mean_a, mean_a - low_a) / mean_a), 2), 'meanA': round(avg(mean_a), 2)} AS detail
FROM loaded_blocks WHERE mean_a >= $least_a::DOUBLE AND greatest(high_a - mean_a, mean_a - low_a) > $share::DOUBLE * mean_a
GROUP BY point, meter HAVING count(*) >= $hours::DOUBLE * 4

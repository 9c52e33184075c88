-- Question: on which meters of three phases does one phase count backwards?
-- Sources: blocks. Parameters: least_w, hours.
-- Columns: point, meter, from_ms, to_ms, energy (twice what ran backwards: it lacks, and it took away), detail.
WITH turned_blocks AS (
  SELECT *, least(power_a_w, power_b_w, power_c_w) AS low_w, greatest(power_a_w, power_b_w, power_c_w) AS high_w
  FROM blocks WHERE phases = 3 AND power_a_w IS NOT NULL AND power_b_w IS NOT NULL AND power_c_w IS NOT NULL
)
SELECT point, meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms, round(sum(-2 * low_w * multiplier / 4))::BIGINT AS energy,
  {'phase': mode(CASE low_w WHEN power_a_w THEN 'L1' WHEN power_b_w THEN 'L2' ELSE 'L3' END), 'powerW': round(avg(low_w))} AS detail
FROM turned_blocks WHERE low_w < -$least_w::DOUBLE AND high_w > $least_w::DOUBLE
GROUP BY point, meter HAVING count(*) >= $hours::DOUBLE * 4

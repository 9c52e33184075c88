-- Question: on which meters of three phases has the voltage of one failed?
-- Sources: blocks. Parameters: share (of the highest), hours.
-- Columns: point, meter, from_ms, to_ms, energy (of the failed phase, were it loaded like the others), detail.
WITH failed_blocks AS (
  SELECT *, least(voltage_a_v, voltage_b_v, voltage_c_v) AS low_v, greatest(voltage_a_v, voltage_b_v, voltage_c_v) AS high_v
  FROM blocks WHERE phases = 3 AND voltage_a_v IS NOT NULL AND voltage_b_v IS NOT NULL AND voltage_c_v IS NOT NULL
)
SELECT point, meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms,
  coalesce(round(sum(greatest(power_w, 0) * multiplier) / 8)::BIGINT, 0) AS energy,
  {'phase': mode(CASE low_v WHEN voltage_a_v THEN 'L1' WHEN voltage_b_v THEN 'L2' ELSE 'L3' END), 'lowV': round(min(low_v), 1)} AS detail
FROM failed_blocks WHERE high_v > 0 AND low_v < $share::DOUBLE * high_v
GROUP BY point, meter HAVING count(*) >= $hours::DOUBLE * 4

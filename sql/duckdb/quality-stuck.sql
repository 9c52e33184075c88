-- Question: which registers stood still while the meter itself showed power?
-- Sources: blocks (of quality-blocks.sql). Parameters: hours, least_quantity.
-- Columns: point, meter, from_ms, to_ms, energy (by power and time), detail. The longest stretch of a day.
WITH still_blocks AS (
  SELECT point, meter, ms, power_w * multiplier / 4 AS energy, step * multiplier AS step,
    ms // 900000 - row_number() OVER (PARTITION BY point, meter ORDER BY ms) AS run
  FROM blocks WHERE next_register = register AND power_w > 0
),
runs AS (
  SELECT point, meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms, sum(energy) AS energy, max(step) AS step
  FROM still_blocks GROUP BY point, meter, run
)
SELECT point, meter, from_ms, to_ms, round(energy)::BIGINT AS energy,
  {'meanPowerW': round(energy * 3600000 / (to_ms - from_ms))} AS detail
FROM runs
WHERE to_ms - from_ms >= $hours::DOUBLE * 3600000 AND energy >= greatest($least_quantity::BIGINT, 3 * step)
QUALIFY row_number() OVER (PARTITION BY point, meter ORDER BY energy DESC) = 1

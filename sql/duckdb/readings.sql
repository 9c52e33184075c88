-- Question: what did the meters of a point say, sample by sample?
-- Parameters: samples (files of cold days), installations (file), point; lists of what is still hot:
--   hot_meters, hot_ms, hot_registers (BIGINT lists, -1: not said), hot_powers (DOUBLE list, -1e300: not
--   said); from_ms, to_ms (epoch ms, half-open).
-- Columns: meter, ms (epoch ms), register (of the channel that the point is billed by, Wh), power_w; before
--   CT and PT, of good samples only, null where the meter did not say.
WITH hot_readings AS (
  SELECT
    unnest($hot_meters::BIGINT[]) AS meter,
    unnest($hot_ms::BIGINT[]) AS ms,
    unnest($hot_registers::BIGINT[]) AS register,
    unnest($hot_powers::DOUBLE[]) AS power_w
),
cold_readings AS (
  SELECT
    s.meter, epoch_ms(s.ts) AS ms, s.power_w,
    CASE n.register_channel WHEN 'active_wh' THEN s.active_wh WHEN 'forward_wh' THEN s.forward_wh END
      AS register
  FROM read_parquet($samples::VARCHAR[]) s
  JOIN (
    SELECT DISTINCT meter, register_channel FROM read_parquet($installations::VARCHAR)
    WHERE point = $point::BIGINT
  ) n ON n.meter = s.meter
  WHERE s.quality = 'ok' AND epoch_ms(s.ts) >= $from_ms::BIGINT AND epoch_ms(s.ts) < $to_ms::BIGINT
)
SELECT
  meter, ms,
  CASE WHEN register >= 0 THEN register END AS register,
  CASE WHEN power_w > -1e299 THEN power_w END AS power_w
FROM hot_readings
UNION
SELECT meter, ms, register, power_w FROM cold_readings

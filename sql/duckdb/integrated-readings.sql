-- Question: what did the meters say around the instants that are still to be found?
-- Sources: requests (of integrated-requests.sql).
-- Parameters: registers (files); window_ms (how far around each instant); ignored_meters, ignored_ms,
--   ignored_registers (BIGINT lists: readings that are not believed).
-- Columns: part, is_start, p_ms, p_r, n_ms, n_r as in integrated-requests.sql.
-- How: by meter and quarter-hour, so that a day of readings is passed over once; a reading counts while
--   its meter stood there, a noted register like one, and two values for one instant count for nothing, as in intervals.sql.
WITH wanted AS (
  SELECT part, is_start, meter, channel, starts_ms, ends_ms, first_register, last_register, x_ms,
    unnest(range(
      CASE WHEN needs_before THEN x_ms - $window_ms::BIGINT ELSE x_ms END // 900000,
      CASE WHEN needs_after THEN x_ms + $window_ms::BIGINT ELSE x_ms END // 900000 + 1)) AS slot
  FROM requests WHERE needs_before OR needs_after
),
ignored AS (
  SELECT unnest($ignored_meters::BIGINT[]) AS meter, unnest($ignored_ms::BIGINT[]) AS ms,
    unnest($ignored_registers::BIGINT[]) AS register
),
near AS (
  SELECT part, is_start, meter, x_ms, epoch_us(ts) // 1000 AS ms,
    CASE channel WHEN 'active_wh' THEN active_wh WHEN 'forward_wh' THEN forward_wh
      WHEN 'volume_l' THEN volume_l END AS register
  FROM (
    SELECT *, epoch_us(ts) // 900000000 AS slot FROM read_parquet($registers::VARCHAR[])
    WHERE quality = 'ok'
  ) JOIN wanted USING (meter, slot)
  WHERE epoch_us(ts) // 1000 >= starts_ms AND epoch_us(ts) // 1000 < ends_ms
    AND (first_register IS NULL OR epoch_us(ts) // 1000 > starts_ms)
),
believed AS (
  SELECT part, is_start, x_ms, ms, min(register) AS register
  FROM near ANTI JOIN ignored USING (meter, ms, register)
  WHERE register IS NOT NULL
  GROUP BY part, is_start, x_ms, ms
  HAVING min(register) = max(register)
  UNION ALL
  SELECT part, is_start, x_ms, starts_ms, first_register FROM requests
  WHERE (needs_before OR needs_after) AND first_register IS NOT NULL
    AND starts_ms >= x_ms - $window_ms::BIGINT
  UNION ALL
  SELECT part, is_start, x_ms, ends_ms, last_register FROM requests
  WHERE (needs_before OR needs_after) AND last_register IS NOT NULL
    AND ends_ms <= x_ms + $window_ms::BIGINT
)
SELECT
  part, is_start,
  max(ms) FILTER (ms < x_ms) AS p_ms,
  arg_max(register, ms) FILTER (ms < x_ms) AS p_r,
  min(ms) FILTER (ms >= x_ms) AS n_ms,
  arg_min(register, ms) FILTER (ms >= x_ms) AS n_r
FROM believed
GROUP BY part, is_start

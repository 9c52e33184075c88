-- Question: what flowed through each point in the quarter-hours that are not built yet, so far?
-- Sources: members (of scope-members.sql).
-- Parameters: installations (file); lists of one row for each meter and quarter-hour with good samples,
--   the quarter-hour before included: meters, quarters (quarter-hours since 1970), first_ms and last_ms
--   (of the first and last sample), active_first, active_last, forward_first, forward_last (registers
--   as read, -1: not said) (BIGINT lists), powers (DOUBLE list, average power_w; -1e300: not said);
--   from_quarter (the first that is wanted).
-- Columns: point, quarter, quantity (Wh, exact between the registers), elapsed_ms (of the quarter-hour,
--   up to its newest sample), power_w (average of the samples, else of the registers).
-- A boundary's register lies on the line between the samples at both sides, rounded half up, as the
-- builder of intervals has it.
WITH blocks AS (
  SELECT
    unnest($meters::BIGINT[]) AS meter,
    unnest($quarters::BIGINT[]) AS quarter,
    unnest($first_ms::BIGINT[]) AS t0,
    unnest($last_ms::BIGINT[]) AS t1,
    unnest($active_first::BIGINT[]) AS active_0,
    unnest($active_last::BIGINT[]) AS active_1,
    unnest($forward_first::BIGINT[]) AS forward_0,
    unnest($forward_last::BIGINT[]) AS forward_1,
    unnest($powers::DOUBLE[]) AS power_w
),
placed_blocks AS (
  SELECT
    n.point, b.meter, b.quarter, t0, t1,
    CASE n.register_channel WHEN 'active_wh' THEN active_0 WHEN 'forward_wh' THEN forward_0 END
      * ratio AS r0,
    CASE n.register_channel WHEN 'active_wh' THEN active_1 WHEN 'forward_wh' THEN forward_1 END
      * ratio AS r1,
    CASE WHEN power_w > -1e299 THEN power_w * ratio END AS power_w
  FROM blocks b
  JOIN (
    SELECT *, CASE WHEN basis = 'secondary' THEN ct * pt ELSE 1 END::BIGINT AS ratio
    FROM read_parquet($installations::VARCHAR)
  ) n ON n.meter = b.meter AND n.from_at <= make_timestamp(t0 * 1000)
    AND (n.to_at IS NULL OR n.to_at > make_timestamp(t1 * 1000))
  SEMI JOIN members m ON m.point = n.point AND b.quarter >= m.from_quarter AND b.quarter < m.to_quarter
),
chained_blocks AS (
  SELECT
    *,
    lag(quarter) OVER chain = quarter - 1 AS follows,
    lag(t1) OVER chain AS p_t,
    lag(r1) OVER chain AS p_r,
    lead(quarter) OVER chain = quarter + 1 AS is_followed,
    lead(t0) OVER chain AS n_t,
    lead(r0) OVER chain AS n_r
  FROM placed_blocks
  WHERE r0 >= 0 AND r1 >= r0
  WINDOW chain AS (PARTITION BY point, meter ORDER BY quarter)
),
bounded_blocks AS (
  SELECT
    point, quarter, power_w,
    CASE WHEN t0 = quarter * 900000 THEN r0
      WHEN follows AND r0 >= p_r THEN
        p_r + (2 * (r0 - p_r) * (quarter * 900000 - p_t) + (t0 - p_t)) // (2 * (t0 - p_t))
    END AS begins,
    CASE WHEN is_followed AND n_r >= r1 THEN
        r1 + (2 * (n_r - r1) * ((quarter + 1) * 900000 - t1) + (n_t - t1)) // (2 * (n_t - t1))
      ELSE r1
    END AS ends,
    CASE WHEN is_followed THEN 900000 ELSE t1 - quarter * 900000 END AS elapsed_ms
  FROM chained_blocks
)
SELECT
  point, quarter,
  CAST(ends - begins AS BIGINT) AS quantity,
  elapsed_ms,
  coalesce(power_w, (ends - begins) * 3600000 / elapsed_ms) AS power_w
FROM bounded_blocks
WHERE quarter >= $from_quarter::BIGINT AND begins IS NOT NULL AND elapsed_ms > 0

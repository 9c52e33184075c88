-- Question: how did the power of a point run, minute by minute?
-- Sources: readings (of readings.sql).
-- Parameters: installations (file), point; minute_from, minute_to (epoch minutes, half-open); now_ms.
-- Columns: as load-profile.sql; min_power_w and max_power_w of the samples of the minute, average_power_w
--   too, else of the registers; quantity between the registers at its ends, which lie on the line between
--   the samples at both sides, rounded half up; measured: a minute with a sample, estimated: one that is
--   bridged, missing: one that is over, in which a meter was installed and of which nothing is known.
WITH installed AS (
  SELECT
    row_number() OVER (ORDER BY from_at) AS inst, meter,
    epoch_ms(from_at) AS from_ms, coalesce(epoch_ms(to_at), 4000000000000) AS to_ms,
    CASE WHEN basis = 'secondary' THEN ct * pt ELSE 1 END::BIGINT AS ratio
  FROM read_parquet($installations::VARCHAR)
  WHERE point = $point::BIGINT
),
placed_readings AS (
  SELECT
    i.inst, r.ms,
    r.register * i.ratio AS register,
    r.power_w * i.ratio AS power_w
  FROM readings r JOIN installed i ON i.meter = r.meter AND r.ms >= i.from_ms AND r.ms <= i.to_ms
),
registers AS (
  SELECT inst, ms, register FROM placed_readings WHERE register IS NOT NULL
),
minutes AS (
  SELECT unnest(range($minute_from::BIGINT, $minute_to::BIGINT)) AS minute
),
boundaries AS (
  SELECT i.inst, b.minute, b.minute * 60000 AS ms
  FROM installed i, unnest(range($minute_from::BIGINT, $minute_to::BIGINT + 1)) AS b (minute)
),
before AS (
  SELECT b.inst, b.minute, b.ms, r.ms AS t0, r.register AS r0
  FROM boundaries b ASOF JOIN registers r ON r.inst = b.inst AND b.ms >= r.ms
),
around AS (
  SELECT b.*, r.ms AS t1, r.register AS r1
  FROM before b ASOF JOIN registers r ON r.inst = b.inst AND b.ms <= r.ms
),
bounded AS (
  SELECT
    inst, minute,
    CASE WHEN t1 = t0 THEN r0 WHEN r1 >= r0
      THEN r0 + (2 * (r1 - r0) * (ms - t0) + (t1 - t0)) // (2 * (t1 - t0)) END AS register
  FROM around
),
flows AS (
  SELECT a.minute, sum(b.register - a.register) AS quantity
  FROM bounded a JOIN bounded b ON b.inst = a.inst AND b.minute = a.minute + 1
  WHERE b.register >= a.register
  GROUP BY a.minute
),
powers AS (
  SELECT
    ms // 60000 AS minute, avg(power_w) AS average_w, min(power_w) AS min_w, max(power_w) AS max_w
  FROM placed_readings
  GROUP BY minute
),
told AS (
  SELECT
    m.minute, p.average_w, p.min_w, p.max_w, f.quantity,
    p.minute IS NOT NULL AS sampled,
    EXISTS (SELECT 1 FROM installed i
      WHERE i.from_ms <= m.minute * 60000 AND i.to_ms >= (m.minute + 1) * 60000) AS is_installed
  FROM minutes m
  LEFT JOIN powers p USING (minute)
  LEFT JOIN flows f USING (minute)
)
SELECT
  make_timestamp(minute * 60000000) AS starts_at,
  coalesce(average_w, CAST(quantity * 60 AS DOUBLE)) AS average_power_w,
  coalesce(min_w, CAST(quantity * 60 AS DOUBLE)) AS min_power_w,
  coalesce(max_w, CAST(quantity * 60 AS DOUBLE)) AS max_power_w,
  CAST(quantity AS BIGINT) AS quantity,
  CAST(sampled AS BIGINT) AS measured,
  CAST(NOT sampled AND quantity IS NOT NULL AS BIGINT) AS estimated,
  CAST(NOT sampled AND quantity IS NULL AND is_installed
    AND (minute + 1) * 60000 <= $now_ms::BIGINT AS BIGINT) AS missing
FROM told
ORDER BY minute

-- Question: the quarter-hours of some points on some local days, as cells of a matrix for rating.
-- Parameters: source (VARCHAR, QuestDB's Parquet export of intervals), points (BIGINT list), days
-- (INTEGER list, yyyymmdd).
-- Columns: cell ((index of day × number of points + index of point) × 100 + local_slot); quantity (Wh
-- or litres as DOUBLE, exact below 2^53; NaN where missing); quality (1 measured, 2 estimated,
-- 3 edited, 4 missing); known_ms (epoch milliseconds as DOUBLE, 0 where not said). No column is ever
-- null: a vector without a mask of nulls is read in a fraction of the time.
WITH wanted_points AS (
  SELECT unnest($points::BIGINT[]) AS point, unnest(range(len($points::BIGINT[]))) AS n
),
wanted_days AS (
  SELECT unnest($days::INTEGER[]) AS local_day, unnest(range(len($days::INTEGER[]))) AS n
)
SELECT
  CAST((d.n * len($points::BIGINT[]) + p.n) * 100 + i.local_slot AS INTEGER) AS cell,
  CASE WHEN i.quality = 'missing' THEN 'NaN'::DOUBLE
    ELSE coalesce(CAST(i.quantity AS DOUBLE), 'NaN'::DOUBLE) END AS quantity,
  CAST(CASE
    WHEN i.quantity IS NULL OR i.quality = 'missing' THEN 4
    WHEN i.quality = 'measured' THEN 1
    WHEN i.quality = 'edited' THEN 3
    ELSE 2
  END AS TINYINT) AS quality,
  coalesce(CAST(epoch_ms(i.known_at) AS DOUBLE), 0::DOUBLE) AS known_ms
FROM read_parquet($source::VARCHAR) i
JOIN wanted_points p ON p.point = CAST(i.point AS BIGINT)
JOIN wanted_days d ON d.local_day = i.local_day
WHERE i.local_slot BETWEEN 0 AND 99

-- Question: every sample of a range as the meter said it, with the point that it stood at.
-- Parameters: samples (file list of `registers` or of `samples`), installations and points (files),
-- from_day and to_day (DATE, half-open), point (BIGINT, null: all).
-- Columns: meter; point and code (null: it stood nowhere); ts (UTC); local_day; every channel of the
-- files, before CT/PT; quality; digest (of the whole sample). In the order of the files: day, meter.
SELECT
  s.meter, i.point, p.code,
  s.* EXCLUDE (meter)
-- The folders' names say project and month, which are no columns here, although older months have them.
FROM (
  SELECT COLUMNS(c -> c NOT IN ('project', 'month'))
  FROM read_parquet($samples::VARCHAR[], union_by_name = true, hive_partitioning = false)
) AS s
LEFT JOIN read_parquet($installations::VARCHAR) AS i
  ON i.meter = s.meter AND s.ts >= i.from_at AND s.ts < coalesce(i.to_at, TIMESTAMP 'infinity')
LEFT JOIN read_parquet($points::VARCHAR) AS p ON p.point = i.point
WHERE s.local_day >= $from_day::DATE AND s.local_day < $to_day::DATE
  AND ($point::BIGINT IS NULL OR i.point = $point::BIGINT)

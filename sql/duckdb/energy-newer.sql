-- Question: what of the current quarter-hour, and of those that the files do not hold yet, is known?
-- Sources: open_pieces (of open-pieces.sql).
-- Parameters: intervals (files); day_dates (DATE[]), day_from, day_to (BIGINT[], quarter-hours since
--   1970): local days; hot_points, hot_quarters, hot_quantities (BIGINT lists, 0 where missing),
--   hot_qualities (VARCHAR list): intervals that are newer than the files.
-- Columns: point; local_day and local_slot; quantity (Wh or litres, null: missing); quality (null: what
--   flowed so far in a quarter-hour that no interval is built of).
WITH days AS (
  SELECT
    unnest($day_dates::DATE[]) AS local_day,
    unnest($day_from::BIGINT[]) AS from_quarter,
    unnest($day_to::BIGINT[]) AS to_quarter
),
hot_lists AS (
  SELECT
    unnest($hot_points::BIGINT[]) AS point,
    unnest($hot_quarters::BIGINT[]) AS quarter,
    unnest($hot_quantities::BIGINT[]) AS quantity,
    unnest($hot_qualities::VARCHAR[]) AS quality
),
built_points AS (
  SELECT i.point, d.from_quarter + i.local_slot AS quarter
  FROM read_parquet($intervals::VARCHAR[]) i
  JOIN days d ON d.local_day = i.local_day
  UNION ALL
  SELECT point, quarter FROM hot_lists
),
newer AS (
  SELECT point, quarter, CASE WHEN quality <> 'missing' THEN quantity END AS quantity, quality
  FROM hot_lists
  UNION ALL
  SELECT p.point, p.quarter, p.quantity, NULL
  FROM open_pieces p ANTI JOIN built_points b ON b.point = p.point AND b.quarter = p.quarter
)
SELECT
  n.point, d.local_day, CAST(n.quarter - d.from_quarter AS SMALLINT) AS local_slot, n.quantity, n.quality
FROM newer n JOIN days d ON n.quarter >= d.from_quarter AND n.quarter < d.to_quarter

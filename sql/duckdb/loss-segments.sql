-- Question: between which quarter-hours does a main have the same number of parts with a meter?
-- Sources: parts (of loss-parts.sql).
-- Parameters: installations (file); from_quarter, to_quarter (of the range).
-- Columns: main, from_quarter, to_quarter (half-open), mains (1: the main itself has a meter), subs.
WITH installed_parts AS (
  SELECT
    p.main, p.point, p.is_main,
    greatest(n.from_quarter, $from_quarter::BIGINT) AS from_quarter,
    least(n.to_quarter, $to_quarter::BIGINT, coalesce(p.retired_quarter, n.to_quarter)) AS to_quarter
  FROM parts p
  JOIN read_parquet($installations::VARCHAR) n ON n.point = p.point
),
-- A meter that follows another within a quarter-hour leaves no hole.
mended_parts AS (
  SELECT
    main, point, is_main, from_quarter,
    CASE WHEN lead(from_quarter) OVER spans - to_quarter = 1
      THEN to_quarter + 1 ELSE to_quarter END AS to_quarter
  FROM installed_parts
  WHERE from_quarter < to_quarter
  WINDOW spans AS (PARTITION BY main, point ORDER BY from_quarter)
),
steps AS (
  SELECT
    main, quarter,
    sum(sum(step) FILTER (is_main)) OVER walk AS mains,
    sum(sum(step) FILTER (NOT is_main)) OVER walk AS subs,
    lead(quarter) OVER (PARTITION BY main ORDER BY quarter) AS to_quarter
  FROM (
    SELECT main, is_main, from_quarter AS quarter, 1 AS step FROM mended_parts
    UNION ALL
    SELECT main, is_main, to_quarter, -1 FROM mended_parts
  )
  GROUP BY main, quarter
  WINDOW walk AS (PARTITION BY main ORDER BY quarter)
)
SELECT
  main, quarter AS from_quarter, to_quarter,
  CAST(coalesce(mains, 0) AS INTEGER) AS mains, CAST(coalesce(subs, 0) AS INTEGER) AS subs
FROM steps
WHERE to_quarter IS NOT NULL

-- Question: how much energy did the points of a report take together in each quarter-hour?
-- Sources: members, days (of scope-members.sql, scope-days.sql).
-- Parameters: intervals (files); hot_points, hot_quarters, hot_quantities (BIGINT lists, 0 where
--   missing), hot_qualities (VARCHAR list): intervals newer than the files, which they replace.
-- Columns: quarter (quarter-hours since 1970), quantity (Wh; null: of no point known), measured,
--   estimated, missing (points).
WITH hot_lists AS (
  SELECT
    unnest($hot_points::BIGINT[]) AS point,
    unnest($hot_quarters::BIGINT[]) AS quarter,
    unnest($hot_quantities::BIGINT[]) AS quantity,
    unnest($hot_qualities::VARCHAR[]) AS quality
),
hot_intervals AS (
  SELECT point, quarter, CASE WHEN quality <> 'missing' THEN quantity END AS quantity, quality
  FROM hot_lists
),
told_intervals AS (
  SELECT i.point, d.from_quarter + i.local_slot AS quarter, i.quantity, i.quality
  FROM read_parquet($intervals::VARCHAR[]) i
  JOIN days d ON d.local_day = i.local_day
),
all_intervals AS (
  SELECT * FROM told_intervals ANTI JOIN hot_intervals USING (point, quarter)
  UNION ALL
  SELECT h.* FROM hot_intervals h
  JOIN days d ON h.quarter >= d.from_quarter AND h.quarter < d.to_quarter
)
SELECT
  quarter,
  CAST(sum(quantity) AS BIGINT) AS quantity,
  count(*) FILTER (quality = 'measured') AS measured,
  count(*) FILTER (quality NOT IN ('measured', 'missing')) AS estimated,
  count(*) FILTER (quality = 'missing') AS missing
FROM all_intervals i
JOIN members m ON m.point = i.point AND i.quarter >= m.from_quarter AND i.quarter < m.to_quarter
GROUP BY quarter

-- Question: how much energy did the points of a report take together in each quarter-hour?
-- Sources: members, days (of scope-members.sql, scope-days.sql), open_pieces (of open-pieces.sql).
-- Parameters: from_quarter, to_quarter (of the range, within its days); intervals (files); hot_points, hot_quarters, hot_quantities (BIGINT lists, 0 where
--   missing), hot_qualities (VARCHAR list): intervals newer than the files, which they replace;
--   open_quarter (the first that an open piece may be of).
-- Columns: quarter (quarter-hours since 1970), quantity (Wh; null: of no point known), power_w (average),
--   hours (that are over: 0.25 unless open), open (of some point it is not built yet), measured,
--   estimated, missing (points).
WITH hot_lists AS (
  SELECT
    unnest($hot_points::BIGINT[]) AS point,
    unnest($hot_quarters::BIGINT[]) AS quarter,
    unnest($hot_quantities::BIGINT[]) AS quantity,
    unnest($hot_qualities::VARCHAR[]) AS quality
),
hot_intervals AS (
  SELECT h.point, quarter, CASE WHEN quality <> 'missing' THEN quantity END AS quantity, quality
  FROM hot_lists h
  JOIN days d ON h.quarter >= d.from_quarter AND h.quarter < d.to_quarter
  JOIN members m ON m.point = h.point AND h.quarter >= m.from_quarter AND h.quarter < m.to_quarter
),
told_intervals AS NOT MATERIALIZED (
  SELECT i.point, d.from_quarter + i.local_slot AS quarter, i.quantity, i.quality
  FROM read_parquet($intervals::VARCHAR[]) i
  JOIN days d ON d.local_day = i.local_day
  JOIN members m ON m.point = i.point AND d.from_quarter + i.local_slot >= m.from_quarter
    AND d.from_quarter + i.local_slot < m.to_quarter
),
built_points AS (
  SELECT i.point, d.from_quarter + i.local_slot AS quarter
  FROM read_parquet($intervals::VARCHAR[]) i
  JOIN days d ON d.local_day = i.local_day
  WHERE i.ts >= make_timestamp($open_quarter::BIGINT * 900000000)
  UNION ALL
  SELECT point, quarter FROM hot_intervals
),
pieces AS (
  SELECT point, quarter, quantity, quality, quantity * 4.0::DOUBLE AS power_w, NULL AS elapsed_ms
  FROM told_intervals ANTI JOIN hot_intervals USING (point, quarter)
  UNION ALL
  SELECT point, quarter, quantity, quality, quantity * 4.0::DOUBLE, NULL FROM hot_intervals
  UNION ALL
  SELECT p.point, p.quarter, p.quantity, NULL, p.power_w, p.elapsed_ms
  FROM open_pieces p
  JOIN days d ON p.quarter >= d.from_quarter AND p.quarter < d.to_quarter
  ANTI JOIN built_points b ON b.point = p.point AND b.quarter = p.quarter
)
SELECT
  quarter,
  CAST(sum(quantity) AS BIGINT) AS quantity,
  sum(power_w) AS power_w,
  CASE WHEN count(*) FILTER (quality IS NOT NULL) > 0 THEN 0.25
    ELSE max(elapsed_ms) / 3600000 END AS hours,
  count(elapsed_ms) > 0 AS open,
  count(*) FILTER (quality = 'measured') AS measured,
  count(*) FILTER (quality NOT IN ('measured', 'missing')) AS estimated,
  count(*) FILTER (quality = 'missing') AS missing
FROM pieces
WHERE quarter >= $from_quarter::BIGINT AND quarter < $to_quarter::BIGINT
GROUP BY quarter

-- Question: the energy of each point of some days of a file, by period, as it was known at an instant.
-- Parameters: source (file of energy_days), dates (DATE list: the days that are asked), recut (DATE list:
-- those whose calendar was another), anew (DATE list: those and the ones of which intervals became known
-- later), intervals and calendars (files of these as they were known), points (file), target (file to write).
-- Sources: known_changes. Columns: those of warehouse-energy-days.sql.
COPY (
  WITH changed AS (
    SELECT DISTINCT point, local_day FROM known_changes
  ),
  recut AS (
    SELECT unnest($recut::DATE[]) AS local_day
  )
  SELECT point, local_day, rank, quantity, reverse_quantity, estimated_quantity, measured, estimated,
    missing
  FROM read_parquet($source::VARCHAR) e
  WHERE local_day IN (SELECT unnest($dates::DATE[])) AND local_day NOT IN (FROM recut)
    AND NOT EXISTS (FROM changed c WHERE c.point = e.point AND c.local_day = e.local_day)
  UNION ALL
  SELECT
    i.point,
    i.local_day,
    c.rank,
    CAST(sum(i.quantity) AS BIGINT),
    CAST(sum(i.reverse_quantity) AS BIGINT),
    CAST(sum(i.quantity) FILTER (i.quality NOT IN ('measured', 'missing')) AS BIGINT),
    CAST(count(*) FILTER (i.quality = 'measured') AS SMALLINT),
    CAST(count(*) FILTER (i.quality NOT IN ('measured', 'missing')) AS SMALLINT),
    CAST(count(*) FILTER (i.quality = 'missing') AS SMALLINT)
  FROM read_parquet($intervals::VARCHAR[]) i
  LEFT JOIN read_parquet($points::VARCHAR) p ON p.point = i.point
  LEFT JOIN read_parquet($calendars::VARCHAR[]) c
    ON c.commodity = p.commodity AND c.local_day = i.local_day AND c.local_slot = i.local_slot
  WHERE i.local_day IN (SELECT unnest($anew::DATE[])) AND (i.local_day IN (FROM recut)
    OR EXISTS (FROM changed g WHERE g.point = i.point AND g.local_day = i.local_day))
  GROUP BY i.point, i.local_day, c.rank
  ORDER BY local_day, point, rank
) TO $target (FORMAT parquet)

-- Question: the energy of each point of one local day, by period of the reporting calendar.
-- Parameters: intervals, calendars, points (VARCHAR, files of the same project, which may hold more
-- days), local_day (DATE), target (VARCHAR).
-- Columns: point; local_day; rank (null: no period); quantity, reverse_quantity, estimated_quantity
-- (Wh or litres, null when no slot has a value); measured, estimated, missing (slots; edited counts
-- as estimated).
COPY (
  SELECT
    i.point,
    i.local_day,
    c.rank,
    CAST(sum(i.quantity) AS BIGINT) AS quantity,
    CAST(sum(i.reverse_quantity) AS BIGINT) AS reverse_quantity,
    CAST(sum(i.quantity) FILTER (i.quality NOT IN ('measured', 'missing')) AS BIGINT)
      AS estimated_quantity,
    CAST(count(*) FILTER (i.quality = 'measured') AS SMALLINT) AS measured,
    CAST(count(*) FILTER (i.quality NOT IN ('measured', 'missing')) AS SMALLINT) AS estimated,
    CAST(count(*) FILTER (i.quality = 'missing') AS SMALLINT) AS missing
  FROM read_parquet($intervals::VARCHAR) i
  LEFT JOIN read_parquet($points::VARCHAR) p ON p.point = i.point
  LEFT JOIN read_parquet($calendars::VARCHAR) c
    ON c.commodity = p.commodity AND c.local_day = i.local_day AND c.local_slot = i.local_slot
  WHERE i.local_day = $local_day::DATE
  GROUP BY i.point, i.local_day, c.rank
  ORDER BY i.point, c.rank
) TO $target (FORMAT parquet, COMPRESSION zstd)

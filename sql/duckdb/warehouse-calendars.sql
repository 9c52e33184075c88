-- Question: the reporting calendar of one project and local day: which period each quarter-hour lies in.
-- Parameters: local_day (DATE), ranks (SMALLINT list, one per slot; 0 for no period), minutes
-- (SMALLINT list, one per slot: what the wall clock shows), target (VARCHAR, file to write).
-- Columns: commodity; local_day; local_slot; rank (1 spike … 5 deep valley; null for water and where
-- no tariff is in force); local_minute (minutes since midnight on the wall clock).
COPY (
  WITH slots AS (
    SELECT
      CAST(unnest(range(len($minutes::SMALLINT[]))) AS SMALLINT) AS local_slot,
      unnest($ranks::SMALLINT[]) AS rank,
      unnest($minutes::SMALLINT[]) AS local_minute
  )
  SELECT
    commodity,
    $local_day::DATE AS local_day,
    local_slot,
    CASE WHEN commodity = 'electricity' AND rank > 0 THEN CAST(rank AS TINYINT) END AS rank,
    local_minute
  FROM slots, (VALUES ('electricity'), ('water')) AS commodities (commodity)
  ORDER BY commodity, local_slot
) TO $target (FORMAT parquet, COMPRESSION zstd)

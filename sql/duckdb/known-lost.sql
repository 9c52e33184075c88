-- Question: of how many changed quarter-hours of a day is the first version not kept?
-- Parameters: source (QuestDB's export of interval_versions of that day), local_day (DATE).
-- Sources: known_changes. Columns: slots.
SELECT count(*) AS slots
FROM known_changes c
WHERE version > 1 AND local_day = $local_day::DATE AND NOT EXISTS (
  SELECT 1 FROM read_parquet($source::VARCHAR) v
  WHERE v.version = 1 AND CAST(v.point AS BIGINT) = c.point AND v.ts = c.ts)

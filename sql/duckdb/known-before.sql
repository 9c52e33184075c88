-- Question: what stood in place of the intervals that became known only after an instant?
-- Parameters: source (QuestDB's export of interval_versions of one day), known_at (TIMESTAMP).
-- Sources: known_changes. Adds to known_before the newest version known by then, as warehouse-intervals.sql.
INSERT INTO known_before
SELECT
  c.point,
  v.ts,
  make_date(v.local_day // 10000, v.local_day // 100 % 100, v.local_day % 100),
  v.local_slot,
  CASE WHEN quality <> 'missing' THEN quantity END,
  CASE WHEN quality <> 'missing' THEN reverse_quantity END,
  quality,
  gap_s,
  v.version,
  known_at
FROM read_parquet($source::VARCHAR) v
JOIN known_changes c ON c.point = CAST(v.point AS BIGINT) AND c.ts = v.ts
WHERE v.known_at <= $known_at::TIMESTAMP
QUALIFY row_number() OVER (PARTITION BY c.point, v.ts ORDER BY v.version DESC) = 1

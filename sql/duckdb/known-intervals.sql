-- Question: the intervals of some days of a file as they were known at an instant.
-- Parameters: source (file of intervals), dates (DATE list), known_at (TIMESTAMP), target (file to write).
-- Sources: known_before. Columns: those of warehouse-intervals.sql.
COPY (
  SELECT point, ts, local_day, local_slot, quantity, reverse_quantity, quality, gap_s, version, known_at
  FROM read_parquet($source::VARCHAR)
  WHERE known_at <= $known_at::TIMESTAMP AND local_day IN (SELECT unnest($dates::DATE[]))
  UNION ALL
  SELECT * FROM known_before WHERE local_day IN (SELECT unnest($dates::DATE[]))
  ORDER BY point, ts
) TO $target (FORMAT parquet)

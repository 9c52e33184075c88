-- Question: which intervals of some days became what they are only after an instant?
-- Parameters: files (of intervals), dates (DATE list), known_at (TIMESTAMP). Adds to known_changes.
INSERT INTO known_changes
SELECT point, ts, local_day, version
FROM read_parquet($files::VARCHAR[])
WHERE known_at > $known_at::TIMESTAMP AND local_day IN (SELECT unnest($dates::DATE[]))

-- Question: the calendars of some days of a file.
-- Parameters: source (file of calendars), dates (DATE list), target (file to write).
COPY (
  SELECT commodity, local_day, local_slot, rank, local_minute
  FROM read_parquet($source::VARCHAR)
  WHERE local_day IN (SELECT unnest($dates::DATE[]))
) TO $target (FORMAT parquet)

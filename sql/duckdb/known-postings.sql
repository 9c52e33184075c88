-- Question: the rows of a file of entries or sales whose transaction was known.
-- Parameters: source (file); last (BIGINT: the highest transaction that was known), late (BIGINT list:
-- transactions of lower ids that were not); target (file to write). Columns: those of the file.
COPY (
  SELECT *
  FROM read_parquet($source::VARCHAR, hive_partitioning = false)
  WHERE transaction <= $last::BIGINT AND NOT coalesce(list_contains($late::BIGINT[], transaction), false)
) TO $target (FORMAT parquet)

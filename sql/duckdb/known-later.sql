-- Question: which files of entries or sales hold something of a transaction that came later?
-- Parameters: files; last (BIGINT: the highest transaction that was known), late (BIGINT list:
-- transactions of lower ids that were not). Columns: place.
SELECT DISTINCT filename AS place
FROM read_parquet($files::VARCHAR[], filename = true, union_by_name = true, hive_partitioning = false)
WHERE transaction > $last::BIGINT OR list_contains($late::BIGINT[], transaction)

-- Question: the charges of some days of a file that were known, and which of them were in force.
-- Parameters: source; dates (DATE list); last (BIGINT: the highest transaction that was known), late
-- (BIGINT list: transactions of lower ids that were not); superseded (BIGINT list: settlements that only
-- what came later has superseded); target. Columns: those of warehouse-charges.sql.
COPY (
  SELECT * REPLACE (
    in_force OR coalesce(list_contains($superseded::BIGINT[], settlement), false) AS in_force)
  FROM read_parquet($source::VARCHAR, hive_partitioning = false)
  WHERE local_day IN (SELECT unnest($dates::DATE[])) AND transaction <= $last::BIGINT
    AND NOT coalesce(list_contains($late::BIGINT[], transaction), false)
) TO $target (FORMAT parquet)

-- Question: who held what as it was known, of holdings some of which were entered or ended later?
-- Parameters: source (file of tenancies); points, accounts, from_quarters, to_quarters (BIGINT lists: those
-- that changed, and when they ended then; -1: they were not there); target. Columns: those of the file.
COPY (
  WITH changed AS (
    SELECT unnest($points::BIGINT[]) AS point, unnest($accounts::BIGINT[]) AS account,
      unnest($from_quarters::BIGINT[]) AS from_quarter, unnest($to_quarters::BIGINT[]) AS ended_quarter
  )
  SELECT t.* REPLACE (coalesce(ended_quarter, to_quarter) AS to_quarter)
  FROM read_parquet($source::VARCHAR, hive_partitioning = false) t
  LEFT JOIN changed c ON c.point = t.point AND c.account = t.account
    AND c.from_quarter = t.from_quarter
  WHERE ended_quarter IS NULL OR ended_quarter >= 0
) TO $target (FORMAT parquet)

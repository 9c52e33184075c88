-- Question: at which quarter-hours of a range did a tenancy begin or end?
-- Parameters: tenancies (VARCHAR, file), from_quarter, to_quarter (BIGINT), account (BIGINT or null).
-- Columns: quarter (quarter-hours since 1970).
SELECT DISTINCT quarter
FROM (
  SELECT unnest([from_quarter, to_quarter]) AS quarter
  FROM read_parquet($tenancies::VARCHAR)
  WHERE $account::BIGINT IS NULL OR account = $account::BIGINT
)
WHERE quarter > $from_quarter::BIGINT AND quarter < $to_quarter::BIGINT
ORDER BY quarter

-- Question: who held which point of one project and when, as the warehouse keeps it.
-- Parameters: source (VARCHAR, CSV of Postgres COPY), target (VARCHAR, file to write).
-- Columns: point, account, account_number, account_name, account_name_zh, from_quarter and
-- to_quarter (half-open, quarter-hours since 1970; an open end is far in the future).
COPY (
  SELECT *
  FROM read_csv($source::VARCHAR, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false, columns = {
      point: 'BIGINT', account: 'BIGINT', account_number: 'VARCHAR', account_name: 'VARCHAR',
      account_name_zh: 'VARCHAR', from_quarter: 'BIGINT', to_quarter: 'BIGINT'
    })
  ORDER BY point, from_quarter
) TO $target (FORMAT parquet, COMPRESSION zstd)

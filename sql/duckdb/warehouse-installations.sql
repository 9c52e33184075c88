-- Question: when a meter was installed at each point of one project, so when intervals are due.
-- Parameters: source (VARCHAR, CSV of Postgres COPY), target (VARCHAR, file to write).
-- Columns: point, meter, from_quarter and to_quarter (half-open, whole quarter-hours since 1970 in
-- which it was installed throughout; an open end is far in the future).
COPY (
  SELECT *
  FROM read_csv($source::VARCHAR, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false, columns = {
      point: 'BIGINT', meter: 'BIGINT', from_quarter: 'BIGINT', to_quarter: 'BIGINT'
    })
  ORDER BY point, from_quarter
) TO $target (FORMAT parquet, COMPRESSION zstd)

-- Question: the customers' accounts of one project, as the warehouse keeps them.
-- Parameters: source (VARCHAR, CSV of Postgres COPY), target (VARCHAR, file to write).
-- Columns: account, number, name, name_zh, opened_on and closed_on (local days, null: open),
-- credit_mode (platform or meter: who holds the balance).
COPY (
  SELECT *
  FROM read_csv($source::VARCHAR, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false, columns = {
      account: 'BIGINT', number: 'VARCHAR', name: 'VARCHAR', name_zh: 'VARCHAR',
      opened_on: 'DATE', closed_on: 'DATE', credit_mode: 'VARCHAR'
    })
  ORDER BY account
) TO $target (FORMAT parquet, COMPRESSION zstd)

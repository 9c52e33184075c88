-- Question: the ledger entries of one project and accounting date, as the warehouse keeps them.
-- Parameters: source (VARCHAR, CSV of Postgres COPY), target (VARCHAR, file to write).
-- Columns: transaction, kind, account (whose wallet the leg is,
-- else the customer of the transaction; null where none), accounting_date, posted_at,
-- leg, ledger_account, code and detail (of the chart of accounts), amount (minor units, debit
-- positive), currency.
COPY (
  SELECT *
  FROM read_csv($source::VARCHAR, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false, columns = {
      transaction: 'BIGINT', kind: 'VARCHAR', account: 'BIGINT', accounting_date: 'DATE',
      posted_at: 'TIMESTAMPTZ', leg: 'SMALLINT', ledger_account: 'BIGINT', code: 'VARCHAR',
      detail: 'VARCHAR', amount: 'BIGINT', currency: 'VARCHAR'
    })
  ORDER BY transaction, leg
) TO $target (FORMAT parquet, COMPRESSION zstd)

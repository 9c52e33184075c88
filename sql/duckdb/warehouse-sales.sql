-- Question: the sales of one project and local day, as the warehouse keeps them.
-- Parameters: source (VARCHAR, CSV of Postgres COPY), target (VARCHAR, file to write).
-- Columns: sale, account, transaction, receipt, channel (cash, transfer, online), amount (minor units
-- of money), currency, quantity (Wh or litres, null: sold by amount), price (per 1,000 base units),
-- sold_at, sold_by, local_day (of sold_at in the project's zone), accounting_date (of the transaction).
COPY (
  SELECT
    sale, account, transaction, receipt, channel, amount, currency, quantity,
    CASE WHEN regexp_matches(price, '\.\d{12}\d*[1-9]') THEN error('price has more than 12 decimals')
      ELSE CAST(price AS DECIMAL(38, 12)) END AS price,
    sold_at, sold_by, local_day, accounting_date
  FROM read_csv($source::VARCHAR, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false, columns = {
      sale: 'BIGINT', account: 'BIGINT', transaction: 'BIGINT', receipt: 'VARCHAR',
      channel: 'VARCHAR', amount: 'BIGINT', currency: 'VARCHAR', quantity: 'BIGINT',
      price: 'VARCHAR', sold_at: 'TIMESTAMPTZ', sold_by: 'VARCHAR', local_day: 'DATE',
      accounting_date: 'DATE'
    })
  ORDER BY sale
) TO $target (FORMAT parquet, COMPRESSION zstd)

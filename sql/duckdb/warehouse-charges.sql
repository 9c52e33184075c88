-- Question: the charges of one project and service day, as the warehouse keeps them.
-- Parameters: source (VARCHAR, CSV of Postgres COPY), target (VARCHAR, file to write).
-- Columns: settlement, account, scope, revision, in_force (no later revision), transaction,
-- local_day (service day), component, tariff_version, period (rank, 0: none), step, quantity (in its
-- unit), price (per 1,000 of it, per one day), exact and tax_exact (major units of money), tax_code,
-- tax_rate, treatment, kind (usage, fixed, demand, allowance, minimum), unit of the quantity (wh, l,
-- day, w).
COPY (
  SELECT
    settlement, account, scope, revision, in_force, transaction, local_day, component,
    tariff_version, period, step, quantity,
    CASE WHEN regexp_matches(price, '\.\d{12}\d*[1-9]') THEN error('price has more than 12 decimals')
      ELSE CAST(price AS DECIMAL(38, 12)) END AS price,
    CASE WHEN regexp_matches(exact, '\.\d{18}\d*[1-9]') THEN error('amount has more than 18 decimals')
      ELSE CAST(exact AS DECIMAL(38, 18)) END AS exact,
    CASE WHEN regexp_matches(tax_exact, '\.\d{18}\d*[1-9]')
      THEN error('tax has more than 18 decimals')
      ELSE CAST(tax_exact AS DECIMAL(38, 18)) END AS tax_exact,
    tax_code,
    CAST(tax_rate AS DECIMAL(18, 9)) AS tax_rate,
    treatment, kind, unit
  FROM read_csv($source::VARCHAR, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false, columns = {
      settlement: 'BIGINT', account: 'BIGINT', scope: 'BIGINT', revision: 'INTEGER',
      in_force: 'BOOLEAN', transaction: 'BIGINT', local_day: 'DATE', component: 'VARCHAR',
      tariff_version: 'BIGINT', period: 'TINYINT', step: 'SMALLINT', quantity: 'BIGINT',
      price: 'VARCHAR', exact: 'VARCHAR', tax_exact: 'VARCHAR', tax_code: 'VARCHAR',
      tax_rate: 'VARCHAR', treatment: 'VARCHAR', kind: 'VARCHAR', unit: 'VARCHAR'
    })
  ORDER BY account, scope, settlement, component, period, step
) TO $target (FORMAT parquet, COMPRESSION zstd)

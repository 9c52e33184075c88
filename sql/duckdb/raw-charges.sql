-- Question: every charge of a range of service days as it was posted: the data behind bills.
-- Parameters: charges (file list), accounts (file), from_day and to_day (DATE, half-open), account
-- (BIGINT, null: all), in_force (BOOLEAN, true: without revisions that a later one has replaced).
-- Columns: settlement, account, number, label, label_zh; scope; revision; in_force; transaction;
-- local_day (service day); component; tariff_version; period (rank, 0: none); step; quantity (in its
-- unit); price (per 1,000 of it, per one day); exact and tax_exact (major units of money); tax_code,
-- tax_rate, treatment; kind (usage, fixed, demand, allowance, minimum); unit (wh, l, day, w). In the order of the files: day, account.
SELECT
  c.settlement, c.account, a.number, a.name AS label, a.name_zh AS label_zh, c.scope, c.revision,
  c.in_force, c.transaction, c.local_day, c.component, c.tariff_version, c.period, c.step,
  c.quantity, c.price, c.exact, c.tax_exact, c.tax_code, c.tax_rate, c.treatment,
  c.kind, c.unit
FROM read_parquet($charges::VARCHAR[]) AS c
LEFT JOIN read_parquet($accounts::VARCHAR) AS a ON a.account = c.account
WHERE c.local_day >= $from_day::DATE AND c.local_day < $to_day::DATE
  AND ($account::BIGINT IS NULL OR c.account = $account::BIGINT)
  AND (NOT $in_force::BOOLEAN OR c.in_force)

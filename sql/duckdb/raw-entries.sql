-- Question: every leg of every ledger transaction of a range of accounting dates.
-- Parameters: entries (file list), accounts (file), from_day and to_day (DATE, half-open), account
-- (BIGINT, null: all).
-- Columns: transaction, leg, kind; account, number, label, label_zh (the customer, null where none);
-- accounting_date; posted_at (UTC); ledger_account, code and detail (of the chart of accounts);
-- amount (minor units, debit positive). In the order of the files: date, transaction.
SELECT
  e.transaction, e.leg, e.kind, e.account, a.number, a.name AS label, a.name_zh AS label_zh,
  e.accounting_date, e.posted_at, e.ledger_account, e.code, e.detail, e.amount
FROM read_parquet($entries::VARCHAR[]) AS e
LEFT JOIN read_parquet($accounts::VARCHAR) AS a ON a.account = e.account
WHERE e.accounting_date >= $from_day::DATE AND e.accounting_date < $to_day::DATE
  AND ($account::BIGINT IS NULL OR e.account = $account::BIGINT)

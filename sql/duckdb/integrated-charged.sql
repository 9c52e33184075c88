-- Question: how much energy has been charged to each account at each point for days of a range?
-- Parameters: charges (files), from, to (DATE, half-open, service days).
-- Columns: account, point, charged (Wh or litres, of the revisions in force), settled_to (the last day).
-- How: each usage component of a tariff version is charged for all the energy, so the largest has it
-- once. Fees count days and demand counts watts: they are no energy.
WITH components AS (
  SELECT account, scope, tariff_version, component, sum(quantity) AS quantity,
    max(local_day) AS settled_to
  FROM read_parquet($charges::VARCHAR[])
  WHERE in_force AND kind = 'usage' AND local_day >= $from::DATE AND local_day < $to::DATE
  GROUP BY account, scope, tariff_version, component
),
versions AS (
  SELECT account, scope, tariff_version, max(quantity) AS quantity, max(settled_to) AS settled_to
  FROM components GROUP BY account, scope, tariff_version
)
SELECT account, scope AS point, CAST(sum(quantity) AS BIGINT) AS charged, max(settled_to) AS settled_to
FROM versions GROUP BY account, scope

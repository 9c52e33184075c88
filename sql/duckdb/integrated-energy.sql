-- Question: what do the intervals say that each account used at each point while it held it?
-- Sources: members, due (of scope-members.sql and scope-due.sql, by account), charged.
-- Parameters: energy_days (files), intervals (files of days on which a point changed hands); dates (DATE
--   list), from_quarters, to_quarters (BIGINT lists, quarter-hours since 1970), dues (BOOLEAN list: the
--   day ought to be known): the days of the range.
-- Columns: account, point; quantity (Wh or litres, null: nothing known), unsettled (what of it lies after
--   the last settled day), estimated, missing (slots).
WITH days AS (
  SELECT unnest($dates::DATE[]) AS local_day, unnest($from_quarters::BIGINT[]) AS from_quarter,
    unnest($to_quarters::BIGINT[]) AS to_quarter, unnest($dues::BOOLEAN[]) AS due
),
facts AS (
  SELECT m.key AS account, point, local_day, due, quantity, f.measured, f.estimated, f.missing
  FROM read_parquet($energy_days::VARCHAR[]) f
  JOIN days d USING (local_day)
  JOIN members m USING (point)
  WHERE m.from_quarter <= d.from_quarter AND m.to_quarter >= d.to_quarter
  UNION ALL
  -- A day that an account held in part is put together from its quarter-hours.
  SELECT m.key AS account, point, local_day, due, quantity,
    CAST(quality = 'measured' AS INTEGER) AS measured,
    CAST(quality NOT IN ('measured', 'missing') AS INTEGER) AS estimated,
    CAST(quality = 'missing' AS INTEGER) AS missing
  FROM read_parquet($intervals::VARCHAR[])
  JOIN days d USING (local_day)
  JOIN members m USING (point)
  WHERE (m.from_quarter > d.from_quarter OR m.to_quarter < d.to_quarter)
    AND local_slot >= m.from_quarter - d.from_quarter
    AND local_slot < m.to_quarter - d.from_quarter
),
sums AS (
  SELECT
    account, point,
    sum(quantity) AS quantity,
    sum(quantity) FILTER (local_day > coalesce(settled_to, DATE '0001-01-01')) AS unsettled,
    sum(estimated) AS estimated,
    sum(missing) AS missing,
    sum(measured + estimated + missing) FILTER (due) AS due_slots
  FROM facts LEFT JOIN charged USING (account, point)
  GROUP BY account, point
),
expected AS (
  SELECT key AS account, point, sum(to_quarter - from_quarter) AS slots FROM due GROUP BY key, point
)
SELECT
  account, point,
  CAST(quantity AS BIGINT) AS quantity,
  CAST(unsettled AS BIGINT) AS unsettled,
  CAST(coalesce(estimated, 0) AS BIGINT) AS estimated,
  CAST(coalesce(missing, 0) + greatest(0, coalesce(slots, 0) - coalesce(due_slots, 0)) AS BIGINT)
    AS missing
FROM sums FULL JOIN expected USING (account, point)

-- Question: which quarter-hours of a range ought to be known by now, for each point of a report?
-- Sources: members (of scope-members.sql).
-- Parameters: installations (file); from_quarter, to_quarter (of the range); due_quarter (what begins
--   there or later is not yet due).
-- Columns: key, point, from_quarter, to_quarter: a meter was installed and the point counted.
SELECT *
FROM (
  SELECT
    m.key, m.point,
    greatest(m.from_quarter, n.from_quarter, $from_quarter::BIGINT) AS from_quarter,
    least(m.to_quarter, n.to_quarter, $to_quarter::BIGINT, $due_quarter::BIGINT) AS to_quarter
  FROM members m
  JOIN read_parquet($installations::VARCHAR) n ON n.point = m.point
)
WHERE from_quarter < to_quarter

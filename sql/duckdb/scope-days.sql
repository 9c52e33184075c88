-- Question: which local days does a report read, and which quarter-hours are they?
-- Parameters: dates (DATE list), from_quarters, to_quarters (BIGINT lists), periods (INTEGER list: the
--   number of the cell that the day lies in, -1: in none or in several).
-- Columns: local_day, from_quarter, to_quarter (half-open, quarter-hours since 1970), period.
SELECT
  unnest($dates::DATE[]) AS local_day,
  unnest($from_quarters::BIGINT[]) AS from_quarter,
  unnest($to_quarters::BIGINT[]) AS to_quarter,
  unnest($periods::INTEGER[]) AS period

-- Question: up to which quarter-hour is anything known of a building's units today and yesterday, and
-- how many accounts hold one of them now?
-- Parameters: points, tenancies (files), intervals (files), yesterday and today (DATE), building,
-- commodity, now_quarter (quarter-hours since 1970).
-- Columns: newest_quarter (the end of the newest interval with a value; null: none), today_slots (the
-- slots of today up to it), accounts.
WITH units AS (
  SELECT point FROM read_parquet($points::VARCHAR)
  WHERE building = $building::BIGINT AND commodity = $commodity::VARCHAR AND role = 'unit'
),
newest AS (
  SELECT
    max(epoch_us(ts) // 900000000) + 1 AS newest_quarter,
    coalesce(max(local_slot) FILTER (local_day = $today::DATE) + 1, 0) AS today_slots
  FROM read_parquet($intervals::VARCHAR[]) SEMI JOIN units USING (point)
  WHERE local_day >= $yesterday::DATE AND local_day <= $today::DATE AND quantity IS NOT NULL
),
held AS (
  SELECT count(DISTINCT account) AS accounts
  FROM read_parquet($tenancies::VARCHAR) SEMI JOIN units USING (point)
  WHERE from_quarter <= $now_quarter::BIGINT AND to_quarter > $now_quarter::BIGINT
)
SELECT * FROM newest, held

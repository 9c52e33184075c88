-- Question: what did each main and its parts together measure on each day, in the quarter-hours in
-- which both are known?
-- Sources: parts, segments (of loss-parts.sql, loss-segments.sql), days (of scope-days.sql).
-- Parameters: intervals (files); night_to (BIGINT list beside day_from: the quarter-hour at which the
--   night of that day ends), day_from (BIGINT list); due_quarter.
-- Columns: main, local_day, main_quantity, sub_quantity (base units, where both are known; null: nowhere),
--   night_main, night_sub (of them before the night's end), slots (in which both are known), missing
--   (due, yet not both known), estimated (of slots).
WITH nights AS (
  SELECT unnest($day_from::BIGINT[]) AS from_quarter, unnest($night_to::BIGINT[]) AS to_quarter
),
slots AS (
  SELECT
    p.main, d.local_day, d.from_quarter, d.from_quarter + i.local_slot AS quarter,
    sum(i.quantity) FILTER (is_main) AS main_quantity,
    sum(i.quantity) FILTER (NOT is_main) AS sub_quantity,
    count(i.quantity) FILTER (is_main) AS mains,
    count(i.quantity) FILTER (NOT is_main) AS subs,
    bool_or(i.quality NOT IN ('measured', 'missing')) AS estimated
  FROM read_parquet($intervals::VARCHAR[]) i
  JOIN days d ON d.local_day = i.local_day
  JOIN parts p ON p.point = i.point
  GROUP BY p.main, d.local_day, d.from_quarter, i.local_slot
),
-- Both sides known: the main, and as many parts as have a meter then.
known_slots AS (
  SELECT s.*, s.quarter < n.to_quarter AS night
  FROM slots s
  JOIN nights n ON n.from_quarter = s.from_quarter
  ASOF LEFT JOIN segments g ON g.main = s.main AND s.quarter >= g.from_quarter
  WHERE s.mains > 0 AND s.subs >= greatest(1, coalesce(g.subs, 0))
),
sums AS (
  SELECT
    main, local_day,
    sum(main_quantity) AS main_quantity,
    sum(sub_quantity) AS sub_quantity,
    sum(main_quantity) FILTER (night) AS night_main,
    sum(sub_quantity) FILTER (night) AS night_sub,
    count(*) AS slots,
    count(*) FILTER (quarter < $due_quarter::BIGINT) AS due_slots,
    count(*) FILTER (estimated) AS estimated
  FROM known_slots
  GROUP BY main, local_day
),
expected AS (
  SELECT
    g.main, d.local_day,
    sum(greatest(0, least(d.to_quarter, g.to_quarter, $due_quarter::BIGINT)
      - greatest(d.from_quarter, g.from_quarter))) AS slots
  FROM segments g
  JOIN days d ON d.from_quarter < g.to_quarter AND d.to_quarter > g.from_quarter
  WHERE g.mains > 0 AND g.subs > 0
  GROUP BY g.main, d.local_day
)
SELECT
  main, local_day, main_quantity, sub_quantity, night_main, night_sub,
  coalesce(s.slots, 0) AS slots,
  greatest(0, coalesce(e.slots, 0) - coalesce(s.due_slots, 0)) AS missing,
  coalesce(s.estimated, 0) AS estimated
FROM sums s FULL JOIN expected e USING (main, local_day)

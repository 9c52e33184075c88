-- Question: how does the power of a project, a building or a point run through time?
-- Sources: load (of load.sql), due.
-- Parameters: step_from, step_to (BIGINT lists, quarter-hours since 1970, in order), due_quarter.
-- Columns: starts_at; average_power_w (over what is known of the step), min_power_w, max_power_w (of
--   its quarter-hours); quantity (Wh; null: nothing known); measured, estimated, missing
--   (quarter-hours of points).
WITH steps AS (
  SELECT
    unnest($step_from::BIGINT[]) AS from_quarter,
    unnest($step_to::BIGINT[]) AS to_quarter
),
sums AS (
  SELECT
    s.from_quarter,
    sum(quantity) AS quantity,
    sum(power_w * hours) / sum(hours) FILTER (power_w IS NOT NULL) AS average_power_w,
    min(power_w) AS min_power_w,
    max(power_w) AS max_power_w,
    sum(measured) AS measured,
    sum(estimated) AS estimated,
    sum(missing) AS missing,
    sum(measured + estimated + missing) FILTER (quarter < $due_quarter::BIGINT) AS due_slots
  FROM load l ASOF JOIN steps s ON l.quarter >= s.from_quarter
  GROUP BY s.from_quarter
),
-- Most points have a meter all the time: few different spans, however many points.
spans AS (
  SELECT from_quarter, to_quarter, count(*) AS points FROM due GROUP BY ALL
),
expected AS (
  SELECT
    s.from_quarter,
    sum(points * greatest(0,
      least(s.to_quarter, n.to_quarter) - greatest(s.from_quarter, n.from_quarter))) AS slots
  FROM steps s CROSS JOIN spans n
  GROUP BY s.from_quarter
)
SELECT
  make_timestamp(s.from_quarter * 900000000) AS starts_at,
  u.average_power_w,
  u.min_power_w,
  u.max_power_w,
  CAST(u.quantity AS BIGINT) AS quantity,
  CAST(coalesce(u.measured, 0) AS BIGINT) AS measured,
  CAST(coalesce(u.estimated, 0) AS BIGINT) AS estimated,
  CAST(coalesce(u.missing, 0) + greatest(0, coalesce(e.slots, 0) - coalesce(u.due_slots, 0))
    AS BIGINT) AS missing
FROM steps s
LEFT JOIN sums u USING (from_quarter)
LEFT JOIN expected e USING (from_quarter)
ORDER BY s.from_quarter

-- Question: what was the highest quarter-hour power of each key in each period, and when?
-- Sources: members, days, due (of scope-*.sql; the days have the number of their period).
-- Parameters: intervals (files); by_point (each key is one point); period_numbers (INTEGER list),
--   period_labels (VARCHAR list), period_from, period_to (BIGINT lists); due_quarter.
-- Columns, each key with each period: period, key, code, label, label_zh; demand_w (of the points of
--   the key together; null: nothing known), at (start of the first quarter-hour with it); quantity
--   (Wh), load_factor (average by highest, 0 to 1), slots (quarter-hours of which something is known),
--   missing (quarter-hours of points).
WITH periods AS (
  SELECT
    unnest($period_numbers::INTEGER[]) AS period,
    unnest($period_labels::VARCHAR[]) AS label,
    unnest($period_from::BIGINT[]) AS from_quarter,
    unnest($period_to::BIGINT[]) AS to_quarter
),
placed_intervals AS NOT MATERIALIZED (
  SELECT
    m.key, d.period, d.from_quarter + i.local_slot AS quarter, i.quantity, i.quality = 'missing' AS gap
  FROM read_parquet($intervals::VARCHAR[]) i
  JOIN days d ON d.local_day = i.local_day
  JOIN members m ON m.point = i.point
    AND d.from_quarter + i.local_slot >= m.from_quarter
    AND d.from_quarter + i.local_slot < m.to_quarter
),
-- A key that is one point has nothing to add up: no group for each of its quarter-hours.
powers AS (
  SELECT key, period, quarter, quantity, 1 AS told, CAST(gap AS INTEGER) AS missing
  FROM placed_intervals WHERE $by_point::BOOLEAN
  UNION ALL
  SELECT key, period, quarter, sum(quantity), count(*), count(*) FILTER (gap)
  FROM placed_intervals WHERE NOT $by_point::BOOLEAN
  GROUP BY key, period, quarter
),
sums AS (
  SELECT
    key, period,
    max(quantity) AS highest,
    min_by(quarter, (-quantity, quarter)) FILTER (quantity IS NOT NULL) AS quarter,
    sum(quantity) AS quantity,
    count(quantity) AS slots,
    sum(missing) AS missing,
    sum(told) FILTER (quarter < $due_quarter::BIGINT) AS due_slots
  FROM powers
  GROUP BY key, period
),
spans AS (
  SELECT key, from_quarter, to_quarter, count(*) AS points FROM due GROUP BY ALL
),
expected AS (
  SELECT
    s.key, p.period,
    sum(points * (least(p.to_quarter, s.to_quarter) - greatest(p.from_quarter, s.from_quarter)))
      AS slots
  FROM spans s
  JOIN periods p ON p.from_quarter < s.to_quarter AND p.to_quarter > s.from_quarter
  GROUP BY s.key, p.period
),
keys AS (
  SELECT DISTINCT key, code, label, label_zh, sort FROM members
)
SELECT
  p.label AS period,
  k.key,
  k.code,
  k.label,
  k.label_zh,
  CAST(s.highest * 4 AS BIGINT) AS demand_w,
  make_timestamp(s.quarter * 900000000) AS at,
  CAST(s.quantity AS BIGINT) AS quantity,
  CAST(s.quantity AS DOUBLE) / nullif(s.slots * s.highest, 0) AS load_factor,
  CAST(coalesce(s.slots, 0) AS BIGINT) AS slots,
  CAST(coalesce(s.missing, 0) + greatest(0, coalesce(e.slots, 0) - coalesce(s.due_slots, 0))
    AS BIGINT) AS missing
FROM periods p
CROSS JOIN keys k
LEFT JOIN sums s ON s.key = k.key AND s.period = p.period
LEFT JOIN expected e ON e.key = k.key AND e.period = p.period
ORDER BY p.period, k.sort, k.key

-- Question: how complete is each point on each day, and how long was nothing read?
-- Sources: members, days, due (of scope-*.sql).
-- Parameters: points, energy_days, intervals (files); only_incomplete (BOOLEAN);
--   quarantine_points (BIGINT list), quarantine_quarters (BIGINT list): one for each quarantine;
--   due_quarter.
-- Columns, each day with each point that had a meter or has an interval: day; point_id, code, label,
--   label_zh, building_id (null: none); measured, estimated, missing, expected (quarter-hours: all
--   that there are or ought to be by now); longest_gap_s (between two readings; where nothing is
--   known, the quarter-hours in a row from the first to the last in which it had a meter); quarantines (readings that history contradicts).
WITH rollup AS (
  SELECT
    f.point, d.local_day, d.from_quarter, d.to_quarter,
    sum(f.measured) AS measured,
    sum(f.estimated) AS estimated,
    sum(f.missing) AS missing
  FROM read_parquet($energy_days::VARCHAR[]) f
  JOIN days d ON d.local_day = f.local_day
  SEMI JOIN members m ON m.point = f.point
  GROUP BY f.point, d.local_day, d.from_quarter, d.to_quarter
),
due_days AS (
  SELECT
    e.point, d.local_day,
    min(greatest(d.from_quarter, e.from_quarter)) AS first_quarter,
    max(least(d.to_quarter, e.to_quarter)) - 1 AS last_quarter,
    sum(least(d.to_quarter, e.to_quarter) - greatest(d.from_quarter, e.from_quarter)) AS slots
  FROM due e JOIN days d ON d.from_quarter < e.to_quarter AND d.to_quarter > e.from_quarter
  GROUP BY e.point, d.local_day
),
counts AS (
  SELECT
    point, local_day,
    coalesce(r.measured, 0) AS measured,
    coalesce(r.estimated, 0) AS estimated,
    coalesce(r.missing, 0) + CASE WHEN d.from_quarter < $due_quarter::BIGINT
      THEN greatest(0, coalesce(u.slots, 0)
        - coalesce(r.measured, 0) - coalesce(r.estimated, 0) - coalesce(r.missing, 0))
      ELSE 0 END AS missing
  FROM rollup r
  FULL JOIN due_days u USING (point, local_day)
  JOIN days d USING (local_day)
),
shown_counts AS (
  SELECT * FROM counts
  WHERE measured + estimated + missing > 0
    AND (NOT $only_incomplete::BOOLEAN OR estimated + missing > 0)
),
bridges AS (
  SELECT i.point, d.local_day, max(i.gap_s) AS gap_s
  FROM read_parquet($intervals::VARCHAR[]) i
  JOIN days d ON d.local_day = i.local_day
  SEMI JOIN shown_counts s ON s.point = i.point AND s.local_day = i.local_day
  WHERE i.quantity IS NOT NULL
  GROUP BY i.point, d.local_day
),
-- Only where something is missing do its quarter-hours have to be looked at one by one.
missing_days AS (
  SELECT s.point, s.local_day, u.first_quarter - d.from_quarter AS first_slot,
    u.last_quarter - d.from_quarter AS last_slot
  FROM shown_counts s
  JOIN days d USING (local_day)
  LEFT JOIN due_days u USING (point, local_day)
  WHERE s.missing > 0
),
known_slots AS (
  SELECT
    i.point, i.local_day,
    min(i.local_slot) AS first_slot,
    max(i.local_slot) AS last_slot,
    coalesce(list(i.local_slot::BIGINT ORDER BY i.local_slot) FILTER (i.quantity IS NOT NULL), [])
      AS known
  FROM read_parquet($intervals::VARCHAR[]) i
  SEMI JOIN missing_days m ON m.point = i.point AND m.local_day = i.local_day
  GROUP BY i.point, i.local_day
),
-- What is known, with a fence at both ends: the longest way from one to the next.
fences AS (
  SELECT
    m.point, m.local_day,
    list_concat(
      [least(m.first_slot, k.first_slot) - 1], coalesce(k.known, []),
      [greatest(m.last_slot, k.last_slot) + 1]) AS fence
  FROM missing_days m LEFT JOIN known_slots k USING (point, local_day)
),
longest_runs AS (
  SELECT
    point, local_day,
    900 * list_max(list_transform(range(1, len(fence)), lambda i: fence[i + 1] - fence[i] - 1))
      AS gap_s
  FROM fences
),
quarantines AS (
  SELECT q.point, d.local_day, count(*) AS found
  FROM (
    SELECT
      unnest($quarantine_points::BIGINT[]) AS point,
      unnest($quarantine_quarters::BIGINT[]) AS quarter
  ) q
  JOIN days d ON q.quarter >= d.from_quarter AND q.quarter < d.to_quarter
  GROUP BY q.point, d.local_day
),
names AS (
  SELECT DISTINCT point, code, label, label_zh, building FROM members
)
SELECT
  c.local_day AS day,
  c.point AS point_id,
  n.code,
  n.label,
  n.label_zh,
  n.building AS building_id,
  CAST(c.measured AS BIGINT) AS measured,
  CAST(c.estimated AS BIGINT) AS estimated,
  CAST(c.missing AS BIGINT) AS missing,
  CAST(c.measured + c.estimated + c.missing AS BIGINT) AS expected,
  CAST(greatest(b.gap_s, r.gap_s) AS BIGINT) AS longest_gap_s,
  coalesce(q.found, 0) AS quarantines
FROM shown_counts c
JOIN names n USING (point)
LEFT JOIN bridges b USING (point, local_day)
LEFT JOIN longest_runs r USING (point, local_day)
LEFT JOIN quarantines q USING (point, local_day)
ORDER BY c.local_day, n.code, c.point

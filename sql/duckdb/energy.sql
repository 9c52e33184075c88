-- Question: how much energy (or water) went where and when, by period of the reporting calendar, how
-- much of it is measured, and how much there was in the range before?
--
-- Sources: newer (of energy-newer.sql), rows in place of those of the files; mostly empty.
-- Parameters
--   commodity, role, by; building, floor, account, point: what is chosen (role and ids may be null);
--     by is project, building, floor, account or point
--   by_tenancy: true when a point counts only while a (the) account holds it
--   period_*: the cells, numbered from 0: [from, to) in quarter-hours since 1970, cut at the last
--     quarter-hour that ought to be known
--   day_*: the local days of both sides (before: true for the range before), their quarter-hours,
--     their cell (-1: no counterpart, -2: the cell depends on the slot)
--   span_from, span_to: both ranges together, in quarter-hours: who is a member within it has rows
--   slot_*: side, local day, local slot and cell, for days that are read by slot
--   points_first: points × cells are few enough to be added up by point first
--   energy_days, intervals, calendars: files of days read whole; of days read by slot
--   points, tenancies, installations: files
--
-- Columns, one row per key and cell, every key with every cell, in order of cell, then of name
--   period (number of the cell; -1: what the range before had beyond), key (id, 0: none)
--   quantity (Wh or litres; null: nothing known), rank_0 … rank_5 (parts of it; 0: no period known)
--   estimated_quantity (part of it), measured, estimated, missing (slots)
--   previous (Wh or litres of the counterpart)
WITH chosen_points AS (
  SELECT * FROM read_parquet($points::VARCHAR)
  WHERE commodity = $commodity::VARCHAR
    AND ($role::VARCHAR IS NULL OR role = $role::VARCHAR)
    AND ($building::BIGINT IS NULL OR building = $building::BIGINT)
    AND ($floor::BIGINT IS NULL OR floor = $floor::BIGINT)
    AND ($point::BIGINT IS NULL OR point = $point::BIGINT)
),
periods AS (
  SELECT
    unnest($period_numbers::INTEGER[]) AS period,
    unnest($period_from::BIGINT[]) AS from_quarter,
    unnest($period_to::BIGINT[]) AS to_quarter
),
days AS (
  SELECT
    unnest($day_before::BOOLEAN[]) AS before,
    unnest($day_dates::DATE[]) AS local_day,
    unnest($day_from::BIGINT[]) AS from_quarter,
    unnest($day_to::BIGINT[]) AS to_quarter,
    unnest($day_due::BOOLEAN[]) AS due,
    unnest($day_periods::INTEGER[]) AS period
),
slots AS (
  SELECT
    unnest($slot_before::BOOLEAN[]) AS before,
    unnest($slot_dates::DATE[]) AS local_day,
    unnest($slot_numbers::SMALLINT[]) AS local_slot,
    unnest($slot_periods::INTEGER[]) AS period
),
span AS (
  SELECT $span_from::BIGINT AS from_quarter, $span_to::BIGINT AS to_quarter
),
-- Which key the energy of a point counts for, and from when to when.
members AS (
  SELECT
    point, 0 AS from_quarter, 4000000000 AS to_quarter,
    CASE $by::VARCHAR
      WHEN 'project' THEN 0
      WHEN 'building' THEN coalesce(building, 0)
      WHEN 'floor' THEN coalesce(floor, 0)
      ELSE point
    END AS key,
    CASE $by::VARCHAR
      WHEN 'project' THEN ''
      WHEN 'building' THEN coalesce(building_code, '')
      WHEN 'floor' THEN concat(building_code, ' ', lpad(CAST(level + 1000 AS VARCHAR), 5, '0'))
      ELSE code
    END AS sort
  FROM chosen_points
  CROSS JOIN span
  WHERE NOT $by_tenancy::BOOLEAN
    AND (retired_quarter IS NULL OR retired_quarter > span.from_quarter)
  UNION ALL
  SELECT
    point, t.from_quarter, t.to_quarter,
    CASE $by::VARCHAR
      WHEN 'account' THEN account
      WHEN 'project' THEN 0
      WHEN 'building' THEN coalesce(building, 0)
      WHEN 'floor' THEN coalesce(floor, 0)
      ELSE point
    END AS key,
    CASE $by::VARCHAR
      WHEN 'account' THEN account_number
      WHEN 'project' THEN ''
      WHEN 'building' THEN coalesce(building_code, '')
      WHEN 'floor' THEN concat(building_code, ' ', lpad(CAST(level + 1000 AS VARCHAR), 5, '0'))
      ELSE code
    END AS sort
  FROM chosen_points
  JOIN read_parquet($tenancies::VARCHAR) t USING (point)
  CROSS JOIN span
  WHERE $by_tenancy::BOOLEAN
    AND ($account::BIGINT IS NULL OR account = $account::BIGINT)
    AND t.from_quarter < span.to_quarter AND t.to_quarter > span.from_quarter
),
-- Who is a member all the time is added up by point before anything is joined: twice as fast over years.
lasting_members AS (
  SELECT m.* FROM members m CROSS JOIN span
  WHERE $points_first::BOOLEAN
    AND m.from_quarter <= span.from_quarter AND m.to_quarter >= span.to_quarter
),
passing_members AS (
  SELECT m.* FROM members m CROSS JOIN span
  WHERE NOT ($points_first::BOOLEAN
    AND m.from_quarter <= span.from_quarter AND m.to_quarter >= span.to_quarter)
),
point_sums AS (
  SELECT
    d.before, d.period, d.due, f.point, f.rank,
    sum(f.quantity) AS quantity,
    sum(f.estimated_quantity) AS estimated_quantity,
    sum(f.measured) AS measured,
    sum(f.estimated) AS estimated,
    sum(f.missing) AS missing
  FROM read_parquet($energy_days::VARCHAR[]) f
  JOIN days d ON d.local_day = f.local_day AND d.period <> -2
  WHERE f.point IN (SELECT point FROM lasting_members)
  GROUP BY d.before, d.period, d.due, f.point, f.rank
),
-- Days that lie in one cell and belong to one key as a whole come from the roll-up.
whole_days AS (
  SELECT
    s.before, s.period, s.due, m.key, s.rank, s.quantity, s.estimated_quantity,
    s.measured, s.estimated, s.missing
  FROM point_sums s JOIN lasting_members m USING (point)
  UNION ALL
  SELECT
    d.before, d.period, d.due, m.key, f.rank, f.quantity, f.estimated_quantity,
    f.measured, f.estimated, f.missing
  FROM read_parquet($energy_days::VARCHAR[]) f
  JOIN days d ON d.local_day = f.local_day AND d.period <> -2
  JOIN passing_members m ON m.point = f.point
    AND m.from_quarter <= d.from_quarter AND m.to_quarter >= d.to_quarter
),
-- The others are put together from their quarter-hours.
told_intervals AS NOT MATERIALIZED (
  SELECT point, local_day, local_slot, quantity, quality
  FROM read_parquet($intervals::VARCHAR[]) i
  WHERE NOT EXISTS (FROM newer n WHERE n.point = i.point AND n.local_day = i.local_day
    AND n.local_slot = i.local_slot)
  UNION ALL
  SELECT point, local_day, local_slot, quantity, quality FROM newer
),
cut_days AS (
  SELECT
    d.before, s.period, d.due, m.key, c.rank, i.quantity,
    CASE WHEN i.quality NOT IN ('measured', 'missing') THEN i.quantity END AS estimated_quantity,
    CAST(i.quality = 'measured' AS INTEGER) AS measured,
    CAST(i.quality NOT IN ('measured', 'missing') AS INTEGER) AS estimated,
    CAST(i.quality = 'missing' AS INTEGER) AS missing
  FROM told_intervals i
  JOIN slots s ON s.local_day = i.local_day AND s.local_slot = i.local_slot
  JOIN days d ON d.local_day = s.local_day AND d.before = s.before
  JOIN members m ON m.point = i.point
    AND i.local_slot >= m.from_quarter - d.from_quarter
    AND i.local_slot < m.to_quarter - d.from_quarter
    AND (d.period = -2 OR m.from_quarter > d.from_quarter OR m.to_quarter < d.to_quarter)
  LEFT JOIN read_parquet($calendars::VARCHAR[]) c ON c.commodity = $commodity::VARCHAR
    AND c.local_day = i.local_day AND c.local_slot = i.local_slot
),
facts AS (
  SELECT * FROM whole_days UNION ALL SELECT * FROM cut_days
),
sums AS (
  SELECT
    period, key,
    sum(quantity) FILTER (NOT before) AS quantity,
    sum(quantity) FILTER (NOT before AND rank IS NULL) AS rank_0,
    sum(quantity) FILTER (NOT before AND rank = 1) AS rank_1,
    sum(quantity) FILTER (NOT before AND rank = 2) AS rank_2,
    sum(quantity) FILTER (NOT before AND rank = 3) AS rank_3,
    sum(quantity) FILTER (NOT before AND rank = 4) AS rank_4,
    sum(quantity) FILTER (NOT before AND rank = 5) AS rank_5,
    sum(estimated_quantity) FILTER (NOT before) AS estimated_quantity,
    sum(measured) FILTER (NOT before) AS measured,
    sum(estimated) FILTER (NOT before) AS estimated,
    sum(missing) FILTER (NOT before) AS missing,
    sum(measured + estimated + missing) FILTER (NOT before AND due) AS due_slots,
    sum(quantity) FILTER (before) AS previous
  FROM facts
  GROUP BY period, key
),
-- Slots in which a meter was installed and which ought to be known by now: those without a row are
-- missing too.
expected AS (
  SELECT
    p.period, m.key,
    sum(greatest(0,
      least(p.to_quarter, n.to_quarter, m.to_quarter)
        - greatest(p.from_quarter, n.from_quarter, m.from_quarter))) AS slots
  FROM members m
  JOIN read_parquet($installations::VARCHAR) n ON n.point = m.point
  JOIN periods p ON p.from_quarter < n.to_quarter AND p.to_quarter > n.from_quarter
  GROUP BY p.period, m.key
),
keys AS (
  SELECT key, min(sort) AS sort FROM members GROUP BY key
),
cells AS (
  SELECT period, key, sort FROM periods, keys
  UNION ALL
  SELECT -1, key, sort FROM keys WHERE key IN (SELECT key FROM sums WHERE period = -1)
)
SELECT
  c.period,
  c.key,
  CAST(s.quantity AS BIGINT) AS quantity,
  CAST(s.rank_0 AS BIGINT) AS rank_0,
  CAST(s.rank_1 AS BIGINT) AS rank_1,
  CAST(s.rank_2 AS BIGINT) AS rank_2,
  CAST(s.rank_3 AS BIGINT) AS rank_3,
  CAST(s.rank_4 AS BIGINT) AS rank_4,
  CAST(s.rank_5 AS BIGINT) AS rank_5,
  CAST(s.estimated_quantity AS BIGINT) AS estimated_quantity,
  CAST(coalesce(s.measured, 0) AS BIGINT) AS measured,
  CAST(coalesce(s.estimated, 0) AS BIGINT) AS estimated,
  CAST(coalesce(s.missing, 0) + greatest(0, coalesce(e.slots, 0) - coalesce(s.due_slots, 0))
    AS BIGINT) AS missing,
  CAST(s.previous AS BIGINT) AS previous
FROM cells c
LEFT JOIN sums s USING (period, key)
LEFT JOIN expected e USING (period, key)
ORDER BY c.period, c.sort, c.key

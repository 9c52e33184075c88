-- Question: which mains does a project have, and what are they the sum of?
-- Parameters: points (file); commodity; main (BIGINT or null: that one only); from_quarter.
-- Columns: main, point, is_main (the main itself, else one of its parts), retired_quarter.
-- A point's main is the one it names; a unit that names none belongs to the main of its building, or,
-- where there is none, to that of the park, as mains of buildings do.
WITH used_points AS (
  SELECT * FROM read_parquet($points::VARCHAR)
  WHERE commodity = $commodity::VARCHAR
    AND (retired_quarter IS NULL OR retired_quarter > $from_quarter::BIGINT)
),
building_mains AS (
  SELECT building, min(point) AS main FROM used_points WHERE role = 'building-main' GROUP BY building
),
park_main AS (
  SELECT min(point) AS main FROM used_points WHERE role = 'park-main'
),
parted_points AS (
  SELECT
    p.point, p.retired_quarter,
    coalesce(p.parent, CASE p.role
      WHEN 'unit' THEN coalesce(b.main, k.main)
      WHEN 'building-main' THEN k.main END) AS main
  FROM used_points p
  LEFT JOIN building_mains b ON b.building = p.building
  CROSS JOIN park_main k
),
mains AS (
  SELECT point AS main, retired_quarter FROM used_points
  WHERE role IN ('building-main', 'park-main')
    OR point IN (SELECT parent FROM used_points)
)
SELECT main, main AS point, true AS is_main, retired_quarter
FROM mains
WHERE $main::BIGINT IS NULL OR main = $main::BIGINT
UNION ALL
SELECT p.main, p.point, false, p.retired_quarter
FROM parted_points p
SEMI JOIN mains m ON m.main = p.main
WHERE $main::BIGINT IS NULL OR p.main = $main::BIGINT

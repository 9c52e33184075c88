-- Question: which points are there, where do they stand, and what are the keys called that they count for?
-- Parameters: points (VARCHAR, file).
-- Columns: point; commodity; role; building, floor (ids, null: none); retired_quarter (quarter-hours
-- since 1970, null: in use); and of each grouping the code, the label, label_zh and the place in the order
-- of energy.sql: code, label, label_zh, place (of the point), building_*, floor_*.
SELECT
  point, commodity, role, building, floor, retired_quarter,
  code, name AS label, name_zh AS label_zh,
  dense_rank() OVER (ORDER BY code) AS place,
  coalesce(building_code, '') AS building_code,
  coalesce(building_name, '') AS building_label,
  building_name_zh AS building_label_zh,
  dense_rank() OVER (ORDER BY coalesce(building_code, '')) AS building_place,
  concat(building_code, ' ', level) AS floor_code,
  concat(building_name, ' ', floor_name) AS floor_label,
  dense_rank() OVER (
    ORDER BY concat(building_code, ' ', lpad(CAST(level + 1000 AS VARCHAR), 5, '0'))
  ) AS floor_place
FROM read_parquet($points::VARCHAR, hive_partitioning = false)

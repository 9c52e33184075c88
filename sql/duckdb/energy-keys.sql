-- Question: which keys does an energy report have, and what are they called?
-- Parameters: as energy.sql (commodity, role, by, building, floor, account, point, by_tenancy; points
-- and tenancies are files), from_quarter and to_quarter (BIGINT, of both ranges together).
-- Columns: key (id; 0: none), code, label, label_zh (null where there is none), in order of code.
WITH chosen_points AS (
  SELECT * FROM read_parquet($points::VARCHAR)
  WHERE commodity = $commodity::VARCHAR
    AND ($role::VARCHAR IS NULL OR role = $role::VARCHAR)
    AND ($building::BIGINT IS NULL OR building = $building::BIGINT)
    AND ($floor::BIGINT IS NULL OR floor = $floor::BIGINT)
    AND ($point::BIGINT IS NULL OR point = $point::BIGINT)
),
held_points AS (
  SELECT p.*, t.account, t.account_number, t.account_name, t.account_name_zh
  FROM chosen_points p
  LEFT JOIN read_parquet($tenancies::VARCHAR) t ON $by_tenancy::BOOLEAN AND t.point = p.point
    AND ($account::BIGINT IS NULL OR t.account = $account::BIGINT)
    AND t.from_quarter < $to_quarter::BIGINT AND t.to_quarter > $from_quarter::BIGINT
  WHERE CASE WHEN $by_tenancy::BOOLEAN THEN t.account IS NOT NULL
    ELSE p.retired_quarter IS NULL OR p.retired_quarter > $from_quarter::BIGINT END
),
named_points AS (
  SELECT
    CASE $by::VARCHAR
      WHEN 'project' THEN struct_pack(key := 0, code := '', label := '', label_zh := NULL)
      WHEN 'building' THEN struct_pack(key := coalesce(building, 0),
        code := coalesce(building_code, ''), label := coalesce(building_name, ''),
        label_zh := building_name_zh)
      WHEN 'floor' THEN struct_pack(key := coalesce(floor, 0),
        code := coalesce(concat(building_code, ' ', level), ''),
        label := coalesce(concat(building_name, ' ', floor_name), ''), label_zh := NULL)
      WHEN 'account' THEN struct_pack(key := account, code := account_number,
        label := account_name, label_zh := account_name_zh)
      ELSE struct_pack(key := point, code := code, label := name, label_zh := name_zh)
    END AS named
  FROM held_points
)
SELECT DISTINCT named.key AS key, named.code AS code, named.label AS label,
  named.label_zh AS label_zh
FROM named_points
ORDER BY code, key

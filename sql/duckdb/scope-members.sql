-- Question: which points is a report about, which key does each count for, and from when to when?
-- Parameters: points, tenancies (files); commodity; role, building, floor, account, point (may be null);
--   by (project, building, floor, account, point); by_tenancy: a point counts only while a (the)
--   account holds it; from_quarter, to_quarter (of the range, quarter-hours since 1970).
-- Columns: point; key (id, 0: none), code, label, label_zh, sort (orders keys); building (null: none);
--   from_quarter, to_quarter (half-open; a point may come several times).
WITH chosen_points AS (
  SELECT * FROM read_parquet($points::VARCHAR)
  WHERE commodity = $commodity::VARCHAR
    AND ($role::VARCHAR IS NULL OR role = $role::VARCHAR)
    AND ($building::BIGINT IS NULL OR building = $building::BIGINT)
    AND ($floor::BIGINT IS NULL OR floor = $floor::BIGINT)
    AND ($point::BIGINT IS NULL OR point = $point::BIGINT)
),
held_points AS (
  SELECT
    p.*, t.account, t.account_number, t.account_name, t.account_name_zh,
    coalesce(t.from_quarter, 0) AS from_quarter,
    coalesce(t.to_quarter, 4000000000) AS to_quarter
  FROM chosen_points p
  LEFT JOIN read_parquet($tenancies::VARCHAR) t ON $by_tenancy::BOOLEAN AND t.point = p.point
    AND ($account::BIGINT IS NULL OR t.account = $account::BIGINT)
    AND t.from_quarter < $to_quarter::BIGINT AND t.to_quarter > $from_quarter::BIGINT
  WHERE CASE WHEN $by_tenancy::BOOLEAN THEN t.account IS NOT NULL
    ELSE p.retired_quarter IS NULL OR p.retired_quarter > $from_quarter::BIGINT END
),
named_points AS (
  SELECT
    *,
    CASE $by::VARCHAR
      WHEN 'project' THEN struct_pack(key := 0, code := '', label := '', label_zh := NULL,
        sort := '')
      WHEN 'building' THEN struct_pack(key := coalesce(building, 0),
        code := coalesce(building_code, ''), label := coalesce(building_name, ''),
        label_zh := building_name_zh, sort := coalesce(building_code, ''))
      WHEN 'floor' THEN struct_pack(key := coalesce(floor, 0),
        code := coalesce(concat(building_code, ' ', level), ''),
        label := coalesce(concat(building_name, ' ', floor_name), ''), label_zh := NULL,
        sort := concat(building_code, ' ', lpad(CAST(level + 1000 AS VARCHAR), 5, '0')))
      WHEN 'account' THEN struct_pack(key := account, code := account_number,
        label := account_name, label_zh := account_name_zh, sort := account_number)
      ELSE struct_pack(key := point, code := code, label := name, label_zh := name_zh, sort := code)
    END AS named
  FROM held_points
)
SELECT
  point, named.key AS key, named.code AS code, named.label AS label, named.label_zh AS label_zh,
  named.sort AS sort, building, from_quarter, to_quarter
FROM named_points

-- Question: the points of one project and where they are, as the warehouse keeps them.
-- Parameters: source (VARCHAR, CSV of Postgres COPY), target (VARCHAR, file to write).
-- Columns: point, code, name, name_zh, commodity, role, class, parent; building and its code and
-- names; floor, its level and name; retired_quarter (quarter-hours since 1970, null: in use).
COPY (
  SELECT *
  FROM read_csv($source::VARCHAR, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false, columns = {
      point: 'BIGINT', code: 'VARCHAR', name: 'VARCHAR', name_zh: 'VARCHAR', commodity: 'VARCHAR',
      role: 'VARCHAR', class: 'VARCHAR', parent: 'BIGINT', building: 'BIGINT',
      building_code: 'VARCHAR', building_name: 'VARCHAR', building_name_zh: 'VARCHAR',
      floor: 'BIGINT', level: 'SMALLINT', floor_name: 'VARCHAR', retired_quarter: 'BIGINT'
    })
  ORDER BY point
) TO $target (FORMAT parquet, COMPRESSION zstd)

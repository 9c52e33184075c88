-- Question: the days of one table and month in one file, each of them once.
-- Parameters: files (VARCHAR list, of days and perhaps of the month as it was, the days first); days
-- (DATE list, those of the days' own files); before (VARCHAR, the month as it was, or ''); target
-- (VARCHAR, file to write). `local_day` and `sort_columns` stand for the names of the table's columns.
-- Columns: those of the table. Of the month as it was, the days that have a file of their own are left
-- out; a column that an older file lacks is null.
COPY (
  -- Neither what the folders' names say, nor what older months had of them.
  SELECT COLUMNS(c -> c NOT IN ('filename', 'project', 'month'))
  FROM read_parquet($files::VARCHAR[], union_by_name = true, filename = true,
    hive_partitioning = false)
  WHERE filename <> $before::VARCHAR OR NOT list_contains($days::DATE[], local_day)
  ORDER BY sort_columns
) TO $target (FORMAT parquet, COMPRESSION zstd)

-- Question: what does the roll-up hold, row by row? For energy-kept.ts, which adds up small files itself.
-- Parameters: files (VARCHAR[], of energy_days).
-- Columns: file (its place in the list); day (days since 1970); point; rank (null: no period known);
-- quantity and estimated_quantity (Wh or litres, null: nothing known); measured, estimated, missing (slots).
-- As DOUBLE, which the reader takes without a detour: what is not exact there is past 2^53 and refused.
SELECT
  CAST(file_index AS DOUBLE) AS file,
  CAST(local_day - DATE '1970-01-01' AS DOUBLE) AS day,
  CAST(point AS DOUBLE) AS point,
  CAST(rank AS DOUBLE) AS rank,
  CAST(quantity AS DOUBLE) AS quantity,
  CAST(estimated_quantity AS DOUBLE) AS estimated_quantity,
  CAST(measured AS DOUBLE) AS measured,
  CAST(estimated AS DOUBLE) AS estimated,
  CAST(missing AS DOUBLE) AS missing
FROM read_parquet($files::VARCHAR[], hive_partitioning = false)

-- Question: how much energy (or water) did each chosen point use, by cell of the time axis and rank? As
-- energy-whole.sql, for reports whose rows are points, floors or buildings.
-- Parameters: energy_days, chosen, first_point, last_bit as there; day_dates (DATE[]) and day_cells
-- (INTEGER[]): the local days and the cell of each.
-- Columns: cell; point; rank (null: no period known); quantity and estimated_quantity (Wh or litres,
-- null: nothing known); measured, estimated, missing (slots).
SELECT
  d.cell,
  f.point,
  f.rank,
  CAST(sum(f.quantity) AS BIGINT) AS quantity,
  CAST(sum(f.estimated_quantity) AS BIGINT) AS estimated_quantity,
  CAST(sum(f.measured) AS BIGINT) AS measured,
  CAST(sum(f.estimated) AS BIGINT) AS estimated,
  CAST(sum(f.missing) AS BIGINT) AS missing
FROM read_parquet($energy_days::VARCHAR[], hive_partitioning = false) f
JOIN (
  SELECT unnest($day_dates::DATE[]) AS local_day, unnest($day_cells::INTEGER[]) AS cell
) d ON d.local_day = f.local_day
WHERE get_bit($chosen::BIT,
  CAST(least(greatest(f.point - $first_point::BIGINT, 0), $last_bit::BIGINT) AS INTEGER)) = 1
GROUP BY d.cell, f.point, f.rank

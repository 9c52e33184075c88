-- Question: how much did all that are ranked use together, also those past the top?
-- Sources: energy_cells (of energy.sql, one cell for the whole range).
-- Columns: keys; quantity and previous (Wh or litres; null: nothing known); "estimatedQuantity" (part of
--   the quantity); measured, estimated, missing (slots).
SELECT
  count(*) AS keys,
  CAST(sum(quantity) AS BIGINT) AS quantity,
  CAST(sum(previous) AS BIGINT) AS previous,
  CAST(sum(estimated_quantity) AS BIGINT) AS "estimatedQuantity",
  CAST(sum(measured) AS BIGINT) AS measured,
  CAST(sum(estimated) AS BIGINT) AS estimated,
  CAST(sum(missing) AS BIGINT) AS missing
FROM energy_cells

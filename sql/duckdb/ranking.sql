-- Question: which points, accounts, floors or buildings used most (or least) in a range?
-- Sources (temporary tables of the connection): energy_cells (of energy.sql, one cell for the whole
--   range), energy_keys (of energy-keys.sql).
-- Parameters: top (INTEGER), descending (BOOLEAN).
-- Columns: rank; key (id; null: of no building or floor); code; label; label_zh; quantity (Wh or
--   litres; null, and last: nothing known); share and cumulative_share (of the total of all, 0 to 1);
--   previous (the same of the range before) and previous_rank (in its order; null: nothing known);
--   estimated_quantity; measured, estimated, missing (slots).
WITH ranked AS (
  SELECT
    k.*, c.* EXCLUDE (key),
    row_number() OVER (ORDER BY
      CASE WHEN $descending::BOOLEAN THEN -c.quantity ELSE c.quantity END NULLS LAST, k.code, k.key)
      AS rank,
    CASE WHEN c.previous IS NOT NULL THEN row_number() OVER (ORDER BY
      CASE WHEN $descending::BOOLEAN THEN -c.previous ELSE c.previous END NULLS LAST, k.code, k.key)
      END AS previous_rank,
    c.quantity / nullif(sum(c.quantity) OVER (), 0) AS share
  FROM energy_keys k JOIN energy_cells c USING (key)
)
SELECT
  rank,
  nullif(key, 0) AS key,
  code,
  label,
  label_zh,
  quantity,
  share,
  sum(share) OVER (ORDER BY rank) AS cumulative_share,
  previous,
  previous_rank,
  estimated_quantity,
  measured,
  estimated,
  missing
FROM ranked
ORDER BY rank
LIMIT $top::INTEGER

-- Question: which points, accounts or buildings used most (or least) in a range of local days?
-- Parameters: energy_days (files), points (file), days (DATE list), commodity, top (INTEGER),
-- descending (BOOLEAN).
-- Columns: rank; key (point); code; label; label_zh; quantity (Wh or litres); share and
-- cumulative_share (of the total of all, 0 to 1); estimated_quantity; measured, estimated, missing (slots).
WITH chosen_points AS (
  SELECT point, code, name, name_zh FROM read_parquet($points::VARCHAR)
  WHERE commodity = $commodity::VARCHAR AND role = 'unit'
),
sums AS (
  SELECT
    point,
    sum(quantity) AS quantity,
    sum(estimated_quantity) AS estimated_quantity,
    sum(measured) AS measured,
    sum(estimated) AS estimated,
    sum(missing) AS missing
  FROM read_parquet($energy_days::VARCHAR[])
  WHERE list_contains($days::DATE[], local_day)
  GROUP BY point
),
ranked AS (
  SELECT
    *,
    row_number() OVER (ORDER BY
      CASE WHEN $descending::BOOLEAN THEN -quantity ELSE quantity END NULLS LAST, code) AS rank,
    quantity / nullif(sum(quantity) OVER (), 0) AS share
  FROM chosen_points JOIN sums USING (point)
)
SELECT
  rank,
  point AS key,
  code,
  name AS label,
  name_zh AS label_zh,
  CAST(quantity AS BIGINT) AS quantity,
  share,
  sum(share) OVER (ORDER BY rank) AS cumulative_share,
  CAST(estimated_quantity AS BIGINT) AS estimated_quantity,
  CAST(measured AS BIGINT) AS measured,
  CAST(estimated AS BIGINT) AS estimated,
  CAST(missing AS BIGINT) AS missing
FROM ranked
ORDER BY rank
LIMIT $top::INTEGER

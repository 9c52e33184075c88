-- Question: between which readings does the register lie where a part begins and ends?
-- Sources: parts (of integrated-parts.sql).
-- Columns: part, is_start; meter, channel, starts_ms, ends_ms, first_register, last_register; x_ms (the
-- instant); is_edge (the meter came or left there: one reading is enough); p_ms, p_r (the reading before
-- it) and n_ms, n_r (the first at or after it), first those that were noted; needs_before, needs_after:
-- what is still to be found of them.
WITH sides AS (
  SELECT part, true AS is_start, from_ms AS x_ms, from_ms = starts_ms AS is_edge, * EXCLUDE (part)
  FROM parts
  UNION ALL BY NAME
  SELECT part, false AS is_start, to_ms AS x_ms, to_ms = ends_ms AS is_edge, * EXCLUDE (part)
  FROM parts
)
SELECT
  part, is_start, meter, channel, starts_ms, ends_ms, first_register, last_register, x_ms, is_edge,
  CAST(NULL AS BIGINT) AS p_ms,
  CAST(NULL AS BIGINT) AS p_r,
  CASE WHEN is_edge AND is_start AND first_register IS NOT NULL THEN x_ms
    WHEN is_edge AND NOT is_start AND last_register IS NOT NULL THEN x_ms END AS n_ms,
  CASE WHEN is_edge AND is_start THEN first_register WHEN is_edge THEN last_register END AS n_r,
  n_ms IS NULL AND NOT (is_edge AND is_start) AS needs_before,
  n_ms IS NULL AND NOT (is_edge AND NOT is_start) AS needs_after
FROM sides

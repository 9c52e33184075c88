-- Question: how much energy (or water) did the chosen points use together on each local day, by rank? For
-- reports whose days lie in one cell each and belong to one key: energy.sql answers all others.
-- Parameters: energy_days (files, which may hold more days), from_day and to_day (DATE, half-open),
-- whole_months (BOOLEAN, true: leave out nothing, the comparison takes a quarter of the time),
-- chosen (VARCHAR of 0 and 1, one for each id from first_point on, the first and the last of them 0),
-- first_point (BIGINT), last_bit (BIGINT, the number of the last one).
-- Columns: cell (local day, days since 1970); rank (null: no period known); quantity and
-- estimated_quantity (Wh or litres, null: nothing known); measured, estimated, missing (slots).
-- Nothing is joined: to plan a join takes longer than to read a month, and bits cost a tenth of its probes.
SELECT
  CAST(local_day - DATE '1970-01-01' AS BIGINT) AS cell,
  rank,
  CAST(sum(quantity) AS BIGINT) AS quantity,
  CAST(sum(estimated_quantity) AS BIGINT) AS estimated_quantity,
  CAST(sum(measured) AS BIGINT) AS measured,
  CAST(sum(estimated) AS BIGINT) AS estimated,
  CAST(sum(missing) AS BIGINT) AS missing
FROM read_parquet($energy_days::VARCHAR[], hive_partitioning = false)
WHERE ($whole_months::BOOLEAN OR (local_day >= $from_day::DATE AND local_day < $to_day::DATE))
  AND get_bit($chosen::BIT,
    CAST(least(greatest(point - $first_point::BIGINT, 0), $last_bit::BIGINT) AS INTEGER)) = 1
GROUP BY local_day, rank

-- Question: how much energy (or water) did the chosen points use together on each local day of a file, by
-- rank? For reports whose days lie in one cell each and belong to one key: energy.sql answers all others.
-- energy-kept.ts asks it of several files at once, joined by UNION ALL: DuckDB groups small numbers whose
-- bounds it knows without hashing, and it knows them of one file, not of a list.
-- Parameters: file (VARCHAR, of energy_days), number (INTEGER, which file it is),
-- chosen (VARCHAR of 0 and 1, one for each id from first_point on, the first and the last of them 0),
-- first_point (BIGINT), last_bit (BIGINT, the number of the last one).
-- Columns: file (its number); day (days since 1970); rank (null: no period known); quantity and
-- estimated_quantity (Wh or litres, null: nothing known); measured, estimated, missing (slots).
-- Nothing is joined: to plan a join takes longer than to read a month, and bits cost a tenth of its probes.
SELECT
  $number::INTEGER AS file,
  CAST(local_day - DATE '1970-01-01' AS BIGINT) AS day,
  rank,
  CAST(sum(quantity) AS BIGINT) AS quantity,
  CAST(sum(estimated_quantity) AS BIGINT) AS estimated_quantity,
  CAST(sum(measured) AS BIGINT) AS measured,
  CAST(sum(estimated) AS BIGINT) AS estimated,
  CAST(sum(missing) AS BIGINT) AS missing
FROM read_parquet($file::VARCHAR, hive_partitioning = false)
WHERE get_bit($chosen::BIT,
    CAST(least(greatest(point - $first_point::BIGINT, 0), $last_bit::BIGINT) AS INTEGER)) = 1
GROUP BY local_day, rank

-- Question: how good were voltage, current, power factor and balance of each meter on one local day?
-- Parameters: as warehouse-registers.sql.
-- Columns, of samples whose quality is ok, values before CT/PT, null where the meter did not say:
--   meter; local_day; samples
--   voltage_min, voltage_max, voltage_avg and current_max, current_avg of each phase (V, A)
--   voltage_seen (samples with a voltage), voltage_low and voltage_high (samples in which a phase was
--     below 198 V, above 235.4 V: 220 V - 10 % + 7 %, GB/T 12325)
--   power_max_w, power_avg_w (W), power_max_at (the first instant of the maximum, UTC)
--   factor_seen (samples with a power factor and more than 100 W either way: below, it means nothing);
--     of these factor_min and factor_avg (of its amount), factor_low (samples below 0.9)
--   unbalance_max_pct (% by which the phase farthest from the mean of the three currents is off, where
--     the mean is above 0.5 A)
COPY (
  WITH good_samples AS (
    SELECT
      CAST(meter AS BIGINT) AS meter,
      CAST(ts AS TIMESTAMP) AS ts,
      voltage_a_v, voltage_b_v, voltage_c_v, current_a_a, current_b_a, current_c_a, power_w,
      least(voltage_a_v, voltage_b_v, voltage_c_v) AS lowest_v,
      greatest(voltage_a_v, voltage_b_v, voltage_c_v) AS highest_v,
      -- Null where a phase is: one phase has no balance.
      (current_a_a + current_b_a + current_c_a) / 3 AS mean_a,
      CASE WHEN abs(power_w) > 100 THEN abs(factor) END AS loaded_factor
    FROM read_parquet($source::VARCHAR)
    WHERE quality = 'ok'
      AND CAST(ts AS TIMESTAMP) >= $starts::TIMESTAMP AND CAST(ts AS TIMESTAMP) < $ends::TIMESTAMP
  )
  SELECT
    meter,
    $local_day::DATE AS local_day,
    CAST(count(*) AS INTEGER) AS samples,
    min(voltage_a_v) AS voltage_min_a_v,
    min(voltage_b_v) AS voltage_min_b_v,
    min(voltage_c_v) AS voltage_min_c_v,
    max(voltage_a_v) AS voltage_max_a_v,
    max(voltage_b_v) AS voltage_max_b_v,
    max(voltage_c_v) AS voltage_max_c_v,
    avg(voltage_a_v) AS voltage_avg_a_v,
    avg(voltage_b_v) AS voltage_avg_b_v,
    avg(voltage_c_v) AS voltage_avg_c_v,
    CAST(count(*) FILTER (lowest_v < 198) AS INTEGER) AS voltage_low,
    CAST(count(*) FILTER (highest_v > 235.4) AS INTEGER) AS voltage_high,
    CAST(count(lowest_v) AS INTEGER) AS voltage_seen,
    max(current_a_a) AS current_max_a_a,
    max(current_b_a) AS current_max_b_a,
    max(current_c_a) AS current_max_c_a,
    avg(current_a_a) AS current_avg_a_a,
    avg(current_b_a) AS current_avg_b_a,
    avg(current_c_a) AS current_avg_c_a,
    max(power_w) AS power_max_w,
    avg(power_w) AS power_avg_w,
    min(ts) FILTER (power_w = highest_power_w) AS power_max_at,
    min(loaded_factor) AS factor_min,
    avg(loaded_factor) AS factor_avg,
    CAST(count(*) FILTER (loaded_factor < 0.9) AS INTEGER) AS factor_low,
    CAST(count(loaded_factor) AS INTEGER) AS factor_seen,
    max(CASE WHEN mean_a > 0.5 THEN greatest(abs(current_a_a - mean_a), abs(current_b_a - mean_a),
      abs(current_c_a - mean_a)) / mean_a * 100 END) AS unbalance_max_pct
  FROM (
    SELECT *, max(power_w) OVER (PARTITION BY meter) AS highest_power_w FROM good_samples
  )
  GROUP BY meter
  ORDER BY meter
) TO $target (FORMAT parquet, COMPRESSION zstd)

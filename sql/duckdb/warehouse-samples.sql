-- Question: every sample of one project and local day with all its channels, as the warehouse keeps
-- them when the day leaves the hot time.
-- Parameters: source (VARCHAR, QuestDB's Parquet export of the samples of that day), local_day
-- (DATE), target (VARCHAR, file to write).
-- Columns: meter; ts (of the reading, UTC); local_day in the project's zone; device_clock (UTC, as
-- the meter had it); every channel of sql/channels.ts, before CT/PT; quality; digest.
COPY (
  SELECT
    CAST(meter AS BIGINT) AS meter,
    CAST(ts AS TIMESTAMP) AS ts,
    $local_day::DATE AS local_day,
    CAST(device_clock AS TIMESTAMP) AS device_clock,
    active_wh, active_spike_wh, active_peak_wh, active_flat_wh, active_valley_wh, active_deep_wh,
    forward_wh, forward_spike_wh, forward_peak_wh, forward_flat_wh, forward_valley_wh,
    reverse_wh, reactive_varh, forward_varh, reverse_varh, volume_l, valve,
    voltage_a_v, voltage_b_v, voltage_c_v, current_a_a, current_b_a, current_c_a,
    power_a_w, power_b_w, power_c_w, power_w,
    reactive_a_var, reactive_b_var, reactive_c_var, reactive_var,
    factor_a, factor_b, factor_c, factor, frequency_hz,
    remaining_minor, purchase_count, overload_trips, overload_trips_allowed,
    status_a, status_b, pt, ct, base_wh,
    quality,
    digest
  FROM read_parquet($source::VARCHAR)
  ORDER BY meter, ts, digest
) TO $target (FORMAT parquet, COMPRESSION zstd)

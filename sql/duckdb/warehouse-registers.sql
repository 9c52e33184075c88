-- Question: the registers of every sample of one project and local day, as the warehouse keeps them.
-- Parameters: source (VARCHAR, QuestDB's Parquet export of the samples of that day, or the file of
-- the warehouse's samples that holds it), local_day (DATE), starts and ends (TIMESTAMP, UTC, of that
-- day), target (VARCHAR, file to write).
-- Columns: meter; ts (of the reading, UTC); local_day in the project's zone; every register as the
-- meter counts it, before CT/PT (Wh, varh, litres; null: the meter did not say); quality (ok, or
-- implausible:<rule>); digest (of the whole sample: two samples of one instant differ in it).
COPY (
  SELECT
    CAST(meter AS BIGINT) AS meter,
    CAST(ts AS TIMESTAMP) AS ts,
    $local_day::DATE AS local_day,
    active_wh, active_spike_wh, active_peak_wh, active_flat_wh, active_valley_wh, active_deep_wh,
    forward_wh, forward_spike_wh, forward_peak_wh, forward_flat_wh, forward_valley_wh,
    reverse_wh, reactive_varh, forward_varh, reverse_varh, volume_l, base_wh,
    quality,
    digest
  FROM read_parquet($source::VARCHAR)
  WHERE CAST(ts AS TIMESTAMP) >= $starts::TIMESTAMP AND CAST(ts AS TIMESTAMP) < $ends::TIMESTAMP
  ORDER BY meter, ts, digest
) TO $target (FORMAT parquet, COMPRESSION zstd)

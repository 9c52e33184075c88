-- Why: the three time-series tables. Keys as the data model says: an identical resend disappears,
-- a differing row for one instant stays visible (digest in the key of samples).
-- Checked by test/sql/questdb.test.ts: resends, conflicts, refusal of unknown tables and columns.
CREATE TABLE IF NOT EXISTS samples (
  ts TIMESTAMP,
  project SYMBOL CAPACITY 1024,
  meter SYMBOL CAPACITY 131072,
  digest LONG,
  quality SYMBOL CAPACITY 64,
  device_clock TIMESTAMP,
  active_wh LONG, active_spike_wh LONG, active_peak_wh LONG, active_flat_wh LONG,
  active_valley_wh LONG, active_deep_wh LONG,
  forward_wh LONG, forward_spike_wh LONG, forward_peak_wh LONG, forward_flat_wh LONG,
  forward_valley_wh LONG, reverse_wh LONG,
  reactive_varh LONG, forward_varh LONG, reverse_varh LONG,
  volume_l LONG, valve INT,
  voltage_a_v DOUBLE, voltage_b_v DOUBLE, voltage_c_v DOUBLE,
  current_a_a DOUBLE, current_b_a DOUBLE, current_c_a DOUBLE,
  power_a_w DOUBLE, power_b_w DOUBLE, power_c_w DOUBLE, power_w DOUBLE,
  reactive_a_var DOUBLE, reactive_b_var DOUBLE, reactive_c_var DOUBLE, reactive_var DOUBLE,
  factor_a DOUBLE, factor_b DOUBLE, factor_c DOUBLE, factor DOUBLE, frequency_hz DOUBLE,
  remaining_minor LONG, purchase_count LONG, overload_trips LONG, overload_trips_allowed LONG,
  status_a LONG, status_b LONG, pt LONG, ct LONG, base_wh LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, meter, digest);

CREATE TABLE IF NOT EXISTS intervals (
  ts TIMESTAMP,
  project SYMBOL CAPACITY 1024,
  point SYMBOL CAPACITY 131072,
  local_day INT,
  local_slot INT,
  quantity LONG,
  reverse_quantity LONG,
  quality SYMBOL CAPACITY 64,
  gap_s INT,
  version INT,
  known_at TIMESTAMP
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, point);

CREATE TABLE IF NOT EXISTS interval_versions (
  ts TIMESTAMP,
  project SYMBOL CAPACITY 1024,
  point SYMBOL CAPACITY 131072,
  local_day INT,
  local_slot INT,
  quantity LONG,
  reverse_quantity LONG,
  quality SYMBOL CAPACITY 64,
  gap_s INT,
  version INT,
  known_at TIMESTAMP
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, point, version);

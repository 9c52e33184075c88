-- Question: how good were voltage, current, power factor and balance at each point?
-- Sources: members, days (of scope-*.sql).
-- Parameters: electrical_days (files), installations (file); by_day (a row for each day, else one for
--   the range).
-- Columns, each point with each day on which it had a meter: point_id, code, label, label_zh; day (null:
--   the range); samples (0: none read); voltage_min_v, voltage_max_v (of any phase), voltage_avg_v (of
--   the phases); voltage_low, voltage_high (samples with a phase out of the limits of
--   warehouse-electrical-days.sql), voltage_out_share (of those with a voltage); current_max_a (of any
--   phase), unbalance_max_pct; power_max_w, power_max_at; factor_avg, factor_min (of its amount),
--   factor_low_share (of the samples with a load). V, A and W after PT and CT; null: not known.
WITH installed AS (
  SELECT
    m.point, m.code, m.label, m.label_zh, n.meter, d.local_day,
    CASE WHEN n.basis = 'secondary' THEN n.pt ELSE 1 END AS pt,
    CASE WHEN n.basis = 'secondary' THEN n.ct ELSE 1 END AS ct,
    least(d.to_quarter, n.to_quarter) - greatest(d.from_quarter, n.from_quarter) AS slots
  FROM (SELECT DISTINCT point, code, label, label_zh FROM members) m
  JOIN read_parquet($installations::VARCHAR) n ON n.point = m.point
  JOIN days d ON d.from_quarter < n.to_quarter AND d.to_quarter > n.from_quarter
),
-- A meter that was moved belongs, for that day, to where it was longer.
placed_meters AS (
  SELECT * FROM installed
  QUALIFY row_number() OVER (PARTITION BY meter, local_day ORDER BY slots DESC, point) = 1
),
told_days AS (
  SELECT
    p.point, p.code, p.label, p.label_zh,
    CASE WHEN $by_day::BOOLEAN THEN p.local_day END AS day,
    e.samples, e.voltage_seen, e.voltage_low, e.voltage_high, e.factor_seen, e.factor_low,
    e.factor_avg, e.factor_min, e.unbalance_max_pct, e.power_max_at,
    least(e.voltage_min_a_v, e.voltage_min_b_v, e.voltage_min_c_v) * p.pt AS voltage_min_v,
    greatest(e.voltage_max_a_v, e.voltage_max_b_v, e.voltage_max_c_v) * p.pt AS voltage_max_v,
    list_avg([e.voltage_avg_a_v, e.voltage_avg_b_v, e.voltage_avg_c_v]) * p.pt AS voltage_avg_v,
    greatest(e.current_max_a_a, e.current_max_b_a, e.current_max_c_a) * p.ct AS current_max_a,
    e.power_max_w * p.pt * p.ct AS power_max_w
  FROM placed_meters p
  LEFT JOIN read_parquet($electrical_days::VARCHAR[]) e
    ON e.meter = p.meter AND e.local_day = p.local_day
)
SELECT
  point AS point_id,
  code,
  label,
  label_zh,
  day,
  CAST(coalesce(sum(samples), 0) AS BIGINT) AS samples,
  min(voltage_min_v) AS voltage_min_v,
  max(voltage_max_v) AS voltage_max_v,
  sum(voltage_avg_v * voltage_seen) / nullif(sum(voltage_seen), 0) AS voltage_avg_v,
  CAST(sum(voltage_low) AS BIGINT) AS voltage_low,
  CAST(sum(voltage_high) AS BIGINT) AS voltage_high,
  -- least() passes over what is null.
  CASE WHEN sum(voltage_seen) > 0
    THEN least(1, sum(voltage_low + voltage_high) / sum(voltage_seen)) END AS voltage_out_share,
  max(current_max_a) AS current_max_a,
  max(unbalance_max_pct) AS unbalance_max_pct,
  max(power_max_w) AS power_max_w,
  min_by(power_max_at, (-power_max_w, power_max_at)) FILTER (power_max_w IS NOT NULL) AS power_max_at,
  sum(factor_avg * factor_seen) / nullif(sum(factor_seen), 0) AS factor_avg,
  min(factor_min) AS factor_min,
  sum(factor_low) / nullif(sum(factor_seen), 0) AS factor_low_share
FROM told_days
GROUP BY point, code, label, label_zh, day
ORDER BY day, code, point

-- Question: how much of what a main measured do its parts not account for, and is that suspicious?
-- Sources: loss_days, parts, segments (of loss-*.sql), days (of scope-days.sql; period -1: only of
--   the days before).
-- Parameters: points (file); period_numbers (INTEGER list), period_labels (VARCHAR list), period_from,
--   period_to (BIGINT lists); baseline_quarters (how far back a baseline looks), baseline_days (fewest
--   days that make one), known_share (of a day's quarter-hours, for it to count there), and the
--   thresholds of analytics/questions/losses.ts: missing_max, quantity_min (base units),
--   negative_*, jump_*, night_*, high_* (shares), jump_spreads_* (multiples of the usual spread).
-- Columns, each period with each main: period; main_id, code, label, label_zh, role; main_quantity,
--   sub_quantity, difference (base units, over the quarter-hours in which both sides are known);
--   sub_count (parts that had a meter); loss_share (difference by main), baseline_share (median of the
--   days before the period); missing, estimated (quarter-hours in which a side is so); suspicion
--   (none, watch, suspect, incomplete) and its reason (code; null for none).
WITH periods AS (
  SELECT
    unnest($period_numbers::INTEGER[]) AS period,
    unnest($period_labels::VARCHAR[]) AS label,
    unnest($period_from::BIGINT[]) AS from_quarter,
    unnest($period_to::BIGINT[]) AS to_quarter
),
mains AS (
  SELECT p.point AS main, p.code, p.name, p.name_zh, p.role
  FROM read_parquet($points::VARCHAR) p
  WHERE p.point IN (SELECT main FROM parts)
),
day_shares AS (
  SELECT
    l.main, d.period, d.from_quarter, l.main_quantity, l.sub_quantity, l.slots, l.missing, l.estimated,
    l.night_main, l.night_sub,
    (l.main_quantity - l.sub_quantity) / nullif(l.main_quantity, 0) AS share,
    (l.night_main - l.night_sub) / nullif(l.night_main, 0)
      - (l.main_quantity - l.sub_quantity - l.night_main + l.night_sub)
        / nullif(l.main_quantity - l.night_main, 0) AS night_excess,
    l.slots >= $known_share::DOUBLE * (d.to_quarter - d.from_quarter) AS is_known
  FROM loss_days l JOIN days d USING (local_day)
),
sums AS (
  SELECT
    main, period,
    CAST(sum(main_quantity) AS BIGINT) AS main_quantity,
    CAST(sum(sub_quantity) AS BIGINT) AS sub_quantity,
    CAST(sum(night_main) AS BIGINT) AS night_main,
    CAST(sum(night_sub) AS BIGINT) AS night_sub,
    CAST(sum(slots) AS BIGINT) AS slots,
    CAST(sum(missing) AS BIGINT) AS missing,
    CAST(sum(estimated) AS BIGINT) AS estimated
  FROM day_shares
  WHERE period >= 0
  GROUP BY main, period
),
baselines AS (
  SELECT
    s.main, p.period,
    median(s.share) AS share,
    -- What the median deviation of a normal spread has to be multiplied with to be its deviation.
    mad(s.share) * 1.4826 AS spread,
    median(s.night_excess) AS night_excess
  FROM periods p
  JOIN day_shares s ON s.from_quarter < p.from_quarter
    AND s.from_quarter >= p.from_quarter - $baseline_quarters::BIGINT AND s.is_known
  GROUP BY s.main, p.period
  HAVING count(s.share) >= $baseline_days::INTEGER
),
sub_counts AS (
  SELECT g.main, p.period, max(g.subs) AS subs
  FROM segments g JOIN periods p ON p.from_quarter < g.to_quarter AND p.to_quarter > g.from_quarter
  GROUP BY g.main, p.period
),
measures AS (
  SELECT
    p.period, p.label AS period_label, m.*,
    s.main_quantity, s.sub_quantity, s.main_quantity - s.sub_quantity AS difference,
    coalesce(s.slots, 0) AS slots,
    coalesce(s.missing, 0) AS missing,
    coalesce(s.estimated, 0) AS estimated,
    coalesce(c.subs, 0) AS sub_count,
    (s.main_quantity - s.sub_quantity) / nullif(s.main_quantity, 0) AS share,
    (s.night_main - s.night_sub) / nullif(s.night_main, 0)
      - (s.main_quantity - s.sub_quantity - s.night_main + s.night_sub)
        / nullif(s.main_quantity - s.night_main, 0) - coalesce(b.night_excess, 0) AS night_rise,
    s.night_main - s.night_sub AS night_difference,
    b.share AS baseline,
    b.spread
  FROM periods p
  CROSS JOIN mains m
  LEFT JOIN sums s ON s.main = m.main AND s.period = p.period
  LEFT JOIN baselines b ON b.main = m.main AND b.period = p.period
  LEFT JOIN sub_counts c ON c.main = m.main AND c.period = p.period
),
judged AS (
  SELECT
    *,
    CASE
      WHEN slots = 0 AND sub_count = 0 THEN 'incomplete no-parts'
      WHEN slots = 0 THEN 'incomplete nothing-known'
      WHEN missing > $missing_max::DOUBLE * (slots + missing) THEN 'incomplete missing'
      WHEN abs(difference) < $quantity_min::BIGINT THEN NULL
      WHEN share < -$negative_suspect::DOUBLE OR main_quantity = 0 THEN 'suspect negative-loss'
      WHEN share - baseline
        > greatest($jump_suspect::DOUBLE, $jump_spreads_suspect::DOUBLE * spread)
        THEN 'suspect loss-jump'
      WHEN night_rise > $night_suspect::DOUBLE AND night_difference >= $quantity_min::BIGINT
        THEN 'suspect night-loss'
      WHEN share > $high_suspect::DOUBLE THEN 'suspect high-loss'
      WHEN share < -$negative_watch::DOUBLE THEN 'watch negative-loss'
      WHEN share - baseline > greatest($jump_watch::DOUBLE, $jump_spreads_watch::DOUBLE * spread)
        THEN 'watch loss-jump'
      WHEN night_rise > $night_watch::DOUBLE AND night_difference >= $quantity_min::BIGINT
        THEN 'watch night-loss'
      WHEN share > $high_watch::DOUBLE THEN 'watch high-loss'
    END AS verdict
  FROM measures
)
SELECT
  period_label AS period,
  main AS main_id,
  code,
  name AS label,
  name_zh AS label_zh,
  role,
  main_quantity,
  sub_quantity,
  sub_count,
  difference,
  share AS loss_share,
  baseline AS baseline_share,
  missing,
  estimated,
  coalesce(split_part(verdict, ' ', 1), 'none') AS suspicion,
  split_part(verdict, ' ', 2) AS reason
FROM judged
ORDER BY period, role <> 'park-main', code

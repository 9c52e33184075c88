-- Question: what did each unit and main meter of a building use today and this month, and at the same
-- time yesterday and the month before?
-- Parameters: points, installations (files), energy_days (files of both months and yesterday),
-- intervals (files of yesterday and cut_day); building, commodity; today, yesterday, month_from,
-- before_from (first day of the month before), cut_day (its day like today, null: it has none);
-- yesterday_slots, cut_slots (SMALLINT lists: the slots up to the same wall time as today);
-- month_quarter, due_quarter (quarter-hours since 1970: where the month begins; what begins there or
-- later need not be known yet), due_day (DATE: the first day that is not due).
-- Columns: point, code, name, name_zh, role, floor (null: none), level, floor_name; today, yesterday,
-- yesterday_so_far, month, month_before (up to the same time of the same day; Wh or litres, null:
-- nothing known); estimated_today, missing_today, estimated_month, missing_month (slots).
WITH chosen_points AS (
  SELECT point, code, name, name_zh, role, floor, level, floor_name
  FROM read_parquet($points::VARCHAR)
  WHERE building = $building::BIGINT AND commodity = $commodity::VARCHAR
    AND role IN ('unit', 'building-main')
    AND (retired_quarter IS NULL OR retired_quarter > $month_quarter::BIGINT)
),
days AS (
  SELECT
    point,
    sum(quantity) FILTER (local_day = $today::DATE) AS today,
    sum(estimated) FILTER (local_day = $today::DATE) AS estimated_today,
    sum(missing) FILTER (local_day = $today::DATE) AS missing_today,
    sum(quantity) FILTER (local_day = $yesterday::DATE) AS yesterday,
    sum(quantity) FILTER (local_day >= $month_from::DATE) AS month,
    sum(estimated) FILTER (local_day >= $month_from::DATE) AS estimated_month,
    sum(missing) FILTER (local_day >= $month_from::DATE) AS missing_month,
    sum(measured + estimated + missing)
      FILTER (local_day >= $month_from::DATE AND local_day < $due_day::DATE) AS due_slots,
    sum(quantity) FILTER (local_day >= $before_from::DATE
      AND local_day < coalesce($cut_day::DATE, $month_from::DATE)) AS before_days
  FROM read_parquet($energy_days::VARCHAR[]) SEMI JOIN chosen_points USING (point)
  WHERE local_day >= $before_from::DATE AND local_day <= $today::DATE
  GROUP BY point
),
cuts AS (
  SELECT
    point,
    sum(quantity) FILTER (local_day = $yesterday::DATE
      AND list_contains($yesterday_slots::SMALLINT[], local_slot)) AS yesterday_so_far,
    sum(quantity) FILTER (local_day = $cut_day::DATE
      AND list_contains($cut_slots::SMALLINT[], local_slot)) AS before_cut
  FROM read_parquet($intervals::VARCHAR[]) SEMI JOIN chosen_points USING (point)
  WHERE local_day = $yesterday::DATE OR local_day = $cut_day::DATE
  GROUP BY point
),
-- Of days that are over: a slot without a row is missing too.
expected AS (
  SELECT point,
    sum(greatest(0, least(to_quarter, $due_quarter::BIGINT)
      - greatest(from_quarter, $month_quarter::BIGINT))) AS slots
  FROM read_parquet($installations::VARCHAR) SEMI JOIN chosen_points USING (point)
  GROUP BY point
)
SELECT
  point, code, name, name_zh, role, floor, level, floor_name,
  CAST(today AS BIGINT) AS today,
  CAST(yesterday AS BIGINT) AS yesterday,
  CAST(yesterday_so_far AS BIGINT) AS yesterday_so_far,
  CAST(month AS BIGINT) AS month,
  CAST(CASE WHEN before_days IS NULL THEN before_cut ELSE before_days + coalesce(before_cut, 0) END
    AS BIGINT) AS month_before,
  CAST(coalesce(estimated_today, 0) AS BIGINT) AS estimated_today,
  CAST(coalesce(missing_today, 0) AS BIGINT) AS missing_today,
  CAST(coalesce(estimated_month, 0) AS BIGINT) AS estimated_month,
  CAST(coalesce(missing_month, 0) + greatest(0, coalesce(slots, 0) - coalesce(due_slots, 0)) AS BIGINT)
    AS missing_month
FROM chosen_points
LEFT JOIN days USING (point)
LEFT JOIN cuts USING (point)
LEFT JOIN expected USING (point)
ORDER BY level NULLS LAST, code, point

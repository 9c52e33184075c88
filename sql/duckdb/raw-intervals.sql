-- Question: every interval of a range as it is kept, with the point and its period: the data behind reports.
-- Parameters: intervals and calendars (file lists), points (file), from_day and to_day (DATE,
-- half-open), commodity (VARCHAR), building and point (BIGINT, null: all).
-- Columns: point, code, label, label_zh; starts_at (UTC); local_day, local_slot in the project's zone;
-- rank (1 spike … 5 deep valley, null: none); quantity and reverse_quantity (Wh or litres, null:
-- missing); quality; gap_s (seconds); version; known_at (UTC). In the order of the files: day, point.
SELECT
  i.point, p.code, p.name AS label, p.name_zh AS label_zh,
  i.ts AS starts_at, i.local_day, i.local_slot, c.rank,
  i.quantity, i.reverse_quantity, i.quality, i.gap_s, i.version, i.known_at
FROM read_parquet($intervals::VARCHAR[]) AS i
JOIN read_parquet($points::VARCHAR) AS p ON p.point = i.point
LEFT JOIN read_parquet($calendars::VARCHAR[]) AS c
  ON c.commodity = p.commodity AND c.local_day = i.local_day AND c.local_slot = i.local_slot
WHERE i.local_day >= $from_day::DATE AND i.local_day < $to_day::DATE
  AND p.commodity = $commodity::VARCHAR
  AND ($building::BIGINT IS NULL OR p.building = $building::BIGINT)
  AND ($point::BIGINT IS NULL OR i.point = $point::BIGINT)

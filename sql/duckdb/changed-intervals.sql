-- Question: which intervals differ from what is current, and what is the next version of each?
-- Sources: built (of intervals.sql); in_current: point, slot, local_day, local_slot, quantity, reverse_quantity,
--   quality, gap_s, version; in_scope: point, first_slot, end_slot: where what is current but no longer built is
--   taken back.
-- Columns: point, slot, local_day, local_slot, quantity, reverse_quantity, quality, gap_s, version.
WITH wanted AS (
  SELECT point, slot, local_day, local_slot, quantity, reverse_quantity, quality, gap_s
  FROM built SEMI JOIN in_scope USING (point) WHERE kind = 'interval'
),
taken_back AS (
  SELECT c.point, c.slot, c.local_day, c.local_slot, NULL::BIGINT, NULL::BIGINT, 'missing', NULL::INTEGER
  FROM in_current c JOIN in_scope s ON c.point = s.point AND c.slot >= s.first_slot AND c.slot < s.end_slot
    ANTI JOIN wanted w ON c.point = w.point AND c.slot = w.slot
)
SELECT w.*, coalesce(c.version, 0) + 1 AS version
FROM (FROM wanted UNION ALL FROM taken_back) w LEFT JOIN in_current c USING (point, slot)
WHERE c.version IS NULL
  OR (w.local_day, w.local_slot, w.quantity, w.reverse_quantity, w.quality, w.gap_s)
    IS DISTINCT FROM (c.local_day, c.local_slot, c.quantity, c.reverse_quantity, c.quality, c.gap_s)

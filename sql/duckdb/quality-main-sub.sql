-- Question: which mains measured much more, or less, than their parts together?
-- Sources: parts (of loss-parts.sql), slots. Parameters: share, least_quantity, from_ms, to_ms, slots_min.
-- Columns: point (the main), meter, from_ms, to_ms, energy (the difference), detail. Only quarter-hours known of all count.
WITH known_slots AS (
  SELECT p.main, s.ms, sum(s.quantity) FILTER (is_main) AS main_quantity, sum(s.quantity) FILTER (NOT is_main) AS sub_quantity
  FROM parts p JOIN slots s ON s.point = p.point
  GROUP BY p.main, s.ms
  HAVING count(s.quantity) = count(*) AND count(*) FILTER (NOT is_main) > 0 AND count(*) FILTER (is_main) = 1
)
SELECT main AS point, NULL::BIGINT AS meter, $from_ms::BIGINT AS from_ms, $to_ms::BIGINT AS to_ms,
  abs(sum(main_quantity) - sum(sub_quantity))::BIGINT AS energy,
  {'main': sum(main_quantity)::BIGINT, 'parts': sum(sub_quantity)::BIGINT} AS detail
FROM known_slots GROUP BY main
HAVING count(*) >= $slots_min::INTEGER
  AND abs(sum(main_quantity) - sum(sub_quantity)) > greatest($share::DOUBLE * sum(main_quantity), $least_quantity::BIGINT)

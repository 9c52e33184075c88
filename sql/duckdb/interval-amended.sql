-- Question: what of the built quarter-hours is to be read otherwise: an error of the meter, a doubted ratio, an edit?
-- Sources: built, in_slots (of intervals.sql); in_scope: point, first_slot, end_slot; in_errors: point, first_slot,
--   end_slot, ppm (the meters count so much too much), none twice; in_holds: point, first_slot, end_slot (not billed);
--   in_edits: edit, point, slot, quantity, quality, before (as built when it was made), firm (a person's own number).
-- Columns: kind, point, slot, local_day, local_slot, quantity, reverse_quantity, quality, gap_s: what takes the place of the
--   rows of `built`; edit, refuted (an estimate beside which the data has changed: not applied, to be taken back).
-- How: each quarter-hour is corrected and rounded half up by itself, so that no stretch depends on another.
WITH built_slots AS (
  SELECT b.point, slot, quantity, reverse_quantity, quality, gap_s, ppm,
    EXISTS (FROM in_holds h WHERE h.point = b.point AND b.slot >= h.first_slot AND b.slot < h.end_slot) AS held
  FROM (FROM built SEMI JOIN in_scope USING (point) WHERE kind = 'interval') b
    LEFT JOIN in_errors e ON e.point = b.point AND b.slot >= e.first_slot AND b.slot < e.end_slot
),
corrected_slots AS (
  SELECT point, slot, ppm IS NOT NULL OR held AS is_changed,
    CASE WHEN held THEN NULL WHEN ppm IS NULL THEN quantity
      ELSE ((2000000::HUGEINT * quantity + 1000000 + ppm) // (2000000 + 2 * ppm))::BIGINT END AS quantity,
    CASE WHEN held THEN NULL WHEN ppm IS NULL THEN reverse_quantity
      ELSE ((2000000::HUGEINT * reverse_quantity + 1000000 + ppm) // (2000000 + 2 * ppm))::BIGINT END AS reverse_quantity,
    CASE WHEN held THEN 'missing' ELSE quality END AS quality,
    CASE WHEN NOT held THEN gap_s END AS gap_s
  FROM built_slots
),
-- Within the scope also where nothing was built; around it wherever something was, since all that is built is compared.
wanted_edits AS (
  SELECT e.*, c.quality AS built_quality, c.quantity AS built_quantity
  FROM in_edits e JOIN in_scope s USING (point) LEFT JOIN corrected_slots c USING (point, slot)
  WHERE c.slot IS NOT NULL OR (slot >= s.first_slot AND slot < s.end_slot)
),
refuted_edits AS (
  SELECT DISTINCT edit FROM wanted_edits
  WHERE NOT firm AND (built_quality IS NOT DISTINCT FROM 'measured' OR built_quantity IS DISTINCT FROM before)
),
edited_slots AS (
  SELECT point, slot, e.quantity, c.reverse_quantity, e.quality, c.gap_s
  FROM wanted_edits e ANTI JOIN refuted_edits USING (edit) LEFT JOIN corrected_slots c USING (point, slot)
),
amended_slots AS (
  FROM edited_slots
  UNION ALL BY NAME
  SELECT point, slot, quantity, reverse_quantity, quality, gap_s FROM corrected_slots ANTI JOIN edited_slots USING (point, slot)
  WHERE is_changed
)
SELECT 'interval' AS kind, a.*, local_day, local_slot, NULL::BIGINT AS edit FROM amended_slots a JOIN in_slots USING (slot)
UNION ALL BY NAME
SELECT 'refuted' AS kind, edit FROM refuted_edits

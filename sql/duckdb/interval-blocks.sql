-- Question: what are the first and the last reading of each meter in each quarter-hour, and which look odd?
-- Sources: readings_of_installations, in_installations, $now, as in intervals.sql.
-- Columns: inst, slot, t0, r0, v0 (first instant, register, reverse register), t1, r1, v1 (last; of the
--   reverse register the lowest and the highest), is_slot (else a noted
--   register), p_t, p_r (the reading before), p_slot, n_slot (occupied slots around), p_v; is_odd: its readings
--   contradict each other or the one before; is_loaded: it carries enough to hide a jump between two readings.
-- How: time and register packed into one integer (20 + 43 bits), so that plain min and max find both, and two values
--   for the instant of either. A reading on a boundary belongs to the slot it opens.
WITH packed_slots AS (
  SELECT inst, ms // 900000 AS slot,
    min(((ms % 900000) << 43) + register) AS low_first,
    max(((ms % 900000) << 43) + register) AS high_last,
    min(((ms % 900000) << 43) + (8796093022207 - register)) AS high_first,
    max(((ms % 900000) << 43) + (8796093022207 - register)) AS low_last,
    min(register) AS lowest, max(register) AS highest,
    min(reverse) AS v0, max(reverse) AS v1
  FROM readings_of_installations
  GROUP BY inst, slot
),
slot_blocks AS (
  SELECT inst, slot, slot * 900000 + (low_first >> 43) AS t0, slot * 900000 + (high_last >> 43) AS t1,
    (low_first & 8796093022207) AS r0, (high_last & 8796093022207) AS r1, v0, v1, true AS is_slot,
    -- Two values for one instant at an end, or a reading outside of both ends.
    ((low_first & 8796093022207) + (high_first & 8796093022207) <> 8796093022207
      OR (high_last & 8796093022207) + (low_last & 8796093022207) <> 8796093022207
      OR lowest < (low_first & 8796093022207) OR highest > (high_last & 8796093022207)) AS is_torn
  FROM packed_slots
),
-- The register noted when a meter came and when it left counts like a reading.
noted_blocks AS (
  SELECT inst, starts // 900000 AS slot, starts AS t0, starts AS t1, first_register AS r0, first_register AS r1,
    NULL::BIGINT AS v0, NULL::BIGINT AS v1, false AS is_slot, false AS is_torn
  FROM in_installations WHERE first_register IS NOT NULL AND whole
  UNION ALL
  SELECT inst, ends // 900000, ends, ends, last_register, last_register, NULL, NULL, false, false
  FROM in_installations WHERE last_register IS NOT NULL AND ends <= $now AND final
),
chained_blocks AS (
  SELECT *, lag(t1) OVER chain AS p_t, lag(r1) OVER chain AS p_r, lag(v1) OVER chain AS p_v,
    lag(slot) OVER chain AS p_slot, lead(slot) OVER chain AS n_slot
  FROM (FROM slot_blocks UNION ALL FROM noted_blocks)
  WINDOW chain AS (PARTITION BY inst ORDER BY t0, t1)
)
SELECT b.* EXCLUDE (is_torn),
  is_torn OR v0 < p_v OR NOT coalesce(is_flow(p_r, r0, t0 - p_t, i), true) AS is_odd,
  NOT is_torn AND NOT is_within(r1 - r0, 60000, i) AS is_loaded
FROM chained_blocks b JOIN in_installations i USING (inst)

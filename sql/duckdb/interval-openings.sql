-- Question: which quarter-hours have to be read reading by reading?
-- Sources: blocks (of interval-blocks.sql), readings_of_installations, in_installations, in_ignored, in_openers, in_spikes.
-- Columns: inst, slot.
-- How: what is odd, what hides a jump, and what people or earlier builds have spoken of. Doubt spreads to the occupied
--   neighbours, so that whatever is taken out changes only steps between single readings.
WITH hidden_jumps AS (
  SELECT DISTINCT l.inst, l.slot FROM (
    SELECT inst, slot, ms, register, lag(ms) OVER within AS p_t, lag(register) OVER within AS p_r
    FROM (SELECT inst, ms // 900000 AS slot, ms, register FROM readings_of_installations)
      JOIN (SELECT inst, slot FROM blocks WHERE is_loaded) USING (inst, slot)
    WINDOW within AS (PARTITION BY inst, slot ORDER BY ms)
  ) l JOIN in_installations i USING (inst)
  WHERE NOT is_flow(p_r, register, ms - p_t, i)
),
noticed AS (
  SELECT i.inst, ms // 900000 AS slot FROM in_ignored g JOIN in_installations i
    ON g.meter = i.meter AND g.ms >= i.starts AND g.ms < i.ends
  UNION SELECT inst, ms // 900000 FROM in_openers
  UNION SELECT inst, ms // 900000 FROM in_spikes
),
doubted AS (
  SELECT inst, slot, p_slot, n_slot FROM blocks WHERE is_odd
  UNION ALL
  SELECT b.inst, b.slot, p_slot, n_slot FROM blocks b
    JOIN (FROM hidden_jumps UNION FROM noticed) d ON b.inst = d.inst AND b.slot = d.slot
)
SELECT DISTINCT inst, slot FROM (SELECT inst, unnest([slot, p_slot, n_slot]) AS slot FROM doubted)
WHERE slot IS NOT NULL

-- Question: reading by reading, what is flow, what is a rollover, what contradicts history?
-- Sources: blocks, opened, kept_readings (of ingest/interval-blocks.ts), in_installations, in_ignored, in_openers, in_spikes. Only installations in which something is doubted.
-- Columns: inst, slot, step_kind (first, flow, rollover, wall, break; spike: taken out), held (nobody has decided a break
--   before it), t0, r0 (instant, register), p_t, p_r (the reading before), n_t (after a spike), t1; q and w: what was
--   billed and what flowed back since the beginning, primary, at the reading before (p_), at t0 (0) and at t1 (1).
WITH in_doubt AS (
  SELECT inst FROM opened UNION SELECT inst FROM in_openers
),
single_readings AS (
  SELECT inst, ms // 900000 AS slot, ms, min(register) AS register, max(reverse) AS reverse
  FROM (SELECT k.*, meter, ms // 900000 AS slot FROM kept_readings k JOIN in_installations USING (inst)) r
    SEMI JOIN opened USING (inst, slot)
    ANTI JOIN in_ignored g ON g.meter = r.meter AND g.ms = r.ms AND g.register = r.register
  GROUP BY inst, ms
  -- Two values for one instant: neither is believed until a person excludes one.
  HAVING min(register) = max(register)
),
fine_blocks AS (
  SELECT inst, slot, t0, t1, r0, r1, v0, v1 FROM blocks b
    SEMI JOIN in_doubt USING (inst)
    ANTI JOIN (SELECT inst, slot, 1 AS is_slot FROM opened) o USING (inst, slot, is_slot)
  UNION ALL
  SELECT inst, slot, ms, ms, register, register, reverse, reverse FROM single_readings
),
placed_blocks AS (
  SELECT b.*, i.multiplier, i.span, i.whole, i.final,
    o.kind IS NOT NULL AND o.kind = 'wall' AS wall,
    row_number() OVER (PARTITION BY b.inst ORDER BY t0) AS place,
    s.ms IS NOT NULL AS known_spike
  FROM fine_blocks b JOIN in_installations i USING (inst)
    LEFT JOIN in_openers o ON o.inst = b.inst AND o.ms = b.t0 AND o.kind = 'wall'
    LEFT JOIN in_spikes s ON s.inst = b.inst AND s.ms = b.t0
),
-- A spike with nothing before it in these samples is one that an earlier build found.
neighboured_blocks AS (
  SELECT *, lag(t1) OVER chain AS p_t, lag(r1) OVER chain AS p_r,
    lead(t0) OVER chain AS n_t, lead(r0) OVER chain AS n_r, coalesce(lead(wall) OVER chain, false) AS n_wall,
    row_number() OVER chain AS rn
  FROM placed_blocks WHERE NOT (place = 1 AND known_spike AND NOT whole)
  WINDOW chain AS (PARTITION BY inst ORDER BY t0)
),
judged_blocks AS (
  SELECT b.*,
    p_t IS NULL OR is_flow(p_r, r0, t0 - p_t, i) OR is_rollover(p_r, r0, t0 - p_t, i) AS follows,
    NOT n_wall AND coalesce(is_flow(p_r, n_r, n_t - p_t, i) OR is_rollover(p_r, n_r, n_t - p_t, i), false)
      AS returns
  FROM neighboured_blocks b JOIN in_installations i USING (inst)
),
-- Out of line with the reading before, while the next one is in line with it.
candidates AS (
  SELECT *, rn - row_number() OVER (PARTITION BY inst, is_candidate ORDER BY t0) AS run
  FROM (SELECT *, NOT follows AND NOT wall AND returns AND t0 = t1 AS is_candidate FROM judged_blocks)
),
-- In an unbroken row of candidates every second one is good: it follows the reading before the spike. A smaller
-- spike passes for flow and is known by the next reading, which contradicts it but not the one before.
sorted_blocks AS (
  SELECT *, (is_candidate
      AND row_number() OVER (PARTITION BY inst, is_candidate, run ORDER BY t0) % 2 = 1)
    OR (follows AND returns AND NOT wall AND t0 = t1
      AND NOT coalesce(lag(is_candidate) OVER chain, false)
      AND NOT lead(follows) OVER chain AND NOT lead(is_candidate) OVER chain
      AND (final OR lead(n_t) OVER chain IS NOT NULL)) AS is_spike,
    -- The end of a piece of history cannot tell a spike from a break: left to the next piece.
    NOT follows AND NOT wall AND n_t IS NULL AND NOT final AS is_unknown
  FROM candidates WINDOW chain AS (PARTITION BY inst ORDER BY t0)
),
linked_blocks AS (
  SELECT inst, slot, t0, t1, r0, r1, v0, v1, multiplier, span, wall,
    lag(t1) OVER chain AS p_t, lag(r1) OVER chain AS p_r, lag(v1) OVER chain AS p_v,
    r0 - lag(r1) OVER chain AS d
  FROM sorted_blocks WHERE NOT is_spike AND NOT is_unknown
  WINDOW chain AS (PARTITION BY inst ORDER BY t0)
),
steps AS (
  SELECT b.*,
    CASE WHEN p_t IS NULL THEN 'first'
      WHEN wall THEN 'wall'
      WHEN is_flow(p_r, r0, t0 - p_t, i) THEN 'flow'
      WHEN is_rollover(p_r, r0, t0 - p_t, i) THEN 'rollover'
      ELSE 'break' END AS step_kind
  FROM linked_blocks b JOIN in_installations i USING (inst)
),
-- Held: after a break that nobody has decided, up to the next wall.
held_steps AS (
  SELECT s.*,
    coalesce(
      last_value(CASE step_kind WHEN 'break' THEN true WHEN 'wall' THEN false END IGNORE NULLS) OVER chain,
      b.kind = 'break', false) AS held
  FROM steps s LEFT JOIN (
    SELECT inst, arg_max(kind, ms) AS kind
    FROM in_openers o JOIN (SELECT inst, min(t0) AS t FROM fine_blocks GROUP BY inst) f USING (inst)
    WHERE o.ms <= f.t GROUP BY inst
  ) b USING (inst)
  WINDOW chain AS (PARTITION BY s.inst ORDER BY t0 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
measured_steps AS (
  SELECT *,
    CASE WHEN held OR step_kind IN ('first', 'wall') THEN 0
      WHEN step_kind = 'rollover' THEN (d + span)::HUGEINT * multiplier
      ELSE d::HUGEINT * multiplier END AS between_q,
    CASE WHEN held THEN 0 ELSE (r1 - r0)::HUGEINT * multiplier END AS within_q,
    CASE WHEN step_kind IN ('flow', 'rollover') AND NOT held THEN greatest(v0 - p_v, 0)::HUGEINT * multiplier ELSE 0
      END AS between_v,
    CASE WHEN held THEN 0 ELSE greatest(v1 - v0, 0)::HUGEINT * multiplier END AS within_v
  FROM held_steps
),
summed_steps AS (
  SELECT *, sum(between_q + within_q) OVER chain AS q1, sum(between_v + within_v) OVER chain AS w1
  FROM measured_steps
  WINDOW chain AS (PARTITION BY inst ORDER BY t0 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT inst, slot, step_kind, held, t0, r0, p_t, p_r, NULL AS n_t, t1,
  q1 - within_q - between_q AS p_q, q1 - within_q AS q0, q1, w1 - within_v - between_v AS p_w, w1 - within_v AS w0, w1
FROM summed_steps
UNION ALL BY NAME
SELECT inst, slot, 'spike' AS step_kind, false AS held, t0, r0, p_t, p_r, n_t, t1 FROM sorted_blocks WHERE is_spike

-- Question: what flowed through each point in each quarter-hour, and which readings contradict history?
-- Sources (temporary tables of the connection; instants are epoch ms UTC, ranges half-open):
--   in_samples       ms, meter, active, forward, volume, reverse: registers of good quality, base units before CT/PT
--   in_installations inst, point, meter, channel (0 active, 1 forward, 2 volume), starts, ends (2^62: open),
--                    first_register, last_register, multiplier, span, step, rated (primary base units an hour),
--                    whole (samples reach back to `starts`), final (and forward to the newest, or to `ends`),
--                    follows (another installation came before)
--   in_ignored       meter, ms, register: readings that a person excluded
--   in_openers       inst, ms, kind: readings after which counting began anew: 'wall' decided, 'break' undecided
--   in_spikes        inst, ms: readings known as spikes and not yet decided
--   in_cadences      meter, starts, ends, ms: scheduled time between two readings
--   in_slots         slot (ms // 900000), local_day (yyyymmdd), local_slot
-- Parameters: $now; $from, $until: what is wanted, with samples fetched on both sides of it.
-- Columns, by `kind`:
--   interval  point, slot, local_day, local_slot, quantity, reverse_quantity (base units, primary; NULL when missing),
--             quality, gap_s (longest bridge between two samples at its boundaries)
--   verdict   inst, rule, breaks (holds back all that follows), at_ms, register, previous_ms, previous_register
--             (as read): to be decided by a person
--   rollover  the same: the register began again at 0 and was billed on
--   reach     inst, first_at, last_at, slots_before ($from), slots_after ($until): how far the chain reaches
-- How: per slot the first and the last reading (a reading on a boundary belongs to the slot it opens). A slot whose
-- readings may hide something is opened into its single readings. Along the chain of these blocks each step is
-- flow, rollover or contradiction; a boundary's register lies on the line between the readings at both sides.
WITH
readings AS NOT MATERIALIZED (
  SELECT inst, ms, ms // 900000 AS slot, multiplier, reverse,
    CASE channel WHEN 0 THEN active WHEN 1 THEN forward ELSE volume END AS register
  FROM in_samples s JOIN in_installations i
    ON s.meter = i.meter AND s.ms >= i.starts AND s.ms < i.ends
      AND (i.first_register IS NULL OR s.ms > i.starts)
),
-- A slot's first and last reading packed into one integer each: 20 bits of time, 43 bits of register.
packed_slots AS (
  SELECT inst, slot,
    min(((ms % 900000) << 43) + register) AS low_first,
    max(((ms % 900000) << 43) + register) AS high_last,
    min(((ms % 900000) << 43) + (8796093022207 - register)) AS high_first,
    max(((ms % 900000) << 43) + (8796093022207 - register)) AS low_last,
    min(register) AS lowest, max(register) AS highest,
    arg_min(reverse, ms) AS reverse_first, arg_max(reverse, ms) AS reverse_last
  FROM readings WHERE register BETWEEN 0 AND 8796093022207
  GROUP BY inst, slot
),
slot_blocks AS (
  SELECT inst, slot, slot * 900000 + (low_first >> 43) AS t0, slot * 900000 + (high_last >> 43) AS t1,
    (low_first & 8796093022207) AS r0, (high_last & 8796093022207) AS r1,
    reverse_first AS v0, reverse_last AS v1, true AS is_slot,
    -- Two values for one instant at an end, or a reading outside of both ends.
    ((low_first & 8796093022207) + (high_first & 8796093022207) <> 8796093022207
      OR (high_last & 8796093022207) + (low_last & 8796093022207) <> 8796093022207
      OR lowest < (low_first & 8796093022207) OR highest > (high_last & 8796093022207)) AS torn
  FROM packed_slots
),
-- The register noted when a meter came and when it left counts like a reading.
noted_blocks AS (
  SELECT inst, starts // 900000 AS slot, starts AS t0, starts AS t1, first_register AS r0, first_register AS r1,
    NULL::BIGINT AS v0, NULL::BIGINT AS v1, false AS is_slot, false AS torn
  FROM in_installations WHERE first_register IS NOT NULL AND whole
  UNION ALL
  SELECT inst, ends // 900000, ends, ends, last_register, last_register, NULL, NULL, false, false
  FROM in_installations WHERE last_register IS NOT NULL AND ends <= $now AND final
),
coarse_chain AS (
  SELECT b.*, i.multiplier, i.rated, i.step,
    lag(t1) OVER chain AS p_t, lag(r1) OVER chain AS p_r, lag(v1) OVER chain AS p_v,
    lag(slot) OVER chain AS p_slot, lead(slot) OVER chain AS n_slot
  FROM (FROM slot_blocks UNION ALL FROM noted_blocks) b JOIN in_installations i USING (inst)
  WINDOW chain AS (PARTITION BY inst ORDER BY t0, t1)
),
-- Only a slot that carries more than one minute at full rating can hide a jump between two of its readings.
loaded AS (
  SELECT inst, slot, multiplier, rated, step FROM coarse_chain
  WHERE (r1 - r0)::DOUBLE * multiplier > rated::DOUBLE * 1.2 * 60000 / 3600000 + step * multiplier AND NOT torn
),
hidden_jumps AS (
  SELECT DISTINCT inst, slot FROM (
    SELECT inst, slot, ms, register, multiplier, rated, step,
      lag(ms) OVER within AS p_t, lag(register) OVER within AS p_r
    FROM (SELECT inst, slot, ms, register FROM readings) JOIN loaded USING (inst, slot)
    WINDOW within AS (PARTITION BY inst, slot ORDER BY ms))
  WHERE register < p_r OR (register - p_r)::DOUBLE * multiplier
    > rated::DOUBLE * 1.2 * greatest(ms - p_t, 60000) / 3600000 + step * multiplier
),
doubted AS (
  SELECT inst, slot, p_slot, n_slot FROM coarse_chain
  WHERE torn OR v1 < v0 OR v0 < p_v
    OR r0 < p_r
    OR (r0 - p_r)::DOUBLE * multiplier
      > rated::DOUBLE * 1.2 * greatest(t0 - p_t, 60000) / 3600000 + step * multiplier
  UNION ALL
  SELECT inst, slot, p_slot, n_slot FROM coarse_chain SEMI JOIN hidden_jumps USING (inst, slot)
),
-- Doubt spreads to the neighbours, so that whatever is taken out changes only steps between single readings.
noticed AS (
  SELECT i.inst, ms // 900000 AS slot FROM in_ignored g JOIN in_installations i
    ON g.meter = i.meter AND g.ms >= i.starts AND g.ms < i.ends
  UNION SELECT inst, ms // 900000 FROM in_openers
  UNION SELECT inst, ms // 900000 FROM in_spikes
),
opened AS (
  SELECT inst, slot FROM doubted
  UNION SELECT inst, p_slot FROM doubted WHERE p_slot IS NOT NULL
  UNION SELECT inst, n_slot FROM doubted WHERE n_slot IS NOT NULL
  UNION SELECT c.inst, unnest([c.slot, c.p_slot, c.n_slot]) FROM coarse_chain c SEMI JOIN noticed n
    ON c.inst = n.inst AND c.slot = n.slot
),
-- Installations in which nothing is doubted keep their coarse chain; the others are walked reading by reading.
walked AS (
  SELECT inst FROM opened UNION SELECT inst FROM in_openers
),
single_readings AS (
  SELECT r.inst, r.slot, r.ms, min(r.register) AS register, max(r.reverse) AS reverse
  FROM readings r
    JOIN opened o ON r.inst = o.inst AND r.slot = o.slot
    JOIN in_installations i ON i.inst = r.inst
    ANTI JOIN in_ignored g ON g.meter = i.meter AND g.ms = r.ms AND g.register = r.register
  WHERE r.register BETWEEN 0 AND 8796093022207
  GROUP BY r.inst, r.slot, r.ms
  -- Two values for one instant: neither is believed until a person excludes one.
  HAVING min(r.register) = max(r.register)
),
fine_blocks AS (
  SELECT inst, slot, t0, t1, r0, r1, v0, v1 FROM (FROM slot_blocks UNION ALL FROM noted_blocks) b
    SEMI JOIN walked USING (inst)
    ANTI JOIN (SELECT inst, slot, true AS is_slot FROM opened) o USING (inst, slot, is_slot)
  UNION ALL
  SELECT inst, slot, ms, ms, register, register, reverse, reverse FROM single_readings
),
placed_blocks AS (
  SELECT b.*, i.meter, i.multiplier, i.rated, i.step, i.span, i.whole, i.final,
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
  SELECT *,
    p_t IS NULL
      OR (r0 >= p_r AND (r0 - p_r)::DOUBLE * multiplier
        <= rated::DOUBLE * 1.2 * greatest(t0 - p_t, 60000) / 3600000 + step * multiplier)
      OR (r0 < p_r AND p_r::DOUBLE >= span::DOUBLE * 0.99 AND (r0 - p_r + span)::DOUBLE * multiplier
        <= rated::DOUBLE * 1.2 * greatest(t0 - p_t, 60000) / 3600000 + step * multiplier) AS follows,
    NOT n_wall AND coalesce((n_r >= p_r AND (n_r - p_r)::DOUBLE * multiplier
        <= rated::DOUBLE * 1.2 * greatest(n_t - p_t, 60000) / 3600000 + step * multiplier)
      OR (n_r < p_r AND p_r::DOUBLE >= span::DOUBLE * 0.99 AND (n_r - p_r + span)::DOUBLE * multiplier
        <= rated::DOUBLE * 1.2 * greatest(n_t - p_t, 60000) / 3600000 + step * multiplier), false) AS returns
  FROM neighboured_blocks
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
  SELECT inst, meter, slot, t0, t1, r0, r1, v0, v1, multiplier, rated, step, span, wall, n_t,
    lag(t1) OVER chain AS p_t, lag(r1) OVER chain AS p_r, lag(v1) OVER chain AS p_v,
    r0 - lag(r1) OVER chain AS d
  FROM sorted_blocks WHERE NOT is_spike AND NOT is_unknown
  WINDOW chain AS (PARTITION BY inst ORDER BY t0)
),
steps AS (
  SELECT *,
    CASE WHEN p_t IS NULL THEN 'first'
      WHEN wall THEN 'wall'
      WHEN d >= 0 AND d::DOUBLE * multiplier
        <= rated::DOUBLE * 1.2 * greatest(t0 - p_t, 60000) / 3600000 + step * multiplier THEN 'flow'
      WHEN d < 0 AND p_r::DOUBLE >= span::DOUBLE * 0.99 AND (d + span)::DOUBLE * multiplier
        <= rated::DOUBLE * 1.2 * greatest(t0 - p_t, 60000) / 3600000 + step * multiplier THEN 'rollover'
      ELSE 'break' END AS step_kind
  FROM linked_blocks
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
),
-- From here on both kinds of chains are one: q is the billed register, in primary base units.
steps_of_all AS (
  SELECT inst, meter, slot, p_t, t0, t1, q1 - within_q - between_q AS p_q, q1 - within_q AS q0, q1,
    w1 - within_v - between_v AS p_w, w1 - within_v AS w0, w1,
    CASE WHEN held THEN 3 WHEN step_kind = 'wall' THEN 2 ELSE 0 END AS rank
  FROM summed_steps
  UNION ALL
  SELECT c.inst, i.meter, slot, p_t, t0, t1, p_r::HUGEINT * c.multiplier, r0::HUGEINT * c.multiplier,
    r1::HUGEINT * c.multiplier, coalesce(p_v, v0, 0)::HUGEINT * c.multiplier,
    coalesce(v0, p_v, 0)::HUGEINT * c.multiplier, coalesce(v1, v0, p_v, 0)::HUGEINT * c.multiplier, 0
  FROM coarse_chain c JOIN in_installations i USING (inst) ANTI JOIN walked w USING (inst)
),
chain_ends AS (
  SELECT inst, min(t0) AS first_t, arg_min(q0, t0) AS first_q, arg_min(w0, t0) AS first_w,
    max(t1) AS last_t, arg_max(q1, t1) AS last_q, arg_max(w1, t1) AS last_w
  FROM steps_of_all GROUP BY inst
),
bridges AS (
  SELECT inst, p_t, t0, p_q, q0, p_w, w0, unnest(range(p_t // 900000 + 1, t0 // 900000 + 1)) AS slot,
    coalesce(greatest(a.ms, b.ms), 0) AS cadence
  FROM steps_of_all s
    LEFT JOIN in_cadences a ON a.meter = s.meter AND s.p_t >= a.starts AND s.p_t < a.ends
    LEFT JOIN in_cadences b ON b.meter = s.meter AND s.t0 >= b.starts AND s.t0 < b.ends
  WHERE t0 // 900000 > p_t // 900000
),
-- Half up in integers: p + floor((2·Δ·dt + T) / 2T).
edges AS (
  SELECT inst, slot * 900000 AS x,
    p_q + (2 * (q0 - p_q) * (slot * 900000 - p_t) + (t0 - p_t)) // (2 * (t0 - p_t)) AS q,
    p_w + (2 * (w0 - p_w) * (slot * 900000 - p_t) + (t0 - p_t)) // (2 * (t0 - p_t)) AS w,
    slot * 900000 - p_t > 120000 AND t0 - slot * 900000 > 120000 AND t0 - p_t > 2 * cadence AS estimated,
    CASE WHEN slot * 900000 = t0 THEN 0 ELSE t0 - p_t END AS bridge
  FROM bridges
  UNION ALL
  -- Where a meter's first reading opens a slot in the middle, and its last one closes it.
  SELECT inst, first_t, first_q, first_w,
    first_t % 900000 > 120000 AND first_t - starts > 120000, 0
  FROM chain_ends JOIN in_installations i USING (inst) WHERE i.whole
  UNION ALL
  SELECT inst, last_t, last_q, last_w,
    900000 - last_t % 900000 > 120000 AND ends - last_t > 120000, 0
  FROM chain_ends JOIN in_installations i USING (inst) WHERE i.final AND i.ends <= $now AND last_t % 900000 > 0
),
pieces AS (
  SELECT inst, x, x // 900000 AS slot, lead(x) OVER chain AS nx,
    lead(q) OVER chain - q AS quantity, lead(w) OVER chain - w AS reverse_quantity,
    estimated OR lead(estimated) OVER chain AS estimated,
    greatest(bridge, lead(bridge) OVER chain) AS bridge
  FROM edges WINDOW chain AS (PARTITION BY inst ORDER BY x)
),
-- Slots that may not show a quantity (3), or show one that a person has decided (2).
marked AS (
  SELECT inst, unnest(range(p_t // 900000, (t0 - 1) // 900000 + 1)) AS slot, rank, false AS due
  FROM steps_of_all WHERE rank > 0 AND p_t IS NOT NULL
  UNION ALL
  SELECT inst, slot, rank, false FROM steps_of_all WHERE rank = 3
  UNION ALL
  SELECT inst, unnest(range(p_t // 900000, (n_t - 1) // 900000 + 1)), 3, false FROM sorted_blocks WHERE is_spike
  UNION ALL
  -- A new meter that has not spoken since it replaced another, and a meter that was silent before it left.
  SELECT inst, unnest(range(starts // 900000, first_t // 900000)), 3, true
  FROM chain_ends JOIN in_installations i USING (inst) WHERE i.whole AND i.follows
  UNION ALL
  SELECT inst, unnest(range(last_t // 900000 + 1, (ends - 1) // 900000 + 1)), 3, true
  FROM chain_ends JOIN in_installations i USING (inst) WHERE i.final AND ends <= $now
),
overdue AS (
  SELECT i.inst, unnest(range(coalesce(last_t, i.starts) // 900000, ($now - 2 * coalesce(c.ms, 0)) // 900000)) AS slot
  FROM in_installations i LEFT JOIN chain_ends e USING (inst)
    LEFT JOIN in_cadences c ON c.meter = i.meter
      AND coalesce(e.last_t, i.starts) >= c.starts AND coalesce(e.last_t, i.starts) < c.ends
  WHERE i.final AND i.ends > $now AND (e.inst IS NOT NULL OR (i.follows AND i.whole))
),
summed_slots AS (
  SELECT i.point, slot, sum(quantity) AS quantity, sum(reverse_quantity) AS reverse_quantity,
    max(rank) AS rank, max(bridge) AS bridge, bool_or(closes) AS closes, bool_or(due) AS due
  FROM (
    SELECT inst, slot, quantity, reverse_quantity, estimated::INTEGER AS rank, bridge,
      -- A piece that does not end on a boundary ends with the last word of a meter that has left.
      nx % 900000 = 0 OR ends >= slot * 900000 + 900000 AS closes, false AS due
    FROM pieces JOIN in_installations USING (inst) WHERE nx > x
    UNION ALL SELECT inst, slot, NULL, NULL, rank, NULL, false, due FROM marked
    UNION ALL SELECT inst, slot, NULL, NULL, 3, NULL, false, true FROM overdue
  ) JOIN in_installations i USING (inst)
  GROUP BY i.point, slot
),
-- A slot is told when its end has been reached, or when no meter was there at its end.
told_slots AS (
  SELECT s.* FROM summed_slots s
  WHERE closes OR due OR (slot * 900000 + 900000 <= $now AND NOT EXISTS (
    SELECT 1 FROM in_installations i
    WHERE i.point = s.point AND i.starts < s.slot * 900000 + 900000 AND i.ends >= s.slot * 900000 + 900000))
),
intervals AS (
  SELECT 'interval' AS kind, point, slot, local_day, local_slot,
    CASE WHEN rank < 3 THEN quantity::BIGINT END AS quantity,
    CASE WHEN rank < 3 THEN reverse_quantity::BIGINT END AS reverse_quantity,
    CASE rank WHEN 0 THEN 'measured' WHEN 1 THEN 'estimated:linear' WHEN 2 THEN 'estimated:new-base'
      ELSE 'missing' END AS quality,
    CASE WHEN rank < 3 THEN (bridge // 1000)::INTEGER END AS gap_s
  FROM told_slots JOIN in_slots USING (slot)
),
verdicts AS (
  SELECT 'verdict' AS kind, inst, t0 AS at_ms, r0 AS register, p_t AS previous_ms, p_r AS previous_register, 'spike' AS rule,
    false AS breaks
  FROM sorted_blocks WHERE is_spike
  UNION ALL
  SELECT CASE step_kind WHEN 'break' THEN 'verdict' ELSE 'rollover' END, inst, t0, r0, p_t, p_r,
    CASE WHEN step_kind = 'rollover' THEN 'rollover'
      WHEN d > 0 THEN 'spike'
      WHEN r0 <= p_r * 0.1 AND r0::DOUBLE * multiplier
        <= rated::DOUBLE * 1.2 * greatest(t0 - p_t, 86400000) / 3600000 THEN 'reset'
      WHEN (-d)::DOUBLE * multiplier <= rated::DOUBLE * 1.2 * 24 THEN 'reversal'
      ELSE 'replacement' END, step_kind = 'break'
  FROM steps WHERE step_kind IN ('break', 'rollover')
),
reaches AS (
  SELECT 'reach' AS kind, inst, min(t0) AS first_at, max(t1) AS last_at,
    count(DISTINCT slot) FILTER (t0 < $from) AS slots_before,
    count(DISTINCT slot) FILTER (t0 >= $until) AS slots_after
  FROM steps_of_all GROUP BY inst
)
FROM intervals UNION ALL BY NAME FROM verdicts UNION ALL BY NAME FROM reaches

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
--   opened (of ingest/interval-blocks.ts), walked (of interval-walk.sql)
--   plain_intervals: point, slot, quantity, reverse_quantity, estimated, gap_s; plain_reaches: inst, first_at, last_at,
--     slots_before, slots_after (of ingest/interval-plain.ts: of installations that nobody doubts)
--   blocks: of all other installations
-- Parameters: $now; $from, $until: what is wanted, with samples fetched on both sides of it.
-- Columns, by `kind`:
--   interval  point, slot, local_day, local_slot, quantity, reverse_quantity (base units, primary; NULL when missing),
--             quality, gap_s (longest bridge between two samples at its boundaries)
--   verdict   inst, rule, breaks (holds back all that follows), at_ms, register, previous_ms, previous_register
--             (as read): to be decided by a person
--   rollover  the same: the register began again at 0 and was billed on
--   reach     inst, first_at, last_at, slots_before ($from), slots_after ($until): how far the chain reaches
-- How: interval-rules.sql says what a register may do; ingest/interval-blocks.ts finds, in one pass, the first and last
--   reading of each slot and the slots that may hide something; interval-walk.sql walks those reading by reading; here a
--   boundary's register is put on the line between the readings at both sides, and differenced. What
--   ingest/interval-plain.ts has put and differenced in the same way is only told.
WITH
-- q is the billed register, w the reverse one, in primary base units.
steps_of_all AS (
  SELECT inst, slot, p_t, t0, t1, p_q, q0, q1, p_w, w0, w1,
    CASE WHEN held THEN 3 WHEN step_kind = 'wall' THEN 2 ELSE 0 END AS rank
  FROM walked WHERE step_kind <> 'spike'
  UNION ALL
  -- Where nothing is doubted, the register itself is what was billed.
  SELECT inst, slot, p_t, t0, t1, p_r::HUGEINT * multiplier, r0::HUGEINT * multiplier, r1::HUGEINT * multiplier,
    coalesce(p_v, v0, 0)::HUGEINT * multiplier, coalesce(v0, p_v, 0)::HUGEINT * multiplier,
    coalesce(v1, v0, p_v, 0)::HUGEINT * multiplier, 0
  FROM blocks b JOIN in_installations i USING (inst) ANTI JOIN (FROM opened UNION ALL SELECT inst, 0 FROM in_openers) w
    USING (inst)
),
chain_ends AS (
  SELECT inst, min(t0) AS first_t, arg_min(q0, t0) AS first_q, arg_min(w0, t0) AS first_w,
    max(t1) AS last_t, arg_max(q1, t1) AS last_q, arg_max(w1, t1) AS last_w
  FROM steps_of_all GROUP BY inst
),
bridges AS (
  SELECT inst, p_t, t0, p_q, q0, p_w, w0, unnest(range(p_t // 900000 + 1, t0 // 900000 + 1)) AS slot,
    coalesce(greatest(a.ms, b.ms), 0) AS cadence
  FROM steps_of_all s JOIN in_installations i USING (inst)
    LEFT JOIN in_cadences a ON a.meter = i.meter AND s.p_t >= a.starts AND s.p_t < a.ends
    LEFT JOIN in_cadences b ON b.meter = i.meter AND s.t0 >= b.starts AND s.t0 < b.ends
  WHERE t0 // 900000 > p_t // 900000
),
-- Half up in integers: p + floor((2·Δ·dt + T) / 2T).
edges AS (
  SELECT inst, slot * 900000 AS x,
    p_q + (2 * (q0 - p_q) * (slot * 900000 - p_t) + (t0 - p_t)) // (2 * (t0 - p_t)) AS q,
    -- Dividing wide integers is slow, and most meters never run backwards.
    CASE WHEN w0 = p_w THEN w0
      ELSE p_w + (2 * (w0 - p_w) * (slot * 900000 - p_t) + (t0 - p_t)) // (2 * (t0 - p_t)) END AS w,
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
  SELECT inst, unnest(range(p_t // 900000, (n_t - 1) // 900000 + 1)), 3, false FROM walked WHERE step_kind = 'spike'
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
  FROM in_installations i
    LEFT JOIN (SELECT inst, last_t FROM chain_ends UNION ALL SELECT inst, last_at FROM plain_reaches) e USING (inst)
    LEFT JOIN in_cadences c ON c.meter = i.meter
      AND coalesce(e.last_t, i.starts) >= c.starts AND coalesce(e.last_t, i.starts) < c.ends
  WHERE i.final AND i.ends > $now AND (e.inst IS NOT NULL OR (i.follows AND i.whole))
),
-- Most slots are one whole piece of one meter; the others are put together.
placed_pieces AS (
  SELECT i.point, p.slot, p.quantity, p.reverse_quantity, p.estimated::INTEGER AS rank, p.bridge, nx - x = 900000 AS is_whole,
    -- A piece that does not end on a boundary ends with the last word of a meter that has left.
    nx % 900000 = 0 OR i.ends >= p.slot * 900000 + 900000 AS closes
  FROM pieces p JOIN in_installations i USING (inst) WHERE nx > x
),
mended AS (
  SELECT i.point, slot, rank, due FROM (
    FROM marked UNION ALL SELECT inst, slot, 3, true FROM overdue
  ) JOIN in_installations i USING (inst)
),
mixed_slots AS (
  SELECT point, slot FROM placed_pieces WHERE NOT is_whole UNION SELECT point, slot FROM mended
),
summed_slots AS (
  SELECT point, slot, sum(quantity) AS quantity, sum(reverse_quantity) AS reverse_quantity, max(rank) AS rank,
    max(bridge) AS bridge, bool_or(closes) AS closes, bool_or(due) AS due
  FROM (
    SELECT point, slot, quantity, reverse_quantity, rank, bridge, closes, false AS due
    FROM placed_pieces SEMI JOIN mixed_slots USING (point, slot)
    UNION ALL SELECT point, slot, NULL, NULL, rank, NULL, false, due FROM mended
  )
  GROUP BY point, slot
),
-- A mixed slot is told when its end has been reached, or when no meter was there at its end.
told_slots AS (
  SELECT point, slot, quantity, reverse_quantity, rank, bridge
  FROM placed_pieces ANTI JOIN mixed_slots USING (point, slot)
  UNION ALL
  SELECT point, slot, quantity, reverse_quantity, rank, bridge FROM summed_slots s
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
  UNION ALL
  SELECT 'interval', point, slot, local_day, local_slot, quantity, reverse_quantity,
    CASE estimated WHEN 0 THEN 'measured' ELSE 'estimated:linear' END, gap_s::INTEGER
  FROM plain_intervals JOIN in_slots USING (slot)
),
verdicts AS (
  SELECT CASE step_kind WHEN 'rollover' THEN 'rollover' ELSE 'verdict' END AS kind, inst, t0 AS at_ms, r0 AS register,
    p_t AS previous_ms, p_r AS previous_register, step_kind = 'break' AS breaks,
    CASE WHEN step_kind IN ('spike', 'rollover') THEN step_kind
      WHEN r0 > p_r THEN 'spike'
      -- A counter that begins again near zero; one that went back by less than a day's worth; another device.
      WHEN r0 <= p_r * 0.1 AND is_within(r0, greatest(t0 - p_t, 86400000), i) THEN 'reset'
      WHEN is_within(p_r - r0, 86400000, i) THEN 'reversal'
      ELSE 'replacement' END AS rule
  FROM walked JOIN in_installations i USING (inst) WHERE step_kind IN ('spike', 'break', 'rollover')
),
reaches AS (
  SELECT 'reach' AS kind, inst, min(t0) AS first_at, max(t1) AS last_at,
    count(DISTINCT slot) FILTER (t0 < $from) AS slots_before,
    count(DISTINCT slot) FILTER (t0 >= $until) AS slots_after
  FROM steps_of_all GROUP BY inst
  UNION ALL SELECT 'reach', inst, first_at, last_at, slots_before, slots_after FROM plain_reaches
)
FROM intervals UNION ALL BY NAME FROM verdicts UNION ALL BY NAME FROM reaches

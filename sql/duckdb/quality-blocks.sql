-- Question: what did each meter show of volts, amperes, watts and registers in each quarter-hour, as the rules of quality need it?
-- Sources: raw_blocks (a view over QuestDB's export: meter, ts and means or ends of a quarter-hour), in_installations: point,
--   meter, starts, ends (epoch ms), phases, multiplier, rated (base units an hour, primary), step (as read).
-- Columns: point, meter, ms, phases, multiplier, step, register, next_register (as read, at its first reading and at the next
--   quarter-hour's), power_w, power_a_w … open_w (before CT/PT; open_w: while every relay was open), voltage_a_v …,
--   current_a_a …, offset_s (its clock less ours).
SELECT i.point, i.meter, epoch_us(b.ts) // 1000 AS ms, phases, multiplier, step,
  register, lead(register) OVER (PARTITION BY i.point, i.meter ORDER BY b.ts) AS next_register,
  b.* EXCLUDE (ts, meter, register)
FROM raw_blocks b JOIN in_installations i
  ON i.meter = b.meter::BIGINT AND epoch_us(b.ts) // 1000 >= i.starts - 900000 AND epoch_us(b.ts) // 1000 < i.ends

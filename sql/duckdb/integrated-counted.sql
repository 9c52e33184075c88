-- Question: what did the register of each part show where it begins and ends?
-- Sources: parts (of integrated-parts.sql), requests (with their readings).
-- Columns: account, point, meter, multiplier, from_ms, to_ms, of_last (as in parts); opening, closing
-- (register × multiplier, base units; null: no readings on both sides).
-- How: half up in integers on milliseconds, as intervals.sql: p + floor((2·Δ·dt + T) / 2T).
WITH ends AS (
  SELECT part, is_start,
    CASE
      WHEN n_ms = x_ms THEN n_r::HUGEINT * multiplier
      WHEN p_ms IS NOT NULL AND n_ms IS NOT NULL AND n_r >= p_r THEN
        p_r::HUGEINT * multiplier
          + (2 * (n_r - p_r)::HUGEINT * multiplier * (r.x_ms - p_ms) + (n_ms - p_ms))
            // (2 * (n_ms - p_ms))
      WHEN is_edge AND is_start AND n_ms IS NOT NULL THEN n_r::HUGEINT * multiplier
      WHEN is_edge AND NOT is_start AND p_ms IS NOT NULL THEN p_r::HUGEINT * multiplier
    END AS register
  FROM requests r JOIN parts USING (part)
)
SELECT p.account, p.point, p.meter, p.multiplier, p.from_ms, p.to_ms, p.of_last,
  s.register AS opening, e.register AS closing
FROM parts p
JOIN ends s ON s.part = p.part AND s.is_start
JOIN ends e ON e.part = p.part AND NOT e.is_start

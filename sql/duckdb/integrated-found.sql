-- Question: which instants have their readings now?
-- Sources: requests, readings (of integrated-readings.sql). Changes requests: fills in p_ms, p_r, n_ms,
-- n_r and found. Where the meter came one reading after is enough, where it left one before.
UPDATE requests SET
  p_ms = r.p_ms, p_r = r.p_r, n_ms = r.n_ms, n_r = r.n_r,
  found = coalesce(r.n_ms = x_ms, false) OR (r.p_ms IS NOT NULL AND r.n_ms IS NOT NULL)
    OR (is_edge AND requests.is_start AND r.n_ms IS NOT NULL)
    OR (is_edge AND NOT requests.is_start AND r.p_ms IS NOT NULL)
FROM readings r
WHERE requests.part = r.part AND requests.is_start = r.is_start AND NOT requests.found

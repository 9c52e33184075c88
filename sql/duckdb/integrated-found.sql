-- Question: which instants have their readings now?
-- Sources: requests, readings (of integrated-readings.sql). Changes requests: fills in p_ms, p_r, n_ms and
-- n_r where they were not known, and says what is still needed. Where the meter came one reading after
-- is enough, where it left one before, and one at the very instant always.
UPDATE requests SET
  p_ms = coalesce(requests.p_ms, r.p_ms), p_r = coalesce(requests.p_r, r.p_r),
  n_ms = coalesce(requests.n_ms, r.n_ms), n_r = coalesce(requests.n_r, r.n_r),
  needs_before = needs_before AND r.p_ms IS NULL
    AND coalesce(requests.n_ms, r.n_ms) IS DISTINCT FROM x_ms,
  needs_after = needs_after AND r.n_ms IS NULL
FROM readings r
WHERE requests.part = r.part AND requests.is_start = r.is_start

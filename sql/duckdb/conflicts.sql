-- Question: for which instants did a meter say two things?
-- Sources: in_samples, in_installations, in_ignored, as for intervals.sql.
-- Columns: inst, ms, register: each value of such an instant that no person has excluded.
WITH readings AS (
  SELECT inst, s.meter, ms, CASE channel WHEN 0 THEN active WHEN 1 THEN forward ELSE volume END AS register
  FROM in_samples s JOIN in_installations i ON s.meter = i.meter AND s.ms >= i.starts AND s.ms < i.ends
),
believed AS (
  FROM readings ANTI JOIN in_ignored USING (meter, ms, register)
),
doubled AS (
  SELECT inst, ms FROM believed GROUP BY inst, ms HAVING min(register) < max(register)
)
SELECT DISTINCT inst, ms, register FROM believed SEMI JOIN doubled USING (inst, ms)
ORDER BY inst, ms, register

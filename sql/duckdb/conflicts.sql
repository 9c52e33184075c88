-- Question: for which instants did a meter say two things?
-- Sources: readings_of_installations, in_ignored, as for interval-blocks.sql.
-- Columns: inst, ms, register: each value of such an instant that no person has excluded.
WITH believed AS (
  FROM readings_of_installations ANTI JOIN in_ignored USING (meter, ms, register)
),
doubled AS (
  SELECT inst, ms FROM believed GROUP BY inst, ms HAVING min(register) < max(register)
)
SELECT DISTINCT inst, ms, register FROM believed SEMI JOIN doubled USING (inst, ms)
ORDER BY inst, ms, register

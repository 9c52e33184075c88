-- Question: for which instants did a meter say two things?
-- Sources: kept_readings (of ingest/interval-blocks.ts: all of each slot that has such an instant), in_installations, in_ignored.
-- Columns: inst, ms, register: each value of such an instant that no person has excluded.
WITH believed AS (
  FROM (SELECT k.*, meter FROM kept_readings k JOIN in_installations USING (inst))
    ANTI JOIN in_ignored USING (meter, ms, register)
),
doubled AS (
  SELECT inst, ms FROM believed GROUP BY inst, ms HAVING min(register) < max(register)
)
SELECT DISTINCT inst, ms, register FROM believed SEMI JOIN doubled USING (inst, ms)
ORDER BY inst, ms, register

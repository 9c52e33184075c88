-- Question: where is what was found about intervals that became known only after an instant?
-- Makes known_changes (quarter-hours of which the current version came later: point, ts, local_day,
-- version) and known_before (what stood in their place: the columns of the warehouse's intervals).
CREATE OR REPLACE TEMP TABLE known_changes (point BIGINT, ts TIMESTAMP, local_day DATE, version INTEGER);
CREATE OR REPLACE TEMP TABLE known_before (point BIGINT, ts TIMESTAMP, local_day DATE,
  local_slot SMALLINT, quantity BIGINT, reverse_quantity BIGINT, quality VARCHAR, gap_s INTEGER,
  version INTEGER, known_at TIMESTAMP)

-- Question: of which quarter-hours have people or earlier builds spoken?
-- Sources: in_installations, in_ignored, in_openers, in_spikes, as in intervals.sql.
-- Columns: inst, slot: to be read reading by reading.
SELECT inst, slot::DOUBLE AS slot FROM (
  SELECT i.inst, ms // 900000 AS slot FROM in_ignored g JOIN in_installations i
    ON g.meter = i.meter AND g.ms >= i.starts AND g.ms < i.ends
  UNION SELECT inst, ms // 900000 FROM in_openers
  UNION SELECT inst, ms // 900000 FROM in_spikes
)

-- What the interval statements share: which readings count for which installation, and what a register may do between
-- two of them. Sources: in_samples, in_installations, as in intervals.sql.
-- Nothing may flow faster than 1.2 times the rating; a step of the register is forgiven, and so is the time between
-- two readings that came within the same minute. Registers as read, before CT/PT; rated per hour, primary.
CREATE OR REPLACE TEMP MACRO is_within(delta, ms, i) AS
  delta::DOUBLE * i.multiplier <= i.rated::DOUBLE * 1.2 * greatest(ms, 60000) / 3600000 + i.step * i.multiplier;
CREATE OR REPLACE TEMP MACRO is_flow(before, after, ms, i) AS
  after >= before AND is_within(after - before, ms, i);
CREATE OR REPLACE TEMP MACRO is_rollover(before, after, ms, i) AS
  after < before AND before::DOUBLE >= i.span::DOUBLE * 0.99 AND is_within(after - before + i.span, ms, i);
-- The billing register of each reading while its meter stood at a point; a register noted at the start replaces a reading.
CREATE OR REPLACE TEMP VIEW readings_of_installations AS
SELECT * FROM (
  SELECT inst, s.meter, ms, reverse, CASE channel WHEN 0 THEN active WHEN 1 THEN forward ELSE volume END AS register
  FROM in_samples s JOIN in_installations i
    ON s.meter = i.meter AND s.ms >= i.starts AND s.ms < i.ends
      AND (i.first_register IS NULL OR s.ms > i.starts)
) WHERE register BETWEEN 0 AND 8796093022207;

-- Question: whose readings count from when until when, and how much may flow between two of them?
-- Sources: in_installations, as in intervals.sql. Parameters: $now.
-- Columns: inst, point, meter, channel, starts, ends, counts_from (the first instant whose reading counts: a register noted at the
--   start replaces a reading), opens_with, closes_with (registers noted, where the samples reach so far), multiplier,
--   bearable (1.2 times the rating), step (primary), all as is_within of interval-rules.sql takes them; is_plain: the only
--   installation of its point, it neither comes nor goes in these samples and nobody has spoken of where it counts from.
SELECT inst, point::DOUBLE AS point, meter::DOUBLE AS meter, channel, starts::DOUBLE AS starts, ends::DOUBLE AS ends,
  (starts + (first_register IS NOT NULL)::BIGINT)::DOUBLE AS counts_from,
  CASE WHEN whole THEN first_register::DOUBLE END AS opens_with,
  CASE WHEN ends <= $now AND final THEN last_register::DOUBLE END AS closes_with,
  multiplier::DOUBLE AS multiplier, rated::DOUBLE * 1.2 AS bearable, (step * multiplier)::DOUBLE AS step,
  NOT whole AND NOT (final AND ends <= $now) AND count(*) OVER (PARTITION BY point) = 1
    AND inst NOT IN (SELECT inst FROM in_openers) AS is_plain
FROM in_installations

-- Question: which samples are there, as numbers that a program reads without looking at each one?
-- Sources: in_samples, as in intervals.sql.
-- Columns: ms, meter, active, forward, volume (-1: none), reverse (NaN: none). Integers, exact as DOUBLE below 2^53.
-- How: a vector without nulls is read as bytes.
SELECT ms::DOUBLE AS ms, meter::DOUBLE AS meter, coalesce(active, -1)::DOUBLE AS active,
  coalesce(forward, -1)::DOUBLE AS forward, coalesce(volume, -1)::DOUBLE AS volume,
  coalesce(reverse::DOUBLE, 'nan'::DOUBLE) AS reverse
FROM in_samples

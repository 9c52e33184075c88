-- Question: which meters say another ratio than the installation has?
-- Sources: said_ratios (of QuestDB: meter, ts of the first reading with it, ct, pt), in_installations: ct, pt.
-- Columns: point, meter, at_ms, said_ct, said_pt, ct, pt.
SELECT i.point, i.meter, greatest(epoch_us(min(r.ts)) // 1000, any_value(i.starts)) AS at_ms, r.ct AS said_ct, r.pt AS said_pt,
  any_value(i.ct) AS ct, any_value(i.pt) AS pt
FROM said_ratios r JOIN in_installations i ON i.meter = r.meter::BIGINT
  AND epoch_us(r.ts) // 1000 >= i.starts AND epoch_us(r.ts) // 1000 < i.ends
WHERE r.ct > 0 AND r.pt > 0 AND (r.ct, r.pt) <> (i.ct, i.pt)
GROUP BY i.point, i.meter, r.ct, r.pt

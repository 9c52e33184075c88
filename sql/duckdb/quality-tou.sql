-- Question: whose tariff registers do not sum to the total?
-- Sources: day_registers (of QuestDB: meter, total, tariffs: what each grew by in the day, as read), in_installations.
-- Parameters: share, from_ms, to_ms (of the day).
-- Columns: point, meter, from_ms, to_ms, energy (the difference), detail.
SELECT i.point, i.meter, greatest($from_ms::BIGINT, i.starts) AS from_ms, least($to_ms::BIGINT, i.ends) AS to_ms,
  abs(total - tariffs) * multiplier AS energy, {'total': total * multiplier, 'tariffs': tariffs * multiplier} AS detail
FROM day_registers d JOIN in_installations i ON i.meter = d.meter AND i.starts < $to_ms::BIGINT AND i.ends > $from_ms::BIGINT
WHERE tariffs > 0 AND abs(total - tariffs) > greatest($share::DOUBLE * total, 6 * step)

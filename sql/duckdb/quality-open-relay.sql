-- Question: where does power flow although the relays are open?
-- Sources: blocks. Parameters: least_w. Columns: point, meter, from_ms, to_ms, energy, detail.
SELECT point, meter, min(ms) AS from_ms, max(ms) + 900000 AS to_ms, round(sum(open_w * multiplier / 4))::BIGINT AS energy,
  {'powerW': round(avg(open_w))} AS detail
FROM blocks WHERE open_w > $least_w::DOUBLE GROUP BY point, meter

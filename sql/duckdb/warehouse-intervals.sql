-- Question: the intervals of one project and local day, as the warehouse keeps them.
-- Parameters: source (VARCHAR, QuestDB's Parquet export of that day), target (VARCHAR, file to write).
-- Columns: point; ts (start, UTC); local_day and local_slot in the project's zone; quantity and
-- reverse_quantity (Wh or litres, null where missing); quality; gap_s (seconds); version; known_at.
COPY (
  SELECT
    CAST(point AS BIGINT) AS point,
    ts,
    make_date(local_day // 10000, local_day // 100 % 100, local_day % 100) AS local_day,
    CAST(local_slot AS SMALLINT) AS local_slot,
    CASE WHEN quality <> 'missing' THEN quantity END AS quantity,
    CASE WHEN quality <> 'missing' THEN reverse_quantity END AS reverse_quantity,
    quality,
    gap_s,
    version,
    known_at
  FROM read_parquet($source::VARCHAR)
  ORDER BY point, ts
) TO $target (FORMAT parquet, COMPRESSION zstd)

-- Question: which meter was installed at each point of one project and when, and how it is read.
-- Parameters: source (VARCHAR, CSV of Postgres COPY), target (VARCHAR, file to write).
-- Columns: point, meter; from_quarter and to_quarter (half-open, whole quarter-hours since 1970 in
-- which it was installed throughout; an open end is far in the future); from_at and to_at (the exact
-- instants, UTC; to_at null: it still stands); basis (primary: the register counts primary energy,
-- secondary: times CT and PT), ct, pt; register_channel (by which the model is billed: active_wh,
-- forward_wh or volume_l; null for a model that is not known); first_register and last_register (of
-- that channel when it came and left, as samples store it, before CT/PT; null: not noted).
COPY (
  SELECT *
  FROM read_csv($source::VARCHAR, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false, columns = {
      point: 'BIGINT', meter: 'BIGINT', from_quarter: 'BIGINT', to_quarter: 'BIGINT',
      from_at: 'TIMESTAMP', to_at: 'TIMESTAMP', basis: 'VARCHAR', ct: 'INTEGER', pt: 'INTEGER',
      register_channel: 'VARCHAR', first_register: 'BIGINT', last_register: 'BIGINT'
    })
  ORDER BY point, from_quarter
) TO $target (FORMAT parquet, COMPRESSION zstd)

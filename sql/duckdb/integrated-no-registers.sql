-- Question: what did the registers count, where it is not known what they showed?
-- Makes registers without a row, with the columns of integrated-registers.sql.
CREATE OR REPLACE TEMP TABLE registers (account BIGINT, point BIGINT, opening BIGINT, closing BIGINT,
  difference BIGINT, replaced BIGINT, is_known BOOLEAN, rolled_low HUGEINT, rolled_high HUGEINT,
  is_rebased BOOLEAN)

-- What the interval statements share: what a register may do between two readings; `i` is a row of in_installations.
-- ingest/interval-blocks.ts holds the same first two rules, in the same floating-point steps.
-- Nothing may flow faster than 1.2 times the rating; a step of the register is forgiven, and so is the time between
-- two readings that came within the same minute. Registers as read, before CT/PT; rated per hour, primary.
CREATE OR REPLACE TEMP MACRO is_within(delta, ms, i) AS
  delta::DOUBLE * i.multiplier <= i.rated::DOUBLE * 1.2 * greatest(ms, 60000) / 3600000 + i.step * i.multiplier;
CREATE OR REPLACE TEMP MACRO is_flow(before, after, ms, i) AS
  after >= before AND is_within(after - before, ms, i);
CREATE OR REPLACE TEMP MACRO is_rollover(before, after, ms, i) AS
  after < before AND before::DOUBLE >= i.span::DOUBLE * 0.99 AND is_within(after - before + i.span, ms, i);

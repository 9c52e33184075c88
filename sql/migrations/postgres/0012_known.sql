-- Why: what the ledger knew at a position of its journal, for who asks in SQL: the charges in force, the
-- corrections and the balances, of postings sealed at or before it. What was committed and is not sealed comes
-- after every position. They run with the rights of who calls them, as the views do.
-- Checked by test/billing/known.test.ts.
CREATE FUNCTION sealed_position(project bigint, known_at_position bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM seals s
    WHERE s.project_id = project AND s.position = known_at_position) THEN
    RAISE EXCEPTION 'position % of project % is not sealed', known_at_position, project
      USING ERRCODE = 'no_data_found';
  END IF;
  RETURN known_at_position;
END $$;
--> statement-breakpoint
-- The lines of the newest revision of each header that was known; quantities, prices and amounts as in charges.
CREATE FUNCTION charges_as_known_at(project bigint, known_at_position bigint)
RETURNS TABLE (settlement_id bigint, account_id bigint, scope_id bigint, service_day date,
  revision integer, transaction_id bigint, journal_position bigint, component text,
  tariff_version_id bigint, period_rank smallint, step smallint, kind text, unit text,
  quantity_units bigint, price_major numeric, exact_major numeric, tax_code text, tax_rate numeric,
  tax_exact_major numeric, treatment text)
LANGUAGE sql STABLE AS $$
  SELECT s.id, s.account_id, s.scope_id, s.local_day, s.revision, s.transaction_id, z.position,
    c.component, c.tariff_version_id, c.period, c.step, c.kind, c.unit, c.quantity, c.price, c.exact,
    c.tax_code, c.tax_rate, c.tax_exact, c.treatment
  FROM settlements s
  JOIN seals z ON z.project_id = s.project_id AND z.transaction_id = s.transaction_id
    AND z.position <= (SELECT sealed_position(project, known_at_position))
  JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
  WHERE s.project_id = project AND NOT EXISTS (
    SELECT FROM settlements n
    JOIN seals y ON y.project_id = n.project_id AND y.transaction_id = n.transaction_id
      AND y.position <= known_at_position
    WHERE n.project_id = s.project_id AND n.supersedes = s.id)
$$;
--> statement-breakpoint
-- Rows of charge_corrections that had been posted.
CREATE FUNCTION corrections_as_known_at(project bigint, known_at_position bigint)
RETURNS SETOF charge_corrections
LANGUAGE sql STABLE AS $$
  SELECT c.* FROM charge_corrections c
  JOIN seals z ON z.project_id = c.project_id AND z.transaction_id = c.transaction_id
    AND z.position <= (SELECT sealed_position(project, known_at_position))
  WHERE c.project_id = project
$$;
--> statement-breakpoint
-- Every ledger account with its balance in minor units, debit positive: what a customer has is minus his wallet's.
CREATE FUNCTION balances_as_known_at(project bigint, known_at_position bigint)
RETURNS TABLE (ledger_account_id bigint, code text, detail text, account_id bigint,
  currency character, entries bigint, balance_minor numeric)
LANGUAGE sql STABLE AS $$
  SELECT l.id, l.code, l.detail, l.account_id, l.currency, count(*), sum(e.amount)
  FROM ledger_accounts l
  JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
  JOIN seals z ON z.project_id = e.project_id AND z.transaction_id = e.transaction_id
    AND z.position <= (SELECT sealed_position(project, known_at_position))
  WHERE l.project_id = project
  GROUP BY l.id, l.code, l.detail, l.account_id, l.currency
$$;

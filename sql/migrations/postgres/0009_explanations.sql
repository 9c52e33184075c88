-- Why: every charge beside the settlement, the tariff version and the posting that it comes from, for who asks
-- in SQL; down to quarter-hours and readings goes GET /settlements/{id}/explain.
-- Checked by test/billing/explain.test.ts.
CREATE VIEW charge_explanations WITH (security_invoker = true) AS
SELECT c.project_id, c.settlement_id, s.account_id, a.number AS account_number, s.scope_id,
  CASE WHEN s.scope_id <> s.account_id THEN s.scope_id END AS point_id, p.code AS point_code, p.commodity,
  s.local_day AS service_day, s.revision, s.supersedes,
  n.id AS superseded_by, t.accounting_date, t.kind AS transaction_kind, s.transaction_id, t.cause, s.run_id,
  r.cause AS run_cause, r.trace_id, s.position AS journal_position, s.intervals_known_at,
  s.created_at AS settled_at, s.slots AS quarter_hours, s.estimated_slots AS estimated_quarter_hours,
  s.missing_slots AS missing_quarter_hours, f.id AS tariff_id, f.name AS tariff_name,
  c.tariff_version_id, v.version AS tariff_version, v.effective_from AS tariff_effective_from,
  c.component, c.kind, c.period AS period_rank, c.step, c.unit,
  -- Of the unit: Wh, litres, W or days; the price is per 1,000 of them, per day where they are days.
  c.quantity AS quantity_units,
  CASE WHEN c.unit = 'day' THEN 1 ELSE 1000 END AS price_per_units, c.price AS price_major,
  c.exact AS exact_major, c.tax_code, c.tax_rate, c.tax_exact AS tax_exact_major, c.treatment,
  s.step_quantity_before AS step_used_before_units, s.month_quantity_before AS month_used_before_units,
  s.demand_before AS demand_before_w, s.demand AS demand_w,
  -- Of the key (account, scope, component, version, period, step) in its month, as it stands now.
  date_trunc('month', s.local_day)::date AS billing_month, k.exact AS month_exact_major,
  k.posted_minor AS month_posted_minor, k.tax_minor AS month_tax_minor
FROM charges c
JOIN settlements s ON s.project_id = c.project_id AND s.id = c.settlement_id
JOIN settlement_runs r ON r.project_id = s.project_id AND r.id = s.run_id
JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
JOIN accounts a ON a.project_id = s.project_id AND a.id = s.account_id
JOIN tariff_versions v ON v.project_id = c.project_id AND v.id = c.tariff_version_id
JOIN tariffs f ON f.project_id = v.project_id AND f.id = v.tariff_id
LEFT JOIN points p ON p.project_id = s.project_id AND p.id = s.scope_id
LEFT JOIN settlements n ON n.project_id = s.project_id AND n.supersedes = s.id
LEFT JOIN posted_totals k ON k.project_id = s.project_id AND k.account_id = s.account_id
  AND k.month = date_trunc('month', s.local_day)::date AND k.scope_id = s.scope_id
  AND k.component = c.component AND k.tariff_version_id = c.tariff_version_id
  AND k.period = c.period AND k.step = c.step;

-- Why: what drizzle cannot say. History is added to, never altered; every transaction sums to zero;
-- dated things do not overlap; a closed month takes no postings.
-- Checked by test/sql/kernel.test.ts, which tries each forbidden act as the room's own role.
CREATE EXTENSION IF NOT EXISTS btree_gist;
--> statement-breakpoint
ALTER TABLE installations
  ADD CHECK (valid_to > valid_from), ADD CHECK (ct BETWEEN 1 AND 9999 AND pt BETWEEN 1 AND 9999),
  ADD CONSTRAINT installations_point_overlap EXCLUDE USING gist
    (project_id WITH =, point_id WITH =, tstzrange(valid_from, valid_to) WITH &&),
  ADD CONSTRAINT installations_meter_overlap EXCLUDE USING gist
    (project_id WITH =, meter_id WITH =, tstzrange(valid_from, valid_to) WITH &&);
--> statement-breakpoint
ALTER TABLE tenancies
  ADD CHECK (valid_to > valid_from),
  ADD CONSTRAINT tenancies_point_overlap EXCLUDE USING gist
    (project_id WITH =, point_id WITH =, tstzrange(valid_from, valid_to) WITH &&);
--> statement-breakpoint
ALTER TABLE schedules
  ADD CHECK (valid_to > valid_from), ADD CHECK (seconds BETWEEN 1 AND 86400),
  ADD CONSTRAINT schedules_meter_overlap EXCLUDE USING gist
    (project_id WITH =, meter_id WITH =, tstzrange(valid_from, valid_to) WITH &&);
--> statement-breakpoint
ALTER TABLE tariff_assignments
  ADD CHECK (valid_to > valid_from), ADD CHECK (point_id IS NULL OR account_id IS NULL),
  ADD CONSTRAINT tariff_assignments_overlap EXCLUDE USING gist
    (project_id WITH =, commodity WITH =, (coalesce(point_id, 0)) WITH =,
     (coalesce(account_id, 0)) WITH =, daterange(valid_from, valid_to) WITH &&);
--> statement-breakpoint
ALTER TABLE buses ADD CHECK (port BETWEEN 1 AND 65535);
--> statement-breakpoint
ALTER TABLE meters ADD CHECK (unit BETWEEN 1 AND 247);
--> statement-breakpoint
CREATE UNIQUE INDEX meters_bus_unit ON meters (project_id, bus_id, unit) WHERE retired_at IS NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX alarms_open ON alarms (project_id, kind, subject_kind, subject_id)
  WHERE cleared_at IS NULL;
--> statement-breakpoint
ALTER TABLE sales ADD CHECK (amount_minor > 0);
--> statement-breakpoint
ALTER TABLE grants ADD CHECK (group_id IS NULL OR project_id IS NULL);
--> statement-breakpoint
ALTER TABLE billing_months ADD CHECK (extract(day FROM month) = 1);
--> statement-breakpoint
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: history is added to, never altered', TG_OP, TG_TABLE_NAME
    USING ERRCODE = '23001', CONSTRAINT = 'append_only';
END $$;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['transactions', 'entries', 'seals', 'settlements', 'charges', 'sales',
    'settlement_runs', 'tariff_versions', 'audit', 'events', 'dirty_days', 'dirty_days_done',
    'quarantines', 'quarantine_decisions']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- All legs of a transaction come in one statement and sum to zero per currency. A statement trigger
-- with a transition table costs half of a deferred row trigger and catches a late leg too.
CREATE FUNCTION balance_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE off record;
BEGIN
  SELECT transaction_id, currency, sum(amount) AS amount INTO off FROM fresh
    GROUP BY project_id, transaction_id, currency HAVING sum(amount) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transaction % is off balance by % %', off.transaction_id, off.amount, off.currency
      USING ERRCODE = '23514', CONSTRAINT = 'entries_balanced';
  END IF;
  SELECT e.transaction_id INTO off
    FROM (SELECT project_id, transaction_id, count(*) AS legs FROM fresh GROUP BY 1, 2) f
    JOIN entries e ON e.project_id = f.project_id AND e.transaction_id = f.transaction_id
    GROUP BY e.project_id, e.transaction_id, f.legs HAVING count(*) <> f.legs LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transaction % is posted already: a leg cannot be added', off.transaction_id
      USING ERRCODE = '23514', CONSTRAINT = 'entries_complete';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER entries_balanced AFTER INSERT ON entries REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION balance_entries();
--> statement-breakpoint
CREATE FUNCTION refuse_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE late record;
BEGIN
  SELECT f.id, m.month, m.state INTO late FROM fresh f
    JOIN billing_months m ON m.project_id = f.project_id
      AND m.month = date_trunc('month', f.accounting_date)::date
    WHERE m.state = 'closed'
      OR (m.state = 'soft-closed' AND f.kind NOT IN ('settlement', 'correction')) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'month % is %: transaction % needs an open accounting date',
      to_char(late.month, 'YYYY-MM'), late.state, late.id
      USING ERRCODE = '23514', CONSTRAINT = 'month_open';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER month_open AFTER INSERT ON transactions REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_month();
--> statement-breakpoint
-- Whoever keeps devices in memory listens to this channel; it speaks at commit, never before.
CREATE FUNCTION tell_devices_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('wattledger_devices', TG_TABLE_NAME);
  RETURN NULL;
END $$;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['projects', 'gateways', 'buses', 'meters', 'schedules', 'points',
    'installations']
  LOOP
    EXECUTE format('CREATE TRIGGER devices_changed AFTER INSERT OR UPDATE OR DELETE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed()', name);
  END LOOP;
END $$;

-- Why: of what Postgres does for a settled day of 100,000 points, row triggers asked 300,000 times whether
-- the account, the project, or what is superseded or reversed is there. As in 0003 it is asked once a
-- statement. Accounts and projects take UPDATE, so what keeps them there is new: they are never deleted
-- and their ids never change, not even by their owner. A reference that is null names nothing.
-- Checked by test/sql/kernel.test.ts, which tries each reference as the room's own role.
ALTER TABLE "transactions" DROP CONSTRAINT "transactions_project_id_projects_id_fk";
--> statement-breakpoint
ALTER TABLE "transactions" DROP CONSTRAINT "transactions_project_id_account_id_accounts_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "transactions" DROP CONSTRAINT "transactions_project_id_reverses_transactions_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "account_months" DROP CONSTRAINT "account_months_project_id_account_id_accounts_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "live_balances" DROP CONSTRAINT "live_balances_project_id_account_id_accounts_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "settlements" DROP CONSTRAINT "settlements_project_id_account_id_accounts_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "settlements" DROP CONSTRAINT "settlements_project_id_supersedes_settlements_project_id_id_fk";
--> statement-breakpoint
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['accounts', 'projects'] LOOP
    EXECUTE format('CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
  CREATE TRIGGER id_kept BEFORE UPDATE OF project_id, id ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER id_kept BEFORE UPDATE OF id ON projects
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  FOREACH name IN ARRAY ARRAY['account_months', 'live_balances'] LOOP
    EXECUTE format('CREATE TRIGGER account_kept BEFORE UPDATE OF project_id, account_id ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- Arguments: column and parent table, by turns. Parents are keyed by (project_id, id), projects by id.
CREATE OR REPLACE FUNCTION hold_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  n int := 0;
  lost bigint;
BEGIN
  WHILE n < TG_NARGS LOOP
    EXECUTE format('SELECT f.child FROM (SELECT DISTINCT project_id, %1$I AS child FROM fresh
        WHERE %1$I IS NOT NULL) f
      WHERE NOT EXISTS (SELECT FROM %2$I p WHERE p.id = f.child %3$s) LIMIT 1',
      TG_ARGV[n], TG_ARGV[n + 1],
      CASE TG_ARGV[n + 1] WHEN 'projects' THEN '' ELSE 'AND p.project_id = f.project_id' END)
      INTO lost;
    IF lost IS NOT NULL THEN
      RAISE EXCEPTION '% names %, which is not in % of its project', TG_TABLE_NAME, lost, TG_ARGV[n + 1]
        USING ERRCODE = '23503', CONSTRAINT = TG_TABLE_NAME || '_' || TG_ARGV[n];
    END IF;
    n := n + 2;
  END LOOP;
  RETURN NULL;
END $$;
--> statement-breakpoint
DROP TRIGGER references_held ON settlements;
--> statement-breakpoint
CREATE TRIGGER references_held AFTER INSERT ON settlements REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION hold_references(
    'run_id', 'settlement_runs', 'transaction_id', 'transactions', 'account_id', 'accounts',
    'supersedes', 'settlements');
--> statement-breakpoint
CREATE TRIGGER references_held AFTER INSERT ON transactions REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION hold_references(
    'project_id', 'projects', 'account_id', 'accounts', 'reverses', 'transactions');
--> statement-breakpoint
CREATE TRIGGER references_held AFTER INSERT ON account_months REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION hold_references('account_id', 'accounts');
--> statement-breakpoint
CREATE TRIGGER references_held AFTER INSERT ON live_balances REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION hold_references('account_id', 'accounts');

-- Why: settling a day of 100,000 points spent more than half of Postgres' time in row triggers of foreign
-- keys (test/bench/README.md): a look-up for each of a million rows, most of them for the same few parents.
-- The same is asked here once a statement, set-based, as the balance of transactions is. It is as strong:
-- the parents take no UPDATE, DELETE or TRUNCATE (append_only), so what was there at INSERT stays there;
-- ledger_accounts joins them. The statements are planned each time: one planned for a settlement's
-- half million rows would read a whole table for a sale's two.
-- Checked by test/sql/kernel.test.ts, which tries each reference as the room's own role.
ALTER TABLE "entries" DROP CONSTRAINT "entries_project_id_transaction_id_transactions_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "entries" DROP CONSTRAINT "entries_project_id_ledger_account_id_ledger_accounts_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "charges" DROP CONSTRAINT "charges_project_id_settlement_id_settlements_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "charges" DROP CONSTRAINT "charges_project_id_tariff_version_id_tariff_versions_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "settlements" DROP CONSTRAINT "settlements_project_id_run_id_settlement_runs_project_id_id_fk";
--> statement-breakpoint
ALTER TABLE "settlements" DROP CONSTRAINT "settlements_project_id_transaction_id_transactions_project_id_id_fk";
--> statement-breakpoint
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_accounts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Arguments: column and parent table, by turns. Parents are keyed by (project_id, id).
CREATE FUNCTION hold_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  n int := 0;
  lost bigint;
BEGIN
  WHILE n < TG_NARGS LOOP
    EXECUTE format('SELECT f.%1$I FROM (SELECT DISTINCT project_id, %1$I FROM fresh) f
      WHERE NOT EXISTS (SELECT FROM %2$I p WHERE p.project_id = f.project_id AND p.id = f.%1$I) LIMIT 1',
      TG_ARGV[n], TG_ARGV[n + 1]) INTO lost;
    IF lost IS NOT NULL THEN
      RAISE EXCEPTION '% names %, which is not in % of its project', TG_TABLE_NAME, lost, TG_ARGV[n + 1]
        USING ERRCODE = '23503', CONSTRAINT = TG_TABLE_NAME || '_' || TG_ARGV[n];
    END IF;
    n := n + 2;
  END LOOP;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER references_held AFTER INSERT ON charges REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION hold_references(
    'settlement_id', 'settlements', 'tariff_version_id', 'tariff_versions');
--> statement-breakpoint
CREATE TRIGGER references_held AFTER INSERT ON entries REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION hold_references(
    'transaction_id', 'transactions', 'ledger_account_id', 'ledger_accounts');
--> statement-breakpoint
CREATE TRIGGER references_held AFTER INSERT ON settlements REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION hold_references(
    'run_id', 'settlement_runs', 'transaction_id', 'transactions');
--> statement-breakpoint
CREATE OR REPLACE FUNCTION balance_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  off record;
  late bigint;
BEGIN
  SELECT transaction_id, currency, sum(amount) AS amount INTO off FROM fresh
    GROUP BY project_id, transaction_id, currency HAVING sum(amount) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transaction % is off balance by % %', off.transaction_id, off.amount, off.currency
      USING ERRCODE = '23514', CONSTRAINT = 'entries_balanced';
  END IF;
  EXECUTE 'SELECT e.transaction_id
    FROM (SELECT project_id, transaction_id, count(*) AS legs FROM fresh GROUP BY 1, 2) f
    JOIN entries e ON e.project_id = f.project_id AND e.transaction_id = f.transaction_id
    GROUP BY e.project_id, e.transaction_id, f.legs HAVING count(*) <> f.legs LIMIT 1' INTO late;
  IF late IS NOT NULL THEN
    RAISE EXCEPTION 'transaction % is posted already: a leg cannot be added', late
      USING ERRCODE = '23514', CONSTRAINT = 'entries_complete';
  END IF;
  RETURN NULL;
END $$;

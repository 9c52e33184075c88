-- Why: a trial balance at a position summed every entry up to it, more seconds with every month. And a seal
-- covered the number of a ledger account, not what it means: one that was renamed went unseen by the chain.
-- Seals that stand keep version 1 and stay valid; new ones are version 2, and a version never goes back.
-- Checked by test/billing/verify.test.ts and ledger.test.ts.
CREATE TABLE "balance_snapshots" (
	"project_id" bigint NOT NULL,
	"position" bigint NOT NULL,
	"ledger_account_id" bigint NOT NULL,
	"currency" char(3) NOT NULL,
	"entries" bigint NOT NULL,
	"debit" bigint NOT NULL,
	"credit" bigint NOT NULL,
	CONSTRAINT "balance_snapshots_project_id_position_ledger_account_id_pk" PRIMARY KEY("project_id","position","ledger_account_id")
);
--> statement-breakpoint
ALTER TABLE "seals" ADD COLUMN "version" smallint DEFAULT 1 NOT NULL;
--> statement-breakpoint
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON balance_snapshots
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

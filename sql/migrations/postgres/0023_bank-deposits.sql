-- Why: deposits and what is left of closed accounts are paid through the bank, too: their lines are held against them.
-- Checked by test/billing/bank.test.ts.
ALTER TABLE "bank_line_acts" ADD COLUMN "deposit_id" bigint;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD COLUMN "residual_act_id" bigint;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_deposit_id_deposits_project_id_id_fk" FOREIGN KEY ("project_id","deposit_id") REFERENCES "public"."deposits"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_residual_act_id_residual_acts_project_id_id_fk" FOREIGN KEY ("project_id","residual_act_id") REFERENCES "public"."residual_acts"("project_id","id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
CREATE INDEX bank_line_acts_deposit ON bank_line_acts (project_id, deposit_id) WHERE deposit_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX bank_line_acts_residual ON bank_line_acts (project_id, residual_act_id)
  WHERE residual_act_id IS NOT NULL;
--> statement-breakpoint
ALTER TABLE bank_line_acts DROP CONSTRAINT bank_line_acts_check,
  ADD CONSTRAINT bank_line_acts_check CHECK (num_nonnulls(sale_id, refund_id, movement_id, deposit_id,
    residual_act_id, payout_file_id, returned_line_id) <= 1);

-- Why: what the bank and the payment channels say is held against what was sold, refunded and carried there; money that
-- nobody knows is written down as such until it is claimed or returned. Lines and what became of them are only added to.
-- Checked by test/billing/bank.test.ts, and for grants and owners by test/sql/kernel.test.ts.
CREATE TABLE "bank_file_fees" (
	"project_id" bigint NOT NULL,
	"file_id" bigint NOT NULL,
	"local_day" date NOT NULL,
	"fee_minor" bigint NOT NULL,
	"transaction_id" bigint NOT NULL,
	CONSTRAINT "bank_file_fees_project_id_file_id_local_day_pk" PRIMARY KEY("project_id","file_id","local_day")
);
--> statement-breakpoint
CREATE TABLE "bank_files" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"source" text NOT NULL,
	"name" text NOT NULL,
	"sha256" char(64) NOT NULL,
	"template" text NOT NULL,
	"mapping" jsonb NOT NULL,
	"currency" char(3) NOT NULL,
	"lines" integer NOT NULL,
	"duplicates" integer NOT NULL,
	"skipped" integer NOT NULL,
	"from_day" date NOT NULL,
	"to_day" date NOT NULL,
	"amount_minor" bigint NOT NULL,
	"fee_minor" bigint NOT NULL,
	"imported_by_id" text NOT NULL,
	"imported_by" text NOT NULL,
	"imported_at" timestamp with time zone NOT NULL,
	CONSTRAINT "bank_files_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "bank_files_project_id_sha256_unique" UNIQUE("project_id","sha256")
);
--> statement-breakpoint
CREATE TABLE "bank_line_acts" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"line_id" bigint NOT NULL,
	"ordinal" integer NOT NULL,
	"kind" text NOT NULL,
	"rule" text NOT NULL,
	"sale_id" bigint,
	"refund_id" bigint,
	"movement_id" bigint,
	"payout_file_id" bigint,
	"returned_line_id" bigint,
	"reason" text,
	"is_automatic" boolean NOT NULL,
	"acted_by_id" text NOT NULL,
	"acted_by" text NOT NULL,
	"acted_at" timestamp with time zone NOT NULL,
	"transaction_id" bigint,
	CONSTRAINT "bank_line_acts_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "bank_line_acts_project_id_line_id_ordinal_unique" UNIQUE("project_id","line_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "bank_lines" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"file_id" bigint NOT NULL,
	"source" text NOT NULL,
	"row" integer NOT NULL,
	"hash" char(64) NOT NULL,
	"booked_on" date NOT NULL,
	"booked_time" text,
	"amount_minor" bigint NOT NULL,
	"fee_minor" bigint NOT NULL,
	"currency" char(3) NOT NULL,
	"reference" text,
	"order_number" text,
	"payer" text,
	"text" text,
	CONSTRAINT "bank_lines_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "bank_lines_project_id_hash_unique" UNIQUE("project_id","hash")
);
--> statement-breakpoint
ALTER TABLE "sales" ADD COLUMN "reference" text;--> statement-breakpoint
ALTER TABLE "bank_file_fees" ADD CONSTRAINT "bank_file_fees_project_id_file_id_bank_files_project_id_id_fk" FOREIGN KEY ("project_id","file_id") REFERENCES "public"."bank_files"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_file_fees" ADD CONSTRAINT "bank_file_fees_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_files" ADD CONSTRAINT "bank_files_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_line_id_bank_lines_project_id_id_fk" FOREIGN KEY ("project_id","line_id") REFERENCES "public"."bank_lines"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_sale_id_sales_project_id_id_fk" FOREIGN KEY ("project_id","sale_id") REFERENCES "public"."sales"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_refund_id_refunds_project_id_id_fk" FOREIGN KEY ("project_id","refund_id") REFERENCES "public"."refunds"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_movement_id_cash_movements_project_id_id_fk" FOREIGN KEY ("project_id","movement_id") REFERENCES "public"."cash_movements"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_payout_file_id_bank_files_project_id_id_fk" FOREIGN KEY ("project_id","payout_file_id") REFERENCES "public"."bank_files"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_returned_line_id_bank_lines_project_id_id_fk" FOREIGN KEY ("project_id","returned_line_id") REFERENCES "public"."bank_lines"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_line_acts" ADD CONSTRAINT "bank_line_acts_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bank_lines" ADD CONSTRAINT "bank_lines_project_id_file_id_bank_files_project_id_id_fk" FOREIGN KEY ("project_id","file_id") REFERENCES "public"."bank_files"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "bank_line_acts_project_id_sale_id_index" ON "bank_line_acts" USING btree ("project_id","sale_id");--> statement-breakpoint
CREATE INDEX "bank_line_acts_project_id_refund_id_index" ON "bank_line_acts" USING btree ("project_id","refund_id");--> statement-breakpoint
CREATE INDEX "bank_line_acts_project_id_movement_id_index" ON "bank_line_acts" USING btree ("project_id","movement_id");--> statement-breakpoint
CREATE INDEX "bank_lines_project_id_file_id_index" ON "bank_lines" USING btree ("project_id","file_id");--> statement-breakpoint
CREATE INDEX "bank_lines_project_id_booked_on_index" ON "bank_lines" USING btree ("project_id","booked_on");
--> statement-breakpoint
ALTER TABLE bank_files ADD CHECK (lines > 0), ADD CHECK (from_day <= to_day);
--> statement-breakpoint
ALTER TABLE bank_lines ADD CHECK (amount_minor <> 0);
--> statement-breakpoint
ALTER TABLE bank_line_acts ADD CHECK (ordinal > 0),
  ADD CHECK (num_nonnulls(sale_id, refund_id, movement_id, payout_file_id, returned_line_id) <= 1),
  ADD CHECK (kind <> 'claim' OR (sale_id IS NOT NULL AND transaction_id IS NOT NULL));
--> statement-breakpoint
CREATE INDEX sales_reference ON sales (project_id, channel, reference) WHERE reference IS NOT NULL;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['bank_files', 'bank_lines', 'bank_line_acts', 'bank_file_fees']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;

-- Why: cash of a shift is counted, wrong sales are undone and money is given back: each a row that says who, when and why.
-- What is decided stays as it was decided; a cashier has one open shift and a sale is reversed once, whoever asks at once.
-- Checked by test/billing/{shifts,reversals,refunds}.test.ts, and for grants and triggers by test/sql/kernel.test.ts.
CREATE TABLE "cash_movements" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"kind" text NOT NULL,
	"drawer" text,
	"shift_id" bigint,
	"deposit_id" bigint,
	"amount_minor" bigint NOT NULL,
	"currency" char(3) NOT NULL,
	"note" text,
	"moved_by_id" text NOT NULL,
	"moved_by" text NOT NULL,
	"moved_at" timestamp with time zone NOT NULL,
	"transaction_id" bigint NOT NULL,
	CONSTRAINT "cash_movements_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "cash_movements_project_id_deposit_id_unique" UNIQUE("project_id","deposit_id")
);
--> statement-breakpoint
CREATE TABLE "receipt_prints" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"receipt" text NOT NULL,
	"copy" integer NOT NULL,
	"printed_by" text NOT NULL,
	"printed_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "receipt_prints_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "receipt_prints_project_id_receipt_copy_unique" UNIQUE("project_id","receipt","copy")
);
--> statement-breakpoint
CREATE TABLE "refunds" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"transaction_id" bigint NOT NULL,
	"receipt" text NOT NULL,
	"channel" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"currency" char(3) NOT NULL,
	"reason" text NOT NULL,
	"other_channel_reason" text,
	"basis" jsonb NOT NULL,
	"shift_id" bigint,
	"refunded_by_id" text NOT NULL,
	"refunded_by" text NOT NULL,
	"refunded_at" timestamp with time zone NOT NULL,
	CONSTRAINT "refunds_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "refunds_project_id_receipt_unique" UNIQUE("project_id","receipt")
);
--> statement-breakpoint
CREATE TABLE "sale_reversal_decisions" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"reversal_id" bigint NOT NULL,
	"sale_id" bigint NOT NULL,
	"decision" text NOT NULL,
	"reason" text,
	"decided_by_id" text NOT NULL,
	"decided_by" text NOT NULL,
	"decided_at" timestamp with time zone NOT NULL,
	"receipt" text,
	"shift_id" bigint,
	"transaction_id" bigint,
	CONSTRAINT "sale_reversal_decisions_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "sale_reversal_decisions_project_id_reversal_id_unique" UNIQUE("project_id","reversal_id"),
	CONSTRAINT "sale_reversal_decisions_project_id_receipt_unique" UNIQUE("project_id","receipt")
);
--> statement-breakpoint
CREATE TABLE "sale_reversals" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"sale_id" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"reason" text NOT NULL,
	"approval" text,
	"proposed_by_id" text NOT NULL,
	"proposed_by" text NOT NULL,
	"proposed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "sale_reversals_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "shift_counts" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"shift_id" bigint NOT NULL,
	"expected_minor" bigint NOT NULL,
	"counted_minor" bigint NOT NULL,
	"note" text,
	"counted_by_id" text NOT NULL,
	"counted_by" text NOT NULL,
	"counted_at" timestamp with time zone NOT NULL,
	CONSTRAINT "shift_counts_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "shift_decisions" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"count_id" bigint NOT NULL,
	"decision" text NOT NULL,
	"reason" text NOT NULL,
	"decided_by_id" text NOT NULL,
	"decided_by" text NOT NULL,
	"decided_at" timestamp with time zone NOT NULL,
	"transaction_id" bigint,
	CONSTRAINT "shift_decisions_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "shift_decisions_project_id_count_id_unique" UNIQUE("project_id","count_id")
);
--> statement-breakpoint
CREATE TABLE "shifts" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"cashier_id" text NOT NULL,
	"cashier" text NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"float_minor" bigint NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "shifts_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
ALTER TABLE "sales" ADD COLUMN "commodity" text;--> statement-breakpoint
ALTER TABLE "sales" ADD COLUMN "shift_id" bigint;--> statement-breakpoint
ALTER TABLE "cash_movements" ADD CONSTRAINT "cash_movements_project_id_shift_id_shifts_project_id_id_fk" FOREIGN KEY ("project_id","shift_id") REFERENCES "public"."shifts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cash_movements" ADD CONSTRAINT "cash_movements_project_id_deposit_id_cash_movements_project_id_id_fk" FOREIGN KEY ("project_id","deposit_id") REFERENCES "public"."cash_movements"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cash_movements" ADD CONSTRAINT "cash_movements_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "receipt_prints" ADD CONSTRAINT "receipt_prints_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_project_id_shift_id_shifts_project_id_id_fk" FOREIGN KEY ("project_id","shift_id") REFERENCES "public"."shifts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sale_reversal_decisions" ADD CONSTRAINT "sale_reversal_decisions_project_id_reversal_id_sale_reversals_project_id_id_fk" FOREIGN KEY ("project_id","reversal_id") REFERENCES "public"."sale_reversals"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sale_reversal_decisions" ADD CONSTRAINT "sale_reversal_decisions_project_id_sale_id_sales_project_id_id_fk" FOREIGN KEY ("project_id","sale_id") REFERENCES "public"."sales"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sale_reversal_decisions" ADD CONSTRAINT "sale_reversal_decisions_project_id_shift_id_shifts_project_id_id_fk" FOREIGN KEY ("project_id","shift_id") REFERENCES "public"."shifts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sale_reversal_decisions" ADD CONSTRAINT "sale_reversal_decisions_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sale_reversals" ADD CONSTRAINT "sale_reversals_project_id_sale_id_sales_project_id_id_fk" FOREIGN KEY ("project_id","sale_id") REFERENCES "public"."sales"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sale_reversals" ADD CONSTRAINT "sale_reversals_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shift_counts" ADD CONSTRAINT "shift_counts_project_id_shift_id_shifts_project_id_id_fk" FOREIGN KEY ("project_id","shift_id") REFERENCES "public"."shifts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shift_decisions" ADD CONSTRAINT "shift_decisions_project_id_count_id_shift_counts_project_id_id_fk" FOREIGN KEY ("project_id","count_id") REFERENCES "public"."shift_counts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shift_decisions" ADD CONSTRAINT "shift_decisions_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shifts" ADD CONSTRAINT "shifts_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "cash_movements_project_id_moved_at_index" ON "cash_movements" USING btree ("project_id","moved_at");--> statement-breakpoint
CREATE INDEX "refunds_project_id_account_id_index" ON "refunds" USING btree ("project_id","account_id");--> statement-breakpoint
CREATE INDEX "refunds_project_id_refunded_at_index" ON "refunds" USING btree ("project_id","refunded_at");--> statement-breakpoint
CREATE INDEX "sale_reversals_project_id_sale_id_index" ON "sale_reversals" USING btree ("project_id","sale_id");--> statement-breakpoint
CREATE INDEX "sale_reversals_project_id_proposed_at_index" ON "sale_reversals" USING btree ("project_id","proposed_at");--> statement-breakpoint
CREATE INDEX "shift_counts_project_id_shift_id_index" ON "shift_counts" USING btree ("project_id","shift_id");--> statement-breakpoint
CREATE INDEX "shifts_project_id_opened_at_index" ON "shifts" USING btree ("project_id","opened_at");
--> statement-breakpoint
ALTER TABLE sales ADD FOREIGN KEY (project_id, shift_id) REFERENCES shifts (project_id, id);
--> statement-breakpoint
ALTER TABLE shifts ADD CHECK (float_minor >= 0), ADD CHECK (closed_at >= opened_at);
--> statement-breakpoint
ALTER TABLE shift_counts ADD CHECK (counted_minor >= 0);
--> statement-breakpoint
ALTER TABLE cash_movements ADD CHECK (amount_minor > 0),
  ADD CHECK ((kind = 'arrival') = (deposit_id IS NOT NULL)),
  ADD CHECK ((kind IN ('float', 'hand-in', 'hand-back')) = (drawer IS NOT NULL));
--> statement-breakpoint
ALTER TABLE refunds ADD CHECK (amount_minor > 0);
--> statement-breakpoint
ALTER TABLE sale_reversal_decisions
  ADD CHECK ((decision = 'approve') = (transaction_id IS NOT NULL AND receipt IS NOT NULL));
--> statement-breakpoint
CREATE UNIQUE INDEX shifts_open ON shifts (project_id, cashier_id) WHERE closed_at IS NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX sale_reversed_once ON sale_reversal_decisions (project_id, sale_id)
  WHERE decision = 'approve';
--> statement-breakpoint
CREATE INDEX sales_shift ON sales (project_id, shift_id) WHERE shift_id IS NOT NULL;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['shift_counts', 'shift_decisions', 'cash_movements', 'sale_reversals',
    'sale_reversal_decisions', 'refunds', 'receipt_prints']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- A shift is closed once; nothing else of it changes, and none is taken away.
CREATE FUNCTION keep_shifts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed_at IS NULL AND (to_jsonb(NEW) - 'closed_at') = (to_jsonb(OLD) - 'closed_at') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'shift % stays as it is', OLD.id
    USING ERRCODE = '23001', CONSTRAINT = 'append_only';
END $$;
--> statement-breakpoint
CREATE TRIGGER shift_kept BEFORE UPDATE ON shifts FOR EACH ROW EXECUTE FUNCTION keep_shifts();
--> statement-breakpoint
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON shifts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Why: accounts are prepared, opened and closed at the counter, with deposits and contracts; what closed ones are
-- owed or owe is settled later. Checked by test/billing/opening.test.ts and closing.test.ts.
CREATE TABLE "account_closings" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"ended_at" timestamp with time zone NOT NULL,
	"settle" text NOT NULL,
	"channel" text,
	"uses_deposit" boolean NOT NULL,
	"reason" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"requested_by" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"completed_at" timestamp with time zone,
	"balance_minor" bigint,
	"outcome" text,
	"points" jsonb NOT NULL,
	CONSTRAINT "account_closings_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "account_closings_project_id_account_id_unique" UNIQUE("project_id","account_id")
);
--> statement-breakpoint
CREATE TABLE "account_openings" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"state" text DEFAULT 'prepared' NOT NULL,
	"content" jsonb NOT NULL,
	"prepared_by" text NOT NULL,
	"prepared_at" timestamp with time zone NOT NULL,
	"changed_by" text NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"account_id" bigint,
	"result" jsonb,
	CONSTRAINT "account_openings_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "account_openings_project_id_account_id_unique" UNIQUE("project_id","account_id")
);
--> statement-breakpoint
CREATE TABLE "deposits" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"transaction_id" bigint NOT NULL,
	"receipt" text NOT NULL,
	"channel" text,
	"amount_minor" bigint NOT NULL,
	"currency" char(3) NOT NULL,
	"booked_at" timestamp with time zone NOT NULL,
	"booked_by" text NOT NULL,
	"note" text,
	CONSTRAINT "deposits_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "deposits_project_id_receipt_unique" UNIQUE("project_id","receipt")
);
--> statement-breakpoint
CREATE TABLE "residual_acts" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"transaction_id" bigint NOT NULL,
	"receipt" text NOT NULL,
	"channel" text,
	"amount_minor" bigint NOT NULL,
	"currency" char(3) NOT NULL,
	"reason" text NOT NULL,
	"booked_at" timestamp with time zone NOT NULL,
	"booked_by" text NOT NULL,
	CONSTRAINT "residual_acts_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "residual_acts_project_id_receipt_unique" UNIQUE("project_id","receipt")
);
--> statement-breakpoint
CREATE TABLE "supply_contracts" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"number" text NOT NULL,
	"valid_from" date NOT NULL,
	"valid_to" date,
	"notices" jsonb NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "supply_contracts_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "supply_contracts_project_id_number_unique" UNIQUE("project_id","number")
);
--> statement-breakpoint
ALTER TABLE "account_closings" ADD CONSTRAINT "account_closings_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "account_openings" ADD CONSTRAINT "account_openings_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "account_openings" ADD CONSTRAINT "account_openings_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deposits" ADD CONSTRAINT "deposits_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deposits" ADD CONSTRAINT "deposits_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "residual_acts" ADD CONSTRAINT "residual_acts_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "residual_acts" ADD CONSTRAINT "residual_acts_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supply_contracts" ADD CONSTRAINT "supply_contracts_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "deposits_project_id_account_id_index" ON "deposits" USING btree ("project_id","account_id");--> statement-breakpoint
CREATE INDEX "residual_acts_project_id_account_id_index" ON "residual_acts" USING btree ("project_id","account_id");--> statement-breakpoint
CREATE INDEX "supply_contracts_project_id_account_id_index" ON "supply_contracts" USING btree ("project_id","account_id");--> statement-breakpoint
ALTER TABLE deposits ADD CHECK (amount_minor > 0), ADD CHECK ((channel IS NULL) = (kind = 'offset'));
--> statement-breakpoint
ALTER TABLE residual_acts ADD CHECK (amount_minor > 0), ADD CHECK ((channel IS NULL) = (kind = 'write-off')),
  ADD CHECK (length(trim(reason)) > 0);
--> statement-breakpoint
ALTER TABLE account_closings ADD CHECK (length(trim(reason)) > 0),
  ADD CHECK ((channel IS NOT NULL) = (settle = 'refund')),
  ADD CHECK ((completed_at IS NOT NULL) = (state = 'complete'));
--> statement-breakpoint
ALTER TABLE supply_contracts ADD CHECK (valid_to IS NULL OR valid_to > valid_from);
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['supply_contracts', 'deposits', 'residual_acts']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;

-- Why: money that a meter holds is the customer's and not the wallet's: each sub-account with what proves its counter, each
-- recharge with its command and postings, each day's comparison of meter and ledger. Who has it is never in two places.
-- Checked by test/billing/meter-mode.test.ts, and for grants and triggers by test/sql/kernel.test.ts.
CREATE TABLE "meter_reconciliations" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"wallet_id" bigint NOT NULL,
	"local_day" date NOT NULL,
	"checked_at" timestamp with time zone NOT NULL,
	"read_at" timestamp with time zone,
	"meter_minor" bigint,
	"meter_counter" integer,
	"ledger_minor" bigint NOT NULL,
	"unsettled_minor" bigint NOT NULL,
	"ledger_counter" integer,
	"difference_minor" bigint,
	"tolerance_minor" bigint NOT NULL,
	"verdict" text NOT NULL,
	"adjusted" text,
	"adjusted_at" timestamp with time zone,
	"adjusted_by" text,
	"reason" text,
	"transaction_id" bigint,
	CONSTRAINT "meter_reconciliations_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "meter_reconciliations_project_id_wallet_id_local_day_unique" UNIQUE("project_id","wallet_id","local_day")
);
--> statement-breakpoint
CREATE TABLE "meter_wallets" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"meter_id" bigint NOT NULL,
	"point_id" bigint NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"counter" integer,
	"counter_at" timestamp with time zone,
	"read_after" timestamp with time zone,
	"began_at" timestamp with time zone,
	"first_day" date,
	"opening_exact" numeric DEFAULT '0' NOT NULL,
	"last_day" date,
	"closing_exact" numeric DEFAULT '0' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "meter_wallets_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "recharges" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"meter_id" bigint NOT NULL,
	"wallet_id" bigint NOT NULL,
	"sale_id" bigint,
	"amount_minor" bigint NOT NULL,
	"currency" char(3) NOT NULL,
	"collected" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"state" text NOT NULL,
	"waits_for" text,
	"counter" integer,
	"command_id" bigint,
	"outcome" text,
	"before_minor" bigint,
	"after_minor" bigint,
	"requested_at" timestamp with time zone NOT NULL,
	"requested_by_id" text NOT NULL,
	"requested_by" text NOT NULL,
	"sent_at" timestamp with time zone,
	"resolved_at" timestamp with time zone,
	"decided_by" text,
	"reason" text,
	"sent_transaction_id" bigint,
	"resolved_transaction_id" bigint,
	CONSTRAINT "recharges_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "recharges_project_id_sale_id_unique" UNIQUE("project_id","sale_id"),
	CONSTRAINT "recharges_project_id_command_id_unique" UNIQUE("project_id","command_id")
);
--> statement-breakpoint
ALTER TABLE "meter_reconciliations" ADD CONSTRAINT "meter_reconciliations_project_id_wallet_id_meter_wallets_project_id_id_fk" FOREIGN KEY ("project_id","wallet_id") REFERENCES "public"."meter_wallets"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "meter_reconciliations" ADD CONSTRAINT "meter_reconciliations_project_id_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "meter_wallets" ADD CONSTRAINT "meter_wallets_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "meter_wallets" ADD CONSTRAINT "meter_wallets_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "meter_wallets" ADD CONSTRAINT "meter_wallets_project_id_meter_id_meters_project_id_id_fk" FOREIGN KEY ("project_id","meter_id") REFERENCES "public"."meters"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "meter_wallets" ADD CONSTRAINT "meter_wallets_project_id_point_id_points_project_id_id_fk" FOREIGN KEY ("project_id","point_id") REFERENCES "public"."points"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_project_id_wallet_id_meter_wallets_project_id_id_fk" FOREIGN KEY ("project_id","wallet_id") REFERENCES "public"."meter_wallets"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_project_id_sale_id_sales_project_id_id_fk" FOREIGN KEY ("project_id","sale_id") REFERENCES "public"."sales"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_project_id_command_id_commands_project_id_id_fk" FOREIGN KEY ("project_id","command_id") REFERENCES "public"."commands"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_project_id_sent_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","sent_transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_project_id_resolved_transaction_id_transactions_project_id_id_fk" FOREIGN KEY ("project_id","resolved_transaction_id") REFERENCES "public"."transactions"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "meter_reconciliations_project_id_local_day_index" ON "meter_reconciliations" USING btree ("project_id","local_day");--> statement-breakpoint
CREATE INDEX "meter_wallets_project_id_account_id_index" ON "meter_wallets" USING btree ("project_id","account_id");--> statement-breakpoint
CREATE INDEX "recharges_project_id_account_id_index" ON "recharges" USING btree ("project_id","account_id");--> statement-breakpoint
CREATE INDEX "recharges_project_id_requested_at_index" ON "recharges" USING btree ("project_id","requested_at");
--> statement-breakpoint
ALTER TABLE meter_wallets ADD CHECK (counter BETWEEN 0 AND 65535),
  ADD CHECK ((counter IS NULL) = (counter_at IS NULL)),
  ADD CHECK ((began_at IS NULL) = (first_day IS NULL)),
  ADD CHECK (closed_at >= opened_at);
--> statement-breakpoint
CREATE UNIQUE INDEX meter_wallet_open ON meter_wallets (project_id, meter_id) WHERE closed_at IS NULL;
--> statement-breakpoint
-- What is with the meter, or may be, has a command with its counter and the posting that sent it on its way.
ALTER TABLE recharges ADD CHECK (amount_minor > 0), ADD CHECK (counter BETWEEN 0 AND 65535),
  ADD CHECK ((state = 'waiting') = (waits_for IS NOT NULL)),
  ADD CHECK ((command_id IS NULL) = (counter IS NULL)),
  ADD CHECK ((command_id IS NULL) = (sent_transaction_id IS NULL)),
  ADD CHECK (state IN ('waiting', 'returned') OR command_id IS NOT NULL),
  ADD CHECK ((state IN ('confirmed', 'returned')) = (resolved_at IS NOT NULL)),
  ADD CHECK (resolved_transaction_id IS NULL OR (sent_transaction_id IS NOT NULL AND resolved_at IS NOT NULL));
--> statement-breakpoint
-- A meter has one recharge on its way at a time: no two can be told apart by its counter.
CREATE UNIQUE INDEX recharge_on_its_way ON recharges (project_id, meter_id)
  WHERE state IN ('sent', 'unknown', 'held');
--> statement-breakpoint
CREATE INDEX recharges_open ON recharges (project_id, id) WHERE state IN ('waiting', 'sent', 'unknown', 'held');
--> statement-breakpoint
ALTER TABLE meter_reconciliations ADD CHECK (tolerance_minor >= 0),
  ADD CHECK ((verdict = 'unread') = (meter_minor IS NULL)),
  ADD CHECK ((adjusted IS NULL) = (transaction_id IS NULL));
--> statement-breakpoint
-- Whose money it is and how much does not change; what is over stays as it is.
CREATE FUNCTION keep_recharges() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE told text[] := ARRAY['state', 'waits_for', 'counter', 'command_id', 'outcome', 'before_minor',
  'after_minor', 'sent_at', 'resolved_at', 'decided_by', 'reason', 'sent_transaction_id',
  'resolved_transaction_id'];
BEGIN
  IF OLD.resolved_at IS NULL AND (to_jsonb(NEW) - told) = (to_jsonb(OLD) - told)
    AND (OLD.command_id IS NULL OR OLD.command_id = NEW.command_id) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'recharge % stays as it is', OLD.id
    USING ERRCODE = '23001', CONSTRAINT = 'append_only';
END $$;
--> statement-breakpoint
CREATE TRIGGER recharge_kept BEFORE UPDATE ON recharges FOR EACH ROW EXECUTE FUNCTION keep_recharges();
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['meter_wallets', 'recharges', 'meter_reconciliations']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- What a meter took for energy is part of its settlement: a month that takes settlements takes it too.
CREATE OR REPLACE FUNCTION refuse_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE late record;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(
      'wattledger.month/' || m.project_id || '/' || to_char(m.month, 'YYYY-MM'), 0))
    FROM (SELECT DISTINCT project_id, date_trunc('month', accounting_date) AS month FROM fresh
      ORDER BY 1, 2) m;
  SELECT f.id, m.month, m.state INTO late FROM fresh f
    JOIN billing_months m ON m.project_id = f.project_id
      AND m.month = date_trunc('month', f.accounting_date)::date
    WHERE m.state = 'closed' OR (m.state = 'soft-closed'
      AND f.kind NOT IN ('settlement', 'correction', 'accrual', 'meter-use')) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'month % is %: transaction % needs an open accounting date',
      to_char(late.month, 'YYYY-MM'), late.state, late.id
      USING ERRCODE = '23514', CONSTRAINT = 'month_open';
  END IF;
  RETURN NULL;
END $$;

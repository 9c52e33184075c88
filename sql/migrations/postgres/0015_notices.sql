-- Why: customers are told of low balances, trips and receipts, once each, and what came of it is kept; an alarm
-- says who has seen to it, and one that comes and goes is one alarm.
-- Checked by test/billing/notices.test.ts, test/web/alarms.test.ts, and for grants by test/sql/kernel.test.ts.
CREATE TABLE "notice_addresses" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"channel" text NOT NULL,
	"address" text NOT NULL,
	"language" text,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp with time zone,
	CONSTRAINT "notice_addresses_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "notice_events" (
	"project_id" bigint NOT NULL,
	"event_id" bigint NOT NULL,
	"outcome" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "notice_events_project_id_event_id_pk" PRIMARY KEY("project_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "notice_settings" (
	"project_id" bigint NOT NULL,
	"quiet_from" text,
	"quiet_to" text,
	"urgent" text[] NOT NULL,
	"off" text[] NOT NULL,
	"changed_by" text NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "notice_settings_project_id_pk" PRIMARY KEY("project_id")
);
--> statement-breakpoint
CREATE TABLE "notice_steps" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"notice_id" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"act" text NOT NULL,
	"outcome" text NOT NULL,
	"by" text,
	CONSTRAINT "notice_steps_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "notice_templates" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"kind" text NOT NULL,
	"channel" text NOT NULL,
	"language" text NOT NULL,
	"subject" text,
	"body" text,
	"provider_code" text,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notice_templates_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "notices" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"event_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"account_id" bigint NOT NULL,
	"channel" text NOT NULL,
	"recipient" text NOT NULL,
	"language" text NOT NULL,
	"subject" text,
	"body" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"provider_code" text,
	"state" text NOT NULL,
	"reason" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"next_try_at" timestamp with time zone,
	"queued_at" timestamp with time zone NOT NULL,
	"tried_at" timestamp with time zone,
	"sent_at" timestamp with time zone,
	"delivered_at" timestamp with time zone,
	"provider_id" text,
	"proof" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notices_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "notices_project_id_event_id_kind_channel_recipient_unique" UNIQUE("project_id","event_id","kind","channel","recipient")
);
--> statement-breakpoint
ALTER TABLE "alarms" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "alarms" ADD COLUMN "reopened" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "alarms" ADD COLUMN "gone_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "notice_addresses" ADD CONSTRAINT "notice_addresses_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_settings" ADD CONSTRAINT "notice_settings_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_steps" ADD CONSTRAINT "notice_steps_project_id_notice_id_notices_project_id_id_fk" FOREIGN KEY ("project_id","notice_id") REFERENCES "public"."notices"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_templates" ADD CONSTRAINT "notice_templates_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notices" ADD CONSTRAINT "notices_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notice_steps_project_id_notice_id_index" ON "notice_steps" USING btree ("project_id","notice_id");--> statement-breakpoint
CREATE INDEX "notice_templates_project_id_kind_channel_language_id_index" ON "notice_templates" USING btree ("project_id","kind","channel","language","id");--> statement-breakpoint
CREATE INDEX "notices_project_id_account_id_index" ON "notices" USING btree ("project_id","account_id");--> statement-breakpoint
CREATE INDEX "notices_next_try_at_index" ON "notices" USING btree ("next_try_at") WHERE next_try_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "alarms_project_id_cleared_at_index" ON "alarms" USING btree ("project_id","cleared_at");
--> statement-breakpoint
-- An account is told at a place once.
CREATE UNIQUE INDEX notice_addresses_held ON notice_addresses (project_id, account_id, channel, address)
  WHERE removed_at IS NULL;
--> statement-breakpoint
ALTER TABLE notice_settings ADD CHECK ((quiet_from IS NULL) = (quiet_to IS NULL));
--> statement-breakpoint
ALTER TABLE notices ADD CHECK (attempts >= 0), ADD CHECK (tries >= 0);
--> statement-breakpoint
-- A low balance is told by the alarm that it fell below, not by its gravity.
UPDATE alarms SET kind = CASE severity WHEN 'notice' THEN 'account.alarm1' ELSE 'account.alarm2' END
WHERE kind = 'account.low';
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['notice_templates', 'notice_events', 'notice_steps']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;

-- Why: arrears are acted on by a policy, each act with its reason and the data that it stood on; a command that a payment
-- overtook is taken back by who asked for it, atomically, so that it is never both taken back and sent.
-- Checked by test/billing/credit*.test.ts, and for grants and triggers by test/sql/kernel.test.ts.
CREATE TABLE "credit_brake_acts" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"act" text NOT NULL,
	"reason" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "credit_brake_acts_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "credit_cases" (
	"project_id" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"state" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"levels" jsonb NOT NULL,
	"below_since" timestamp with time zone,
	"waits_for" text,
	"waits_since" timestamp with time zone,
	"waits_until" timestamp with time zone,
	"called_at" timestamp with time zone,
	"called_for" text,
	CONSTRAINT "credit_cases_project_id_account_id_pk" PRIMARY KEY("project_id","account_id")
);
--> statement-breakpoint
CREATE TABLE "credit_decisions" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"decision" text NOT NULL,
	"reason" text NOT NULL,
	"data" jsonb NOT NULL,
	"command_ids" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	CONSTRAINT "credit_decisions_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "credit_overrides" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"credit_limit_minor" bigint,
	"protected" boolean NOT NULL,
	"until" timestamp with time zone,
	"reason" text NOT NULL,
	"set_by_id" text NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp with time zone NOT NULL,
	CONSTRAINT "credit_overrides_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "credit_policies" (
	"project_id" bigint NOT NULL,
	"version" integer NOT NULL,
	"policy" jsonb NOT NULL,
	"reason" text NOT NULL,
	"set_by_id" text NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp with time zone NOT NULL,
	CONSTRAINT "credit_policies_project_id_version_pk" PRIMARY KEY("project_id","version")
);
--> statement-breakpoint
CREATE TABLE "disputes" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"account_id" bigint NOT NULL,
	"reason" text NOT NULL,
	"raised_by_id" text NOT NULL,
	"raised_by" text NOT NULL,
	"raised_at" timestamp with time zone NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	"end_reason" text,
	CONSTRAINT "disputes_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
ALTER TABLE "live_balances" ADD COLUMN "other_minor" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "credit_brake_acts" ADD CONSTRAINT "credit_brake_acts_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_cases" ADD CONSTRAINT "credit_cases_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_decisions" ADD CONSTRAINT "credit_decisions_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_overrides" ADD CONSTRAINT "credit_overrides_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_policies" ADD CONSTRAINT "credit_policies_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "disputes" ADD CONSTRAINT "disputes_project_id_account_id_accounts_project_id_id_fk" FOREIGN KEY ("project_id","account_id") REFERENCES "public"."accounts"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "credit_decisions_project_id_account_id_id_index" ON "credit_decisions" USING btree ("project_id","account_id","id");--> statement-breakpoint
CREATE INDEX "credit_decisions_project_id_at_index" ON "credit_decisions" USING btree ("project_id","at");--> statement-breakpoint
CREATE INDEX "credit_overrides_project_id_account_id_id_index" ON "credit_overrides" USING btree ("project_id","account_id","id");--> statement-breakpoint
CREATE INDEX "disputes_project_id_account_id_index" ON "disputes" USING btree ("project_id","account_id");
--> statement-breakpoint
ALTER TABLE credit_policies ADD CHECK (version > 0);
--> statement-breakpoint
ALTER TABLE credit_overrides ADD CHECK (credit_limit_minor >= 0), ADD CHECK (until > set_at);
--> statement-breakpoint
ALTER TABLE credit_cases ADD CHECK ((waits_for IS NULL) = (waits_since IS NULL)),
  ADD CHECK ((called_at IS NULL) = (called_for IS NULL));
--> statement-breakpoint
ALTER TABLE disputes ADD CHECK (until > raised_at),
  ADD CHECK ((ended_at IS NULL) = (ended_by IS NULL)), ADD CHECK ((ended_at IS NULL) = (end_reason IS NULL));
--> statement-breakpoint
CREATE INDEX disputes_open ON disputes (project_id, account_id) WHERE ended_at IS NULL;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['credit_policies', 'credit_overrides', 'credit_decisions', 'credit_brake_acts']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- A dispute ends once; nothing else of it changes, and none is taken away.
CREATE FUNCTION keep_disputes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NULL AND (to_jsonb(NEW) - '{ended_at,ended_by,end_reason}'::text[])
    = (to_jsonb(OLD) - '{ended_at,ended_by,end_reason}'::text[]) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'dispute % stays as it is', OLD.id
    USING ERRCODE = '23001', CONSTRAINT = 'append_only';
END $$;
--> statement-breakpoint
CREATE TRIGGER dispute_kept BEFORE UPDATE ON disputes FOR EACH ROW EXECUTE FUNCTION keep_disputes();
--> statement-breakpoint
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON disputes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Takes commands back that were not sent, whichever room asked for them; of a command's progress no asker may
-- write anything else. Returns those that it took back: the others were sent, or are over.
CREATE FUNCTION withdraw_commands(project bigint, ids bigint[], at timestamptz) RETURNS SETOF bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH done AS (
    UPDATE command_states s SET state = 'expired', outcome = 'withdrawn', resolved_at = at
    WHERE s.project_id = project AND s.command_id = ANY(ids) AND s.state = 'requested'
    RETURNING s.project_id, s.command_id),
  noted AS (
    INSERT INTO command_steps (project_id, command_id, at, kind, result)
    SELECT project_id, command_id, withdraw_commands.at, 'expired', 'withdrawn' FROM done)
  SELECT command_id FROM done
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION withdraw_commands FROM PUBLIC;

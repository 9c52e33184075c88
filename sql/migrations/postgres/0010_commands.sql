-- Why: what a meter is told to do is one row with one life; any room adds it, ingest alone says how far it is.
-- Checked by test/ingest/commands.test.ts, and for grants and triggers by test/sql/kernel.test.ts.
CREATE TABLE "command_states" (
	"project_id" bigint NOT NULL,
	"command_id" bigint NOT NULL,
	"state" text DEFAULT 'requested' NOT NULL,
	"outcome" text,
	"sent_at" timestamp with time zone,
	"resolved_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"supply_observed_at" timestamp with time zone,
	CONSTRAINT "command_states_project_id_command_id_pk" PRIMARY KEY("project_id","command_id")
);
--> statement-breakpoint
CREATE TABLE "command_steps" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"command_id" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"kind" text NOT NULL,
	"address" integer,
	"result" text NOT NULL,
	"detail" jsonb,
	CONSTRAINT "command_steps_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "commands" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"meter_id" bigint NOT NULL,
	"sequence" integer NOT NULL,
	"function" text NOT NULL,
	"arguments" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"reason" text NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"cause" jsonb,
	"batch_id" bigint,
	"trace_id" text,
	"requested_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "commands_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "commands_project_id_meter_id_sequence_unique" UNIQUE("project_id","meter_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "model_functions" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"model" text NOT NULL,
	"function" text NOT NULL,
	"enabled" boolean NOT NULL,
	"source" text NOT NULL,
	"decided_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "model_functions_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
ALTER TABLE "command_states" ADD CONSTRAINT "command_states_project_id_command_id_commands_project_id_id_fk" FOREIGN KEY ("project_id","command_id") REFERENCES "public"."commands"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "command_steps" ADD CONSTRAINT "command_steps_project_id_command_id_commands_project_id_id_fk" FOREIGN KEY ("project_id","command_id") REFERENCES "public"."commands"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commands" ADD CONSTRAINT "commands_project_id_meter_id_meters_project_id_id_fk" FOREIGN KEY ("project_id","meter_id") REFERENCES "public"."meters"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_functions" ADD CONSTRAINT "model_functions_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "command_steps_project_id_command_id_index" ON "command_steps" USING btree ("project_id","command_id");--> statement-breakpoint
CREATE INDEX "commands_project_id_batch_id_index" ON "commands" USING btree ("project_id","batch_id");--> statement-breakpoint
CREATE INDEX "model_functions_project_id_model_function_index" ON "model_functions" USING btree ("project_id","model","function");
--> statement-breakpoint
ALTER TABLE commands ADD CHECK (sequence > 0), ADD CHECK (expires_at > requested_at);
--> statement-breakpoint
-- What is still to be done, however many commands there ever were.
CREATE INDEX command_states_open ON command_states (project_id, command_id)
  WHERE state IN ('requested', 'sent', 'unknown');
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['commands', 'command_steps', 'model_functions']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- A command and its state come together, whichever room asks: the asker may not write states, so the
-- owner of the tables does it for them.
CREATE FUNCTION open_commands() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO command_states (project_id, command_id) SELECT project_id, id FROM fresh;
  PERFORM pg_notify('wattledger_commands', project_id::text)
    FROM (SELECT DISTINCT project_id FROM fresh) f;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER commands_opened AFTER INSERT ON commands REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION open_commands();
--> statement-breakpoint
-- A command that is over stays as it is, but for what samples show of the supply afterwards.
CREATE FUNCTION keep_resolved_commands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state IN ('confirmed', 'refused', 'expired')
    AND (to_jsonb(NEW) - 'supply_observed_at') IS DISTINCT FROM (to_jsonb(OLD) - 'supply_observed_at') THEN
    RAISE EXCEPTION 'command % is % and stays so', OLD.command_id, OLD.state
      USING ERRCODE = '23514', CONSTRAINT = 'command_resolved';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER command_resolved BEFORE UPDATE ON command_states
  FOR EACH ROW EXECUTE FUNCTION keep_resolved_commands();
--> statement-breakpoint
CREATE FUNCTION tell_commands_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('wattledger_commands', project_id::text)
    FROM (SELECT DISTINCT project_id FROM fresh) f;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER commands_changed AFTER UPDATE ON command_states REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION tell_commands_changed();

-- Why: one act on many meters is a row with its meters and what was decided about it; how far it is follows from
-- its commands, so nothing has to be kept in step. Checked by test/ingest/batches.test.ts and test/sql/kernel.test.ts.
CREATE TABLE "command_batch_acts" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"batch_id" bigint NOT NULL,
	"act" text NOT NULL,
	"reason" text NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"meters" integer NOT NULL,
	"rest" boolean NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "command_batch_acts_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "command_batch_meters" (
	"project_id" bigint NOT NULL,
	"batch_id" bigint NOT NULL,
	"meter_id" bigint NOT NULL,
	"place" integer NOT NULL,
	"is_canary" boolean NOT NULL,
	"obstacle" text,
	CONSTRAINT "command_batch_meters_project_id_batch_id_meter_id_pk" PRIMARY KEY("project_id","batch_id","meter_id"),
	CONSTRAINT "command_batch_meters_project_id_batch_id_place_unique" UNIQUE("project_id","batch_id","place")
);
--> statement-breakpoint
CREATE TABLE "command_batches" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"function" text NOT NULL,
	"arguments" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"reason" text NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"filter" jsonb,
	"digest" text NOT NULL,
	"canary" integer NOT NULL,
	"goes_on" boolean NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	CONSTRAINT "command_batches_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
ALTER TABLE "command_batch_acts" ADD CONSTRAINT "command_batch_acts_project_id_batch_id_command_batches_project_id_id_fk" FOREIGN KEY ("project_id","batch_id") REFERENCES "public"."command_batches"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "command_batch_meters" ADD CONSTRAINT "command_batch_meters_project_id_batch_id_command_batches_project_id_id_fk" FOREIGN KEY ("project_id","batch_id") REFERENCES "public"."command_batches"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "command_batch_meters" ADD CONSTRAINT "command_batch_meters_project_id_meter_id_meters_project_id_id_fk" FOREIGN KEY ("project_id","meter_id") REFERENCES "public"."meters"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "command_batches" ADD CONSTRAINT "command_batches_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "command_batch_acts_project_id_batch_id_index" ON "command_batch_acts" USING btree ("project_id","batch_id");--> statement-breakpoint
ALTER TABLE "commands" ADD CONSTRAINT "commands_project_id_batch_id_command_batches_project_id_id_fk" FOREIGN KEY ("project_id","batch_id") REFERENCES "public"."command_batches"("project_id","id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE command_batches ADD CHECK (canary >= 0);
--> statement-breakpoint
ALTER TABLE command_batch_meters ADD CHECK (place > 0), ADD CHECK (obstacle IS NULL OR NOT is_canary);
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['command_batches', 'command_batch_meters', 'command_batch_acts']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;

-- Why: places are retired like devices, rooms lie on floors, and an address is read once before a meter is entered there.
-- Checked by test/ingest/configuration.test.ts and test-reads.test.ts.
CREATE TABLE "test_reads" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"bus_id" bigint NOT NULL,
	"unit" smallint NOT NULL,
	"model" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"answered_at" timestamp with time zone,
	"answer" jsonb,
	CONSTRAINT "test_reads_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "rooms" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"floor_id" bigint NOT NULL,
	"code" text NOT NULL,
	"name" text NOT NULL,
	"name_zh" text,
	"retired_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rooms_project_id_id_pk" PRIMARY KEY("project_id","id"),
	CONSTRAINT "rooms_project_id_floor_id_code_unique" UNIQUE("project_id","floor_id","code")
);
--> statement-breakpoint
ALTER TABLE "points" ADD COLUMN "room_id" bigint;--> statement-breakpoint
ALTER TABLE "buildings" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "floors" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "test_reads" ADD CONSTRAINT "test_reads_project_id_bus_id_buses_project_id_id_fk" FOREIGN KEY ("project_id","bus_id") REFERENCES "public"."buses"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rooms" ADD CONSTRAINT "rooms_project_id_floor_id_floors_project_id_id_fk" FOREIGN KEY ("project_id","floor_id") REFERENCES "public"."floors"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "points" ADD CONSTRAINT "points_project_id_room_id_rooms_project_id_id_fk" FOREIGN KEY ("project_id","room_id") REFERENCES "public"."rooms"("project_id","id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE test_reads ADD CHECK (expires_at > requested_at), ADD CHECK (unit BETWEEN 1 AND 247);
--> statement-breakpoint
-- What waits for ingest, however many there were within the hour.
CREATE INDEX test_reads_open ON test_reads (expires_at) WHERE started_at IS NULL;
--> statement-breakpoint
-- The process that holds the connections is told at once, as of commands.
CREATE FUNCTION tell_test_reads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('wattledger_commands', project_id::text)
    FROM (SELECT DISTINCT project_id FROM fresh) f;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER test_reads_opened AFTER INSERT ON test_reads REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION tell_test_reads();

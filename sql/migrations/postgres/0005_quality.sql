-- Why: corrections of meters, readings by hand, edited quarter-hours and what the rules of quality find are
-- dated rows with a reason; history is added to, never altered. Checked by test/ingest/edits.test.ts.
CREATE TABLE "correction_withdrawals" (
	"project_id" bigint NOT NULL,
	"correction_id" bigint NOT NULL,
	"reason" text NOT NULL,
	"withdrawn_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "correction_withdrawals_project_id_correction_id_pk" PRIMARY KEY("project_id","correction_id")
);
--> statement-breakpoint
CREATE TABLE "exception_stakes" (
	"project_id" bigint NOT NULL,
	"exception_id" bigint NOT NULL,
	"energy" bigint,
	"money_minor" bigint,
	"computed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "exception_stakes_project_id_exception_id_pk" PRIMARY KEY("project_id","exception_id")
);
--> statement-breakpoint
CREATE TABLE "interval_edit_decisions" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"edit_id" bigint NOT NULL,
	"decision" text NOT NULL,
	"decided_by" text NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "interval_edit_decisions_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "interval_edits" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"point_id" bigint NOT NULL,
	"from_at" timestamp with time zone NOT NULL,
	"to_at" timestamp with time zone NOT NULL,
	"method" text NOT NULL,
	"slots" jsonb NOT NULL,
	"confidence" smallint NOT NULL,
	"reason" text NOT NULL,
	"proposed_by" text NOT NULL,
	"energy_before" bigint NOT NULL,
	"energy_after" bigint NOT NULL,
	"approval" text,
	"exception_id" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "interval_edits_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "interval_previews" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"act" text NOT NULL,
	"changes" jsonb NOT NULL,
	"made_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "interval_previews_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "manual_readings" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"meter_id" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"register" bigint NOT NULL,
	"reason" text NOT NULL,
	"read_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "manual_readings_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "meter_corrections" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"meter_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"valid_from" timestamp with time zone NOT NULL,
	"valid_to" timestamp with time zone NOT NULL,
	"value" bigint NOT NULL,
	"reason" text NOT NULL,
	"made_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "meter_corrections_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "point_prices" (
	"project_id" bigint NOT NULL,
	"point_id" bigint NOT NULL,
	"price" numeric NOT NULL,
	"computed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "point_prices_project_id_point_id_pk" PRIMARY KEY("project_id","point_id")
);
--> statement-breakpoint
CREATE TABLE "quality_finding_decisions" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"finding_id" bigint NOT NULL,
	"decision" text NOT NULL,
	"decided_by" text NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "quality_finding_decisions_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "quality_findings" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"rule" text NOT NULL,
	"point_id" bigint NOT NULL,
	"meter_id" bigint,
	"local_day" date NOT NULL,
	"from_at" timestamp with time zone NOT NULL,
	"to_at" timestamp with time zone NOT NULL,
	"energy" bigint,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "quality_findings_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "quality_runs" (
	"project_id" bigint NOT NULL,
	"local_day" date NOT NULL,
	"ran_at" timestamp with time zone NOT NULL,
	"dirty_rows" integer NOT NULL,
	CONSTRAINT "quality_runs_project_id_local_day_pk" PRIMARY KEY("project_id","local_day")
);
--> statement-breakpoint
ALTER TABLE "interval_edit_decisions" ADD CONSTRAINT "interval_edit_decisions_project_id_edit_id_interval_edits_project_id_id_fk" FOREIGN KEY ("project_id","edit_id") REFERENCES "public"."interval_edits"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "interval_edits" ADD CONSTRAINT "interval_edits_project_id_point_id_points_project_id_id_fk" FOREIGN KEY ("project_id","point_id") REFERENCES "public"."points"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "manual_readings" ADD CONSTRAINT "manual_readings_project_id_meter_id_meters_project_id_id_fk" FOREIGN KEY ("project_id","meter_id") REFERENCES "public"."meters"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "meter_corrections" ADD CONSTRAINT "meter_corrections_project_id_meter_id_meters_project_id_id_fk" FOREIGN KEY ("project_id","meter_id") REFERENCES "public"."meters"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "point_prices" ADD CONSTRAINT "point_prices_project_id_point_id_points_project_id_id_fk" FOREIGN KEY ("project_id","point_id") REFERENCES "public"."points"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quality_finding_decisions" ADD CONSTRAINT "quality_finding_decisions_project_id_finding_id_quality_findings_project_id_id_fk" FOREIGN KEY ("project_id","finding_id") REFERENCES "public"."quality_findings"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quality_findings" ADD CONSTRAINT "quality_findings_project_id_point_id_points_project_id_id_fk" FOREIGN KEY ("project_id","point_id") REFERENCES "public"."points"("project_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quality_runs" ADD CONSTRAINT "quality_runs_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "exception_stakes_project_id_money_minor_index" ON "exception_stakes" USING btree ("project_id","money_minor");--> statement-breakpoint
CREATE INDEX "interval_edit_decisions_project_id_edit_id_index" ON "interval_edit_decisions" USING btree ("project_id","edit_id");--> statement-breakpoint
CREATE INDEX "interval_edits_project_id_point_id_from_at_index" ON "interval_edits" USING btree ("project_id","point_id","from_at");--> statement-breakpoint
CREATE INDEX "manual_readings_project_id_meter_id_index" ON "manual_readings" USING btree ("project_id","meter_id");--> statement-breakpoint
CREATE INDEX "meter_corrections_project_id_meter_id_index" ON "meter_corrections" USING btree ("project_id","meter_id");--> statement-breakpoint
CREATE INDEX "quality_finding_decisions_project_id_finding_id_index" ON "quality_finding_decisions" USING btree ("project_id","finding_id");--> statement-breakpoint
CREATE INDEX "quality_findings_project_id_local_day_index" ON "quality_findings" USING btree ("project_id","local_day");--> statement-breakpoint
ALTER TABLE meter_corrections ADD CHECK (valid_to > valid_from),
  ADD CHECK (kind <> 'error' OR value BETWEEN -500000 AND 1000000),
  ADD CHECK (kind <> 'clock' OR abs(value) <= 86400000);
--> statement-breakpoint
ALTER TABLE manual_readings ADD CHECK (register >= 0);
--> statement-breakpoint
ALTER TABLE interval_edits ADD CHECK (to_at > from_at), ADD CHECK (length(trim(reason)) > 0);
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['meter_corrections', 'manual_readings', 'correction_withdrawals',
    'interval_edits', 'interval_edit_decisions', 'quality_findings', 'quality_finding_decisions']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;

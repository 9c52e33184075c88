-- Why: a corrected ratio, two meters swapped and a replacement alter installations in place; what was there is kept,
-- with who and why, so that the act can be taken back. Checked by test/ingest/daily-mistakes.test.ts.
CREATE TABLE "installation_changes" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"kind" text NOT NULL,
	"before" jsonb NOT NULL,
	"after" jsonb NOT NULL,
	"detail" jsonb NOT NULL,
	"reason" text NOT NULL,
	"made_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "installation_changes_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
ALTER TABLE "installation_changes" ADD CONSTRAINT "installation_changes_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE installation_changes ADD CHECK (length(trim(reason)) > 0);
--> statement-breakpoint
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON installation_changes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

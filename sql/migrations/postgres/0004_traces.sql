-- Why: the trace id of a request runs on into the jobs that come of it: days marked dirty, the settlement
-- that takes them, a file made in the background. Checked by test/web/trace.test.ts.
ALTER TABLE "export_jobs" ADD COLUMN "trace_id" text;--> statement-breakpoint
ALTER TABLE "settlement_runs" ADD COLUMN "trace_id" text;--> statement-breakpoint
ALTER TABLE "dirty_days" ADD COLUMN "trace_id" text;

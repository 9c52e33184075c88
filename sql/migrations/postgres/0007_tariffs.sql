-- Why: tariffs with steps, fees, demand and minimums need to know what a day took from the days before it;
-- prices follow published indexes and event days; what a re-settlement changed is rows to be asked for.
-- Checked by test/billing/steps.test.ts, correction.test.ts and test/sql/kernel.test.ts.
CREATE TABLE "event_days" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"list" text NOT NULL,
	"day" date NOT NULL,
	"withdrawn" boolean DEFAULT false NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "event_days_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "price_indexes" (
	"project_id" bigint NOT NULL,
	"id" bigint DEFAULT nextval('ids') NOT NULL,
	"code" text NOT NULL,
	"month" date NOT NULL,
	"value" numeric NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "price_indexes_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "kind" text DEFAULT 'usage' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "unit" text DEFAULT 'wh' NOT NULL;--> statement-breakpoint
ALTER TABLE "settlements" ADD COLUMN "step_quantity" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "settlements" ADD COLUMN "month_quantity_before" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "settlements" ADD COLUMN "demand_before" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "settlements" ADD COLUMN "demand" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "event_days" ADD CONSTRAINT "event_days_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "price_indexes" ADD CONSTRAINT "price_indexes_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "event_days_project_id_list_day_id_index" ON "event_days" USING btree ("project_id","list","day","id");--> statement-breakpoint
CREATE INDEX "price_indexes_project_id_code_month_id_index" ON "price_indexes" USING btree ("project_id","code","month","id");
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['price_indexes', 'event_days']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
--> statement-breakpoint
ALTER TABLE price_indexes ADD CHECK (extract(day FROM month) = 1);
--> statement-breakpoint
-- One row for each component, period and step of a settled day that a new revision changed. Amounts are
-- exact, in major units; what was posted for them is in the transaction.
CREATE VIEW charge_corrections WITH (security_invoker = true) AS
WITH lines AS NOT MATERIALIZED (
  SELECT project_id, settlement_id, component, period, step, kind, unit, sum(quantity) AS quantity,
    CASE WHEN min(price) = max(price) THEN min(price) END AS price, sum(exact) AS exact
  FROM charges GROUP BY 1, 2, 3, 4, 5, 6, 7)
SELECT s.project_id, s.id AS settlement_id, s.supersedes, s.account_id, s.scope_id,
  s.local_day AS service_day, t.accounting_date, l.component, l.kind, l.unit, l.period, l.step,
  l.old_quantity, l.new_quantity, l.old_price, l.new_price, l.old_amount, l.new_amount,
  l.new_amount - l.old_amount AS difference, t.cause, s.run_id, s.transaction_id, r.trace_id,
  s.created_at AS at
FROM settlements s
JOIN settlement_runs r ON r.project_id = s.project_id AND r.id = s.run_id
JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
CROSS JOIN LATERAL (
  SELECT component, kind, unit, period, step,
    coalesce(o.quantity, 0) AS old_quantity, coalesce(n.quantity, 0) AS new_quantity,
    o.price AS old_price, n.price AS new_price,
    coalesce(o.exact, 0) AS old_amount, coalesce(n.exact, 0) AS new_amount
  FROM (SELECT * FROM lines WHERE project_id = s.project_id AND settlement_id = s.supersedes) o
  FULL JOIN (SELECT * FROM lines WHERE project_id = s.project_id AND settlement_id = s.id) n
    USING (component, kind, unit, period, step)
  WHERE o.quantity IS DISTINCT FROM n.quantity OR o.price IS DISTINCT FROM n.price
    OR o.exact IS DISTINCT FROM n.exact) l
WHERE s.supersedes IS NOT NULL;

ALTER TABLE "disputes" ADD COLUMN "sale_id" bigint;--> statement-breakpoint
ALTER TABLE "notice_settings" ADD COLUMN "staff" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "disputes" ADD CONSTRAINT "disputes_project_id_sale_id_sales_project_id_id_fk" FOREIGN KEY ("project_id","sale_id") REFERENCES "public"."sales"("project_id","id") ON DELETE no action ON UPDATE no action;
-- A part of a text is found by its groups of three letters; texts as web/search.ts asks for them. What is
-- entered seldom goes into its index at once: a list of what is not yet in it would be read by every search.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
CREATE INDEX accounts_searched ON accounts
  USING gin (lower(number || chr(10) || name || chr(10) || coalesce(name_zh, '')) gin_trgm_ops) WITH (fastupdate = off);
--> statement-breakpoint
CREATE INDEX people_searched ON people USING gin (
  lower(name || chr(10) || regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g')) gin_trgm_ops) WITH (fastupdate = off);
--> statement-breakpoint
CREATE INDEX accounts_person ON accounts (project_id, person_id) WHERE person_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX points_searched ON points
  USING gin (lower(code || chr(10) || name || chr(10) || coalesce(name_zh, '')) gin_trgm_ops) WITH (fastupdate = off);
--> statement-breakpoint
CREATE INDEX meters_searched ON meters USING gin (lower(serial) gin_trgm_ops) WITH (fastupdate = off);
--> statement-breakpoint
CREATE INDEX sales_searched ON sales USING gin (receipt gin_trgm_ops);

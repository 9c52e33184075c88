/** How `drizzle-kit generate` writes a migration from the schema; a person reviews it before commit. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './sql/schema/index.ts',
  out: './sql/migrations/postgres',
});

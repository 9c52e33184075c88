/** What billing needs to know of a project, and the lock that keeps its settled days still. */
import { sql } from 'drizzle-orm';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';

export interface ProjectTerms {
  id: string;
  name: string;
  zone: string;
  currency: string;
  legalEntityId: string;
}

/** Throws Problem `not-found`. */
export async function readProject(db: Queryable, projectId: string): Promise<ProjectTerms> {
  const found = await db.execute<TermsRow>(sql`
    SELECT ${columns} FROM projects WHERE id = ${projectId}::bigint`);
  const row = found.rows[0];
  if (!row) throw notFound('project');
  return termsOf(row);
}

/** All projects, for the process that works through them. */
export async function readProjects(db: Queryable): Promise<ProjectTerms[]> {
  const found = await db.execute<TermsRow>(sql`SELECT ${columns} FROM projects ORDER BY id`);
  return found.rows.map(termsOf);
}

const columns = sql`id::text, name, zone, currency, legal_entity_id::text`;
type TermsRow = Record<'id' | 'name' | 'zone' | 'currency' | 'legal_entity_id', string>;

const termsOf = ({ legal_entity_id: legalEntityId, ...row }: TermsRow): ProjectTerms => ({
  ...row,
  legalEntityId,
});

/**
 * Waits until no settlement of the project is under way and keeps others out until commit. Whoever
 * changes what past days are rated by takes it, so that no day is settled on the old terms unseen.
 */
export async function holdSettlement(tx: Tx, projectId: string): Promise<void> {
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger.settle/${projectId}`}, 0))`,
  );
}

/** What billing needs to know of a project, and the lock that keeps its settled days still. */
import { type SQL, sql } from 'drizzle-orm';
import type { Rows } from '../sql/flight.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';

export interface ProjectTerms {
  id: string;
  name: string;
  zone: string;
  currency: string;
  legalEntityId: string;
}

/** Throws Problem `not-found`. */
export async function readProject(db: Queryable, projectId: string): Promise<ProjectTerms> {
  return projectIn((await db.execute(askProject(projectId))).rows);
}

/** The question for a project, and what its rows say. Throws Problem `not-found`. */
export const askProject = (projectId: string): SQL => sql`
  SELECT ${columns} FROM projects WHERE id = ${projectId}::bigint`;
export function projectIn(rows: Rows): ProjectTerms {
  const row = rows[0] as TermsRow | undefined; // As `columns` are.
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
 * changes what past days are rated by takes it, so that no day is settled on the old terms unseen. Throws
 * Problem `settlement-busy` when it would wait for more than `waitMs`.
 */
export async function holdSettlement(
  tx: Tx,
  projectId: string,
  waitMs = SETTLEMENT_WAIT_MS,
): Promise<void> {
  await tx.execute(sql.raw(`SET LOCAL lock_timeout = ${Math.trunc(waitMs)}`));
  try {
    await tx.execute(
      sql`SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger.settle/${projectId}`}, 0))`,
    );
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    const detail = 'Days are being settled just now. Nothing was changed: try again in a moment.';
    throw new Problem('settlement-busy', detail, { cause: error });
  }
  await tx.execute(sql`SET LOCAL lock_timeout = 0`);
}

/** How long an act waits for a settlement that is under way before it says so. */
const SETTLEMENT_WAIT_MS = 20_000;
const LOCK_NOT_AVAILABLE = '55P03';

const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error && error.code === LOCK_NOT_AVAILABLE) || isLockTimeout(error.cause));

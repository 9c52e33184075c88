/** The system log: who did what, written in the transaction of the act itself. */
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from './permission.ts';
import type { Queryable } from './postgres.ts';

export interface Act {
  projectId: string | null;
  actor: Actor;
  /** noun.verb, e.g. 'account.opened'. */
  action: string;
  subjectKind: string;
  subjectId: string;
  /** From → to, amounts, reasons. Never a secret, never more personal data than a name. */
  detail?: Record<string, unknown>;
  traceId?: string;
}

/** Lines of one statement. */
const LINES_AT_ONCE = 5_000;

/** Adds a line to the system log. */
export const record = (tx: Queryable, act: Act): Promise<void> => recordAll(tx, [act]);

/** Adds lines to the system log, in their order: as one parameter, for which thousands are no burden. */
export async function recordAll(tx: Queryable, acts: readonly Act[]): Promise<void> {
  for (let from = 0; from < acts.length; from += LINES_AT_ONCE) {
    const lines = acts.slice(from, from + LINES_AT_ONCE).map(lineOf);
    await tx.execute(adding(sql`${JSON.stringify(lines)}::jsonb`));
  }
}

/** A line as a part of a statement, its detail with what only the statement knows: an expression of jsonb. */
export const recording = (act: Act, known: SQL): SQL =>
  adding(sql`(SELECT jsonb_build_array(line || jsonb_build_object('detail', line -> 'detail' || ${known}))
    FROM (SELECT ${JSON.stringify(lineOf(act))}::jsonb AS line) told)`);

const lineOf = ({ actor, detail, ...act }: Act) => ({
  ...{ ...act, kind: actor.kind, by: actor.id, name: actor.name, detail: detail ?? {} },
});

const adding = (lines: SQL): SQL => sql`
  INSERT INTO audit (project_id, actor_kind, actor_id, actor_name, action, subject_kind,
    subject_id, detail, trace_id)
  SELECT "projectId", kind, by, name, action, "subjectKind", "subjectId", detail, "traceId"
  FROM jsonb_to_recordset(${lines}) AS t ("projectId" bigint, kind text, by text, name text,
    action text, "subjectKind" text, "subjectId" text, detail jsonb, "traceId" text)`;

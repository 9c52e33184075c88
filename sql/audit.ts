/** The system log: who did what, written in the transaction of the act itself. */
import { sql } from 'drizzle-orm';
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
    const lines = acts.slice(from, from + LINES_AT_ONCE).map(({ actor, detail, ...act }) => ({
      ...{ ...act, kind: actor.kind, by: actor.id, name: actor.name, detail: detail ?? {} },
    }));
    await tx.execute(sql`
      INSERT INTO audit (project_id, actor_kind, actor_id, actor_name, action, subject_kind,
        subject_id, detail, trace_id)
      SELECT "projectId", kind, by, name, action, "subjectKind", "subjectId", detail, "traceId"
      FROM jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) AS t ("projectId" bigint, kind text,
        by text, name text, action text, "subjectKind" text, "subjectId" text, detail jsonb,
        "traceId" text)`);
  }
}

/** The system log: who did what, written in the transaction of the act itself. */
import type { Actor } from './permission.ts';
import type { Queryable } from './postgres.ts';
import { audit } from './schema/index.ts';

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

/** Adds a line to the system log. */
export async function record(tx: Queryable, act: Act): Promise<void> {
  await tx.insert(audit).values({
    projectId: act.projectId,
    actorKind: act.actor.kind,
    actorId: act.actor.id,
    actorName: act.actor.name,
    action: act.action,
    subjectKind: act.subjectKind,
    subjectId: act.subjectId,
    detail: act.detail ?? {},
    traceId: act.traceId ?? null,
  });
}

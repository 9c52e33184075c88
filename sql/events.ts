/** What happened, told in the transaction in which it happened; notices and live pages read it. */
import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from './postgres.ts';
import { events } from './schema/index.ts';

export type EventKind =
  | 'account.opened'
  | 'account.closed'
  | 'balance.alarm1'
  | 'balance.alarm2'
  | 'balance.arrears'
  | 'credit.final-notice'
  | 'credit.person-called'
  | 'credit.brake-engaged'
  | 'sale.posted'
  | 'sale.reversed'
  | 'refund.posted'
  | 'shift.closed'
  | 'day.settled'
  | 'day.corrected'
  | 'register.rolled-over'
  | 'quarantine.raised'
  | 'quarantine.decided'
  | 'month.changed'
  | 'command.confirmed'
  | 'command.refused'
  | 'command.expired'
  | 'command.unknown'
  | 'ledger.proven';

export interface NewEvent {
  projectId: string;
  kind: EventKind;
  subjectId: string;
  payload?: Record<string, unknown>;
}

/** Adds events, all in one statement. */
export async function tell(tx: Queryable, rows: NewEvent[]): Promise<void> {
  if (rows.length > 0) await tx.insert(events).values(rows);
}

/** The statement that adds one. */
export const telling = ({ projectId, kind, subjectId, payload = {} }: NewEvent): SQL => sql`
  INSERT INTO events (project_id, kind, subject_id, payload)
  VALUES (${projectId}::bigint, ${kind}, ${subjectId}, ${JSON.stringify(payload)}::jsonb)`;

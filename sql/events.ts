/** What happened, told in the transaction in which it happened; notices and live pages read it. */
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

/** Adds events, all in one statement. */
export async function tell(
  tx: Queryable,
  rows: {
    projectId: string;
    kind: EventKind;
    subjectId: string;
    payload?: Record<string, unknown>;
  }[],
): Promise<void> {
  if (rows.length > 0) await tx.insert(events).values(rows);
}

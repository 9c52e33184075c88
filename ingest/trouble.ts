/** What is wrong with ingest itself, as alarms: judged from state, so that they clear by themselves. */
import type { Alarming } from '../sql/alarms.ts';
import type { Delivery } from './delivery.ts';
import type { Spool } from './spool.ts';

/** Failures in a row (some eight seconds) from which on delivery counts as stalled. */
const STALLED_AFTER = 5;
/** Share of the spool's bound from which on a person should hear of it. */
const FILLING_SHARE = 0.5;

/** Alarms of kind `spool.filling`, complete: what is not here is over. */
export function spoolTroubles(
  spool: ReturnType<Spool['stats']>,
  delivery: ReturnType<Delivery['stats']>,
): Alarming[] {
  const troubles: Alarming[] = [];
  const { pendingBytes, maxBytes, droppedRecords, isRefusing, diskProblem } = spool;
  if (isRefusing || diskProblem) {
    const detail = { droppedRecords, pendingBytes, maxBytes, diskProblem };
    troubles.push({ subjectKind: 'ingest', subjectId: 'spool', severity: 'critical', detail });
  } else if (pendingBytes > FILLING_SHARE * maxBytes) {
    const detail = { pendingBytes, maxBytes };
    troubles.push({ subjectKind: 'ingest', subjectId: 'spool', severity: 'warning', detail });
  }
  if (delivery.stalledAttempts >= STALLED_AFTER) {
    const detail = { message: delivery.lastProblem, pendingBytes };
    troubles.push({ subjectKind: 'ingest', subjectId: 'delivery', severity: 'warning', detail });
  }
  return troubles;
}

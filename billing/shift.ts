/**
 * A cashier's shift: opened with a float out of the safe, closed by counting. What was counted goes to the safe;
 * what the ledger expected besides (or less) stays in the drawer until a second person has agreed to it.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { tell } from '../sql/events.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import type { Money } from '../sql/money.ts';
import { personOf } from '../sql/permission.ts';
import { type Db, type Tx, violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { shiftCounts, shiftDecisions, shifts } from '../sql/schema/index.ts';
import { readVendingSettings } from '../sql/vending-settings.ts';
import { dayOf, heldIn, moveCash } from './cash.ts';
import { type By, minorOf, only } from './fields.ts';
import { post } from './ledger.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { type ShownShift, shiftOf } from './shift-list.ts';

/** Most cash that a drawer is opened or counted with, minor units. */
const CASH_MINOR_MAX = 1_000_000_000n;

interface Acting {
  projectId: string;
  by: By;
  clock: Clock;
}
interface Keyed extends Acting {
  key: string | undefined;
}

/**
 * Opens the shift of who acts. Throws Problem `conflict` when he has one open or the safe does not hold the float,
 * `invalid-amount`.
 */
export async function openShift(
  db: Db,
  { projectId, float, key, by, clock }: Keyed & { float: Money },
): Promise<Answer<ShownShift>> {
  const given = { projectId, route: 'POST /shifts', key, actorId: by.actor.id, request: { float } };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const floatMinor = cashMinor(float, project.currency);
    const cashierId = personOf(by.actor);
    const made = await tx
      .insert(shifts)
      .values({ projectId, cashierId, cashier: by.actor.name, openedAt: now, floatMinor })
      .returning({ id: shifts.id })
      .catch((error: unknown) => {
        if (violatedConstraint(error) !== 'shifts_open') throw error;
        throw new Problem('conflict', 'Your shift is open already.', { cause: error });
      });
    const { id } = only(made);
    if (floatMinor > 0n) {
      const drawer = { detail: id, shiftId: id };
      const moved = { kind: 'float', amountMinor: floatMinor, drawer, note: null } as const;
      await moveCash(tx, { project, ...moved, by, now });
    }
    await record(tx, {
      ...{ projectId, ...by, action: 'shift.opened', subjectKind: 'shift', subjectId: id },
      detail: { float },
    });
    return { status: 201, body: await shiftOf(tx, { project, id }) };
  });
}

/**
 * Counts a drawer: of an open shift, which closes it, or once more where a second person asked for it. Throws
 * Problem `not-found`, `conflict` when there is nothing to count or it is another's shift, `invalid-amount`.
 */
export async function countShift(
  db: Db,
  {
    projectId,
    id,
    counted,
    note,
    mayCountOthers,
    key,
    by,
    clock,
  }: Keyed & { id: string; counted: Money; note: string | null; mayCountOthers: boolean },
): Promise<Answer<ShownShift>> {
  const route = `POST /shifts/${id}/counts`;
  const given = { projectId, route, key, actorId: by.actor.id, request: { counted, note } };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const countedMinor = cashMinor(counted, project.currency);
    const before = await heldShift(tx, { project, id });
    if (before.cashierId !== personOf(by.actor) && !mayCountOthers) {
      throw new Problem('conflict', 'It is the shift of another cashier.');
    }
    if (before.state !== 'open' && before.state !== 'recount') {
      throw new Problem('conflict', `The shift is ${before.state}: there is nothing to count.`);
    }
    if (before.state === 'open') {
      await tx.execute(sql`UPDATE shifts SET closed_at = ${now.toISOString()}::timestamptz
        WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
    }
    // What a count before this one took to the safe is in the drawer again, as far as counting goes.
    const earlier = before.counted === null ? 0n : minorOf(before.counted, project.currency);
    const held = await heldIn(tx, { projectId, code: 'cash', detail: id });
    const expectedMinor = held + earlier;
    await tx.insert(shiftCounts).values({
      ...{ projectId, shiftId: id, expectedMinor, countedMinor, note },
      ...{ countedById: personOf(by.actor), countedBy: by.actor.name, countedAt: now },
    });
    const more = countedMinor - earlier;
    if (more !== 0n) {
      await moveCash(tx, {
        ...{ project, by, now, note, drawer: { detail: id, shiftId: id } },
        kind: more > 0n ? 'hand-in' : 'hand-back',
        amountMinor: more > 0n ? more : -more,
      });
    }
    const body = await shiftOf(tx, { project, id });
    await record(tx, {
      ...{ projectId, ...by, action: 'shift.counted', subjectKind: 'shift', subjectId: id },
      detail: { counted, expected: body.expected, difference: body.difference, note },
    });
    if (body.state === 'closed') {
      await tell(tx, [{ projectId, kind: 'shift.closed', subjectId: id }]);
    }
    return { status: 201, body };
  });
}

/**
 * A second person on a count that is over or short: books it, or has it counted again. Throws Problem `not-found`,
 * `conflict` when nothing waits, `own-approval` for the cashier or who counted, unless one person may do both.
 */
export async function decideShift(
  db: Db,
  {
    projectId,
    id,
    decision,
    reason,
    key,
    by,
    clock,
  }: Keyed & { id: string; decision: 'approve' | 'recount'; reason: string },
): Promise<Answer<ShownShift>> {
  const route = `POST /shifts/${id}/decisions`;
  const given = { projectId, route, key, actorId: by.actor.id, request: { decision, reason } };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const before = await heldShift(tx, { project, id });
    const { countId, difference } = before;
    if (before.state !== 'counted' || countId === null || difference === null) {
      throw new Problem('conflict', `The shift is ${before.state}: nothing waits for a decision.`);
    }
    const person = personOf(by.actor);
    const isSamePerson = person === before.cashierId || person === before.countedById;
    if (isSamePerson && !(await readVendingSettings(tx, projectId)).singlePersonApproves) {
      throw new Problem('own-approval', 'Over and short is agreed to by a second person.');
    }
    let transactionId: string | null = null;
    if (decision === 'approve') {
      const off = minorOf(difference, project.currency);
      transactionId = await post(tx, {
        projectId,
        currency: project.currency,
        head: {
          ...{ kind: 'adjustment', accountId: null, postedAt: now },
          accountingDate: dayOf(project, now),
          cause: { shift: id, count: countId, reason },
        },
        legs: [
          { code: 'cash', detail: id, accountId: null, amountMinor: off },
          { code: 'over-short', detail: before.cashierId, accountId: null, amountMinor: -off },
        ],
      });
    }
    await tx.insert(shiftDecisions).values({
      ...{ projectId, countId, decision, reason, transactionId },
      ...{ decidedById: person, decidedBy: by.actor.name, decidedAt: now },
    });
    await record(tx, {
      ...{ projectId, ...by, subjectKind: 'shift', subjectId: id },
      action: decision === 'approve' ? 'shift.approved' : 'shift.recount-asked',
      detail: { difference, reason, ...(isSamePerson && { bySamePerson: true }) },
    });
    if (decision === 'approve')
      await tell(tx, [{ projectId, kind: 'shift.closed', subjectId: id }]);
    return { status: 201, body: await shiftOf(tx, { project, id }) };
  });
}

/** A shift as it stands, kept from others until commit: also from who would sell in it. */
async function heldShift(
  tx: Tx,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownShift> {
  const found = await tx.execute(sql`
    SELECT 1 FROM shifts WHERE project_id = ${project.id}::bigint AND id = ${id}::bigint
    FOR NO KEY UPDATE`);
  if (found.rows.length === 0) throw notFound('shift');
  return await shiftOf(tx, { project, id });
}

/** Cash as it was sent: zero or more. */
export function cashMinor(sent: Money, currency: string): bigint {
  const minor = minorOf(sent, currency);
  if (minor < 0n || minor > CASH_MINOR_MAX) {
    throw new Problem('invalid-amount', 'Cash is zero or more, and below ten million.');
  }
  return minor;
}

/** Cash moved by hand: out of one's drawer to the safe, to the bank and what came of it, from the bank. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import type { Money } from '../sql/money.ts';
import { personOf } from '../sql/permission.ts';
import { type Db, type Tx, violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { assertHeld, type Drawer, heldIn, moveCash, openShiftOf } from './cash.ts';
import { type By, minorOf } from './fields.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { cashMinor } from './shift.ts';
import { listMovements, movementOf, type ShownMovement } from './shift-list.ts';

/** What is asked for; an arrival has the amount of its deposit, an old drawer is emptied. */
export type HandMove =
  | { kind: 'hand-in'; shiftId: string; amount: Money; note: string | null }
  | { kind: 'hand-in'; drawer: string; note: string | null }
  | { kind: 'deposit' | 'withdrawal'; amount: Money; note: string | null }
  | { kind: 'arrival'; depositId: string; note: string | null };

/**
 * Moves cash once per key. Throws Problem `conflict` (not one's own open shift, not enough there, arrived already),
 * `invalid-amount`, `not-found`, `month-closed`.
 */
export async function moveByHand(
  db: Db,
  {
    projectId,
    move,
    route,
    key,
    by,
    clock,
  }: {
    projectId: string;
    move: HandMove;
    route: string;
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownMovement>> {
  const given = { projectId, route, key, actorId: by.actor.id, request: move };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const what = await partsOf(tx, { project, move, by });
    const { kind, note } = move;
    const id = await moveCash(tx, { project, kind, note, ...what, by, now: clock() }).catch(
      (error: unknown) => {
        if (!violatedConstraint(error)?.includes('deposit_id_unique')) throw error;
        throw new Problem('conflict', 'That deposit has arrived already.', { cause: error });
      },
    );
    const body = await movementOf(tx, { project, id });
    await record(tx, {
      ...{ projectId, ...by, action: `cash.${kind}`, subjectKind: 'cash-movement', subjectId: id },
      detail: { amount: body.amount, note, ...(what.drawer && { drawer: what.drawer.detail }) },
    });
    return { status: 201, body };
  });
}

async function partsOf(
  tx: Tx,
  { project, move, by }: { project: ProjectTerms; move: HandMove; by: By },
): Promise<{ amountMinor: bigint; drawer?: Drawer; depositId?: string }> {
  const projectId = project.id;
  const aboveZero = (minor: bigint) => {
    if (minor > 0n) return minor;
    throw new Problem('invalid-amount', 'Cash that moves is above zero.');
  };
  if (move.kind === 'arrival') {
    const [deposit] = await listMovements(tx, { project, id: move.depositId, limit: 1 });
    if (deposit?.kind !== 'deposit') throw notFound('deposit');
    const amountMinor = minorOf(deposit.amount, project.currency);
    return { amountMinor, depositId: move.depositId };
  }
  if (move.kind !== 'hand-in') {
    return { amountMinor: aboveZero(cashMinor(move.amount, project.currency)) };
  }
  if ('drawer' in move) {
    // Two who empty it at once would each take what is in it.
    await tx.execute(
      sql`SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger.drawer/${projectId}/${move.drawer}`}, 0))`,
    );
    const isShift = await tx.execute(sql`
      SELECT 1 FROM shifts WHERE project_id = ${projectId}::bigint AND id::text = ${move.drawer}`);
    if (isShift.rows.length > 0) throw new Problem('conflict', 'The drawer of a shift is counted.');
    const amountMinor = await heldIn(tx, { projectId, code: 'cash', detail: move.drawer });
    if (amountMinor <= 0n) throw new Problem('conflict', 'That drawer holds nothing.');
    return { amountMinor, drawer: { detail: move.drawer, shiftId: null } };
  }
  const amountMinor = aboveZero(cashMinor(move.amount, project.currency));
  const own = await openShiftOf(tx, { projectId, cashierId: personOf(by.actor), use: 'out' });
  if (own !== move.shiftId) throw new Problem('conflict', 'It is not your own open shift.');
  const drawer = { detail: own, shiftId: own };
  await assertHeld(tx, { project, drawer, amountMinor });
  return { amountMinor, drawer };
}

/**
 * Where cash is: in a cashier's drawer (a ledger account of each shift), in the safe, on its way to the bank.
 * It moves from one place to another by a posting of its own, never out of a place that does not hold it.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { Rows } from '../sql/flight.ts';
import { type LocalDay, localDayOf } from '../sql/local-day.ts';
import { money } from '../sql/money.ts';
import { type Actor, personOf } from '../sql/permission.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { cashMovements } from '../sql/schema/index.ts';
import { readVendingSettings } from '../sql/vending-settings.ts';
import type { Channel } from './channel.ts';
import type { LedgerCode } from './chart.ts';
import { type By, only } from './fields.ts';
import { type Leg, post } from './ledger.ts';
import type { ProjectTerms } from './project.ts';

/** The drawer that cash goes into or comes out of, as the ledger names it. */
export interface Drawer {
  detail: string;
  shiftId: string | null;
}

/**
 * The drawer of who acts: of his open shift, else, where the project does not ask for shifts, his own. The shift
 * stays open until commit; `out` keeps others from taking out of it meanwhile. Throws Problem `shift-needed`.
 */
async function drawerOf(
  tx: Tx,
  { projectId, actor, use }: { projectId: string; actor: Actor; use: 'in' | 'out' },
): Promise<Drawer> {
  const shiftId = await openShiftOf(tx, { projectId, cashierId: personOf(actor), use });
  return await drawerIn(tx, { projectId, actor, shiftId });
}

/** The drawer of who acts, whose open shift is known and held. Throws Problem `shift-needed`. */
export async function drawerIn(
  tx: Tx,
  { projectId, actor, shiftId }: { projectId: string; actor: Actor; shiftId: string | null },
): Promise<Drawer> {
  if (shiftId !== null) return { detail: shiftId, shiftId };
  const { cashNeedsShift } = await readVendingSettings(tx, projectId);
  if (cashNeedsShift) {
    throw new Problem('shift-needed', 'Cash is taken and given in a shift: open yours first.');
  }
  return { detail: actor.id, shiftId: null };
}

/** The drawer for money of a channel, null unless it is cash; what is taken out of a shift's is in it. Throws as both. */
export async function drawerFor(
  tx: Tx,
  {
    project,
    channel,
    amountMinor,
    use,
    by,
  }: {
    project: ProjectTerms;
    channel: Channel | null;
    amountMinor: bigint;
    use: 'in' | 'out';
    by: By;
  },
): Promise<Drawer | null> {
  if (channel !== 'cash') return null;
  const drawer = await drawerOf(tx, { projectId: project.id, actor: by.actor, use });
  if (use === 'out') await assertHeld(tx, { project, drawer, amountMinor });
  return drawer;
}

/** The drawer of what is sold or refunded, and the shift that it belongs to by whatever channel. Throws as `drawerFor`. */
export async function tillOf(
  tx: Tx,
  asked: Parameters<typeof drawerFor>[1],
): Promise<{ drawer: Drawer | null; shiftId: string | null }> {
  const drawer = await drawerFor(tx, asked);
  if (drawer) return { drawer, shiftId: drawer.shiftId };
  const cashierId = personOf(asked.by.actor);
  const shiftId = await openShiftOf(tx, { projectId: asked.project.id, cashierId, use: 'in' });
  return { drawer, shiftId };
}

/** The open shift of a person, held until commit; null where there is none. */
export async function openShiftOf(tx: Tx, asked: AskedShift): Promise<string | null> {
  return shiftIn((await tx.execute(holdingShift(asked))).rows);
}

interface AskedShift {
  projectId: string;
  cashierId: string;
  use: 'in' | 'out';
}

/** The statement that holds it, and what its rows say. */
export const holdingShift = ({ projectId, cashierId, use }: AskedShift): SQL => sql`
  SELECT id::text FROM shifts WHERE project_id = ${projectId}::bigint
    AND cashier_id = ${cashierId} AND closed_at IS NULL
  ${use === 'in' ? sql`FOR SHARE` : sql`FOR NO KEY UPDATE`}`;
export const shiftIn = (rows: Rows): string | null => (rows[0]?.id as string | undefined) ?? null; // As `holdingShift` asks for it.

/** What a place of cash holds by the ledger, minor units. */
export async function heldIn(
  tx: Queryable,
  { projectId, code, detail = '' }: { projectId: string; code: LedgerCode; detail?: string },
): Promise<bigint> {
  const found = await tx.execute<{ sum: string }>(sql`
    SELECT coalesce(sum(e.amount), 0)::text AS sum
    FROM ledger_accounts l JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
    WHERE l.project_id = ${projectId}::bigint AND l.code = ${code} AND l.detail = ${detail}
      AND l.account_id IS NULL`);
  return BigInt(found.rows[0]?.sum ?? 0);
}

/** Refuses (Problem `conflict`) to take more out of a shift's drawer than is in it. */
export async function assertHeld(
  tx: Tx,
  { project, drawer, amountMinor }: { project: ProjectTerms; drawer: Drawer; amountMinor: bigint },
): Promise<void> {
  // Of a drawer without a shift nobody has counted what was in it at first.
  if (drawer.shiftId === null) return;
  const held = await heldIn(tx, { projectId: project.id, code: 'cash', detail: drawer.detail });
  if (held >= amountMinor) return;
  const { amount } = money(held, project.currency);
  throw new Problem('conflict', `The drawer holds ${amount} ${project.currency}: not enough.`);
}

export const movementKinds = cashMovements.kind.enumValues;
export type MovementKind = (typeof movementKinds)[number];

/** What each movement is debited to and credited from; null: the drawer. */
const ways: Record<MovementKind, { to: LedgerCode | null; from: LedgerCode | null }> = {
  float: { to: null, from: 'safe' },
  'hand-in': { to: 'safe', from: null },
  'hand-back': { to: null, from: 'safe' },
  deposit: { to: 'bank-transit', from: 'safe' },
  arrival: { to: 'bank', from: 'bank-transit' },
  withdrawal: { to: 'safe', from: 'bank' },
};

/**
 * Moves cash and writes it down; returns the id of the movement. Throws Problem `conflict` when the safe does not
 * hold so much (or a deposit has arrived already), `month-closed` where the day takes no posting.
 */
export async function moveCash(
  tx: Tx,
  {
    project,
    kind,
    amountMinor,
    drawer = null,
    depositId = null,
    note,
    by,
    now,
  }: {
    project: ProjectTerms;
    kind: MovementKind;
    amountMinor: bigint;
    drawer?: Drawer | null;
    depositId?: string | null;
    note: string | null;
    by: By;
    now: Date;
  },
): Promise<string> {
  const projectId = project.id;
  const { to, from } = ways[kind];
  if (from === 'safe') await assertInSafe(tx, { project, amountMinor });
  const place = (code: LedgerCode | null): Pick<Leg, 'code' | 'detail' | 'accountId'> => {
    if (code !== null) return { code, accountId: null };
    if (drawer === null) throw new Error(`a ${kind} needs a drawer`);
    return { code: 'cash', detail: drawer.detail, accountId: null };
  };
  const transactionId = await post(tx, {
    projectId,
    currency: project.currency,
    head: {
      ...{ kind: 'transfer', accountId: null, postedAt: now },
      accountingDate: dayOf(project, now),
      cause: { cash: kind, ...(drawer && { drawer: drawer.detail }) },
    },
    legs: [
      { ...place(to), amountMinor },
      { ...place(from), amountMinor: -amountMinor },
    ],
  });
  const made = await tx
    .insert(cashMovements)
    .values({
      ...{ projectId, kind, amountMinor, currency: project.currency, note, depositId },
      ...{ drawer: drawer?.detail ?? null, shiftId: drawer?.shiftId ?? null },
      ...{ movedById: personOf(by.actor), movedBy: by.actor.name, movedAt: now, transactionId },
    })
    .returning({ id: cashMovements.id });
  return only(made).id;
}

/** The day that an act at the counter is booked on. */
export const dayOf = ({ zone }: ProjectTerms, now: Date): LocalDay =>
  localDayOf(zone, now.getTime());

/** Keeps others from taking out of the safe until commit. */
async function assertInSafe(
  tx: Tx,
  { project, amountMinor }: { project: ProjectTerms; amountMinor: bigint },
): Promise<void> {
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger.safe/${project.id}`}, 0))`,
  );
  const held = await heldIn(tx, { projectId: project.id, code: 'safe' });
  if (held >= amountMinor) return;
  const { amount } = money(held, project.currency);
  throw new Problem('conflict', `The safe holds ${amount} ${project.currency}: not enough.`);
}

/**
 * Quarter-hours edited by a person: proposed with a reason, approved by another person when much money hangs on
 * it, taken in by the builder, and taken back. What was there before stays in `interval_versions`.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { markDirty } from '../sql/dirty-days.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import { personOf } from '../sql/permission.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { readQualityProject } from '../sql/quality-settings.ts';
import type { Questdb } from '../sql/questdb.ts';
import { intervalEdits } from '../sql/schema/index.ts';
import { daysOf, type Edit } from './amendments.ts';
import { approvalFor } from './edit-approval.ts';
import { estimate, spread } from './estimate.ts';
import { type Current, historyOf, slotsOf } from './point-slots.ts';
import { type Acting, only } from './rows.ts';

export type EditDecision = 'approve' | 'reject' | 'withdraw' | 'take-back';
export type EditState = 'waiting' | 'approved' | 'rejected' | 'withdrawn' | 'taken-back';

/** Longest range of one edit. */
const DAYS_MAX = 31;
const DAY_MS = 86_400_000;

export interface Wanted {
  pointId: string;
  from: string;
  to: string;
  method: Edit['method'];
  /** The total of the range, base units. */
  quantity?: number;
  /** With `set`: each quarter-hour. */
  slots?: readonly { at: string; quantity: number }[];
  reason: string;
  exceptionId: string | null;
}

/**
 * Proposes an edit; one that needs no second person is approved at once. Returns its id. Throws Problem
 * `not-found`, `invalid-request`, `range-too-long`, `conflict` when another edit has one of the quarter-hours,
 * `estimate-over-measured`.
 */
export async function propose(
  tx: Tx,
  acting: Acting,
  wanted: Wanted,
  at: { questdb: Questdb; now: Date },
): Promise<string> {
  const { id, approval, place } = await enter(tx, acting, wanted, at);
  if (approval === null) await write(tx, acting, { id, ...place, ...SMALL });
  return id;
}

/** What an edit comes to that is tried and not kept, and why a second person would have to approve it. */
export interface TriedEdit {
  approval: 'amount' | 'no-price' | null;
  /** 0 to 100. */
  confidence: number;
  /** Base units of the range. */
  energyBefore: number;
  energyAfter: number;
}

/** Puts an edit in force whoever has to approve it: only for a transaction that is rolled back. Throws as `propose`. */
export async function tryEdit(
  tx: Tx,
  acting: Acting,
  wanted: Wanted,
  at: { questdb: Questdb; now: Date },
): Promise<TriedEdit> {
  const { id, place, ...tried } = await enter(tx, acting, wanted, at);
  await write(tx, acting, { id, ...place, ...SMALL });
  return tried;
}

const SMALL = {
  decision: 'approve',
  reason: 'below the amount that needs a second person',
} as const;

async function enter(
  tx: Tx,
  { projectId, actor, traceId }: Acting,
  wanted: Wanted,
  { questdb, now }: { questdb: Questdb; now: Date },
): Promise<TriedEdit & { id: string; place: Parameters<typeof daysOf>[1] & { zone: string } }> {
  const { pointId, method, reason, exceptionId } = wanted;
  const { fromMs, toMs } = rangeOf(wanted, now);
  await lockPoint(tx, { projectId, pointId });
  await assertAlone(tx, { projectId, pointId, fromMs, toMs });
  await assertMetered(tx, { projectId, pointId, fromMs, toMs });
  const project = await readQualityProject(tx, projectId);
  // The quarter-hours beside the range, for a line between them.
  const at = { projectId, pointId, zone: project.zone };
  const wide = await slotsOf(questdb, { ...at, fromMs: fromMs - SLOT_MS, toMs: toMs + SLOT_MS });
  const slots = wide.slice(1, -1);
  const made =
    method === 'set'
      ? { quantities: setTo(slots, wanted), confidence: 100 }
      : await estimated(questdb, { ...at, method, wide, slots, quantity: wanted.quantity });
  const { quantities, confidence } = made;
  const moves = slots.map((s, i) => Math.abs((quantities[i] ?? 0) - (s.quantity ?? 0)));
  const approval = await approvalFor(tx, { ...project, pointId, moves, fromMs, toMs, actor });
  const sumOf = (values: readonly (number | null)[]) =>
    values.reduce<number>((a, b) => a + (b ?? 0), 0);
  const [energyBefore, energyAfter] = [sumOf(slots.map((s) => s.quantity)), sumOf(quantities)];
  const { id } = only(
    await tx
      .insert(intervalEdits)
      .values({
        ...{ projectId, pointId, method, confidence, reason, exceptionId, approval },
        ...{ fromAt: new Date(fromMs), toAt: new Date(toMs), proposedBy: personOf(actor) },
        slots: slots.map((s, i) => [s.startMs, quantities[i] ?? 0, s.quantity]),
        energyBefore: BigInt(energyBefore),
        energyAfter: BigInt(energyAfter),
      })
      .returning({ id: intervalEdits.id }),
  );
  await record(tx, {
    ...{ projectId, actor, traceId, action: 'interval-edit.proposed' },
    ...{ subjectKind: 'point', subjectId: pointId },
    detail: { editId: id, method, from: wanted.from, to: wanted.to, reason },
  });
  const place = { pointId, fromMs, toMs, zone: project.zone };
  return { id, approval, confidence, energyBefore, energyAfter, place };
}

/** Epoch ms of the range. */
function rangeOf({ from, to }: Wanted, now: Date): { fromMs: number; toMs: number } {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs % SLOT_MS !== 0 || toMs % SLOT_MS !== 0) {
    throw new Problem('invalid-request', 'json/from: an edit begins and ends on a quarter-hour');
  }
  if (toMs <= fromMs) throw new Problem('invalid-request', 'json/to: must be later than from');
  if (toMs > now.getTime()) throw new Problem('invalid-request', 'json/to: lies in the future');
  if (toMs - fromMs > DAYS_MAX * DAY_MS) {
    throw new Problem('range-too-long', `An edit takes ${DAYS_MAX} days at most.`);
  }
  return { fromMs, toMs };
}

/** Two people who edit one point come one after the other. */
async function lockPoint(tx: Tx, { projectId, pointId }: { projectId: string; pointId: string }) {
  const { rows } = await tx.execute(sql`SELECT id FROM points
    WHERE project_id = ${projectId}::bigint AND id = ${pointId}::bigint FOR UPDATE`);
  if (rows.length === 0) throw notFound('point');
}

interface Place {
  projectId: string;
  pointId: string;
  fromMs: number;
  toMs: number;
}

async function assertAlone(tx: Tx, { projectId, pointId, fromMs, toMs }: Place): Promise<void> {
  const { rows } = await tx.execute<{ from_at: string; to_at: string; proposed_by: string }>(sql`
    SELECT e.from_at, e.to_at, e.proposed_by FROM interval_edits e LEFT JOIN LATERAL (
      SELECT decision FROM interval_edit_decisions d
      WHERE d.project_id = e.project_id AND d.edit_id = e.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE e.project_id = ${projectId}::bigint AND e.point_id = ${pointId}::bigint
      AND coalesce(d.decision, 'approve') = 'approve'
      AND e.from_at < ${new Date(toMs).toISOString()}::timestamptz
      AND e.to_at > ${new Date(fromMs).toISOString()}::timestamptz
    ORDER BY e.from_at LIMIT 1`);
  const [other] = rows;
  if (!other) return;
  const iso = (at: string) => new Date(at).toISOString();
  throw new Problem(
    'conflict',
    `${other.proposed_by} has edited ${iso(other.from_at)} to ${iso(other.to_at)}: take that back first.`,
  );
}

async function assertMetered(tx: Tx, { projectId, pointId, fromMs, toMs }: Place): Promise<void> {
  const { rows } = await tx.execute<{ metered: boolean }>(sql`
    SELECT coalesce(range_agg(tstzrange(valid_from, valid_to)) @>
      tstzrange(${new Date(fromMs).toISOString()}, ${new Date(toMs).toISOString()}), false) AS metered
    FROM installations
    WHERE project_id = ${projectId}::bigint AND point_id = ${pointId}::bigint`);
  if (rows[0]?.metered) return;
  throw new Problem(
    'invalid-request',
    'json/from: no meter stood at the point in all of this time',
  );
}

/** What a person says each quarter-hour was, or a total in the shape that is there. */
function setTo(current: readonly Current[], { slots, quantity }: Wanted): number[] {
  if ((slots === undefined) === (quantity === undefined)) {
    throw new Problem('invalid-request', 'json/slots: say either slots or quantity');
  }
  if (quantity !== undefined) {
    return spread(
      current.map((s) => s.quantity ?? 0),
      quantity,
    );
  }
  const said = new Map(slots?.map((s) => [Date.parse(s.at), s.quantity]));
  if (said.size !== current.length || current.some((s) => !said.has(s.startMs))) {
    throw new Problem(
      'invalid-request',
      'json/slots: must name each quarter-hour of the range once',
    );
  }
  return current.map((s) => said.get(s.startMs) ?? 0);
}

async function estimated(
  questdb: Questdb,
  {
    projectId,
    pointId,
    method,
    wide,
    slots,
    quantity,
  }: {
    projectId: string;
    pointId: string;
    method: Exclude<Edit['method'], 'set'>;
    /** With one more on both sides. */
    wide: readonly Current[];
    slots: readonly Current[];
    quantity?: number;
  },
) {
  const measured = slots.find((s) => s.quality === 'measured' || s.quality === 'edited');
  if (measured) {
    throw new Problem(
      'estimate-over-measured',
      `At ${new Date(measured.startMs).toISOString()} it was ${measured.quality}: only a person’s own number, approved, may take its place.`,
    );
  }
  const isKnown = slots.every((s) => s.quantity !== null);
  const known = isKnown ? slots.reduce((sum, s) => sum + (s.quantity ?? 0), 0) : null;
  if (known !== null && quantity !== undefined && quantity !== known) {
    throw new Problem('invalid-request', `json/quantity: the registers on both sides say ${known}`);
  }
  const [first] = slots;
  const history = await historyOf(questdb, { projectId, pointId, untilMs: first?.startMs ?? 0 });
  if (method !== 'linear' && history.length === 0) {
    throw new Problem('invalid-request', 'json/method: the point has no measured days to go by');
  }
  const around = [wide[0]?.quantity ?? null, wide.at(-1)?.quantity ?? null] as const;
  return estimate(method, { slots, history, total: known ?? quantity ?? null, around });
}

const stateOf: Record<EditDecision, EditState> = {
  approve: 'approved',
  reject: 'rejected',
  withdraw: 'withdrawn',
  'take-back': 'taken-back',
};
/** What may follow what. */
const NEXT: Record<EditState, readonly EditDecision[]> = {
  waiting: ['approve', 'reject', 'withdraw'],
  approved: ['take-back'],
  rejected: [],
  withdrawn: [],
  'taken-back': [],
};

/** The state that the newest decision leaves an edit in. */
export const editState = (decision: EditDecision | null): EditState =>
  decision === null ? 'waiting' : stateOf[decision];

/**
 * Decides an edit. Throws Problem `not-found`, `conflict` when that cannot follow what was decided before,
 * `own-approval` when who proposed it approves it.
 */
export async function decideEdit(
  tx: Tx,
  acting: Acting,
  { id, decision, reason }: { id: string; decision: EditDecision; reason: string },
): Promise<void> {
  const { projectId, actor } = acting;
  const { rows } = await tx.execute<{
    point_id: string;
    starts: string;
    ends: string;
    proposed_by: string;
  }>(sql`
    SELECT point_id::text, (extract(epoch FROM from_at) * 1000)::bigint::text AS starts,
      (extract(epoch FROM to_at) * 1000)::bigint::text AS ends, proposed_by
    FROM interval_edits WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
  const edit = rows[0];
  if (!edit) throw notFound('edit');
  await lockPoint(tx, { projectId, pointId: edit.point_id });
  const last = await tx.execute<{ decision: EditDecision }>(sql`
    SELECT decision FROM interval_edit_decisions
    WHERE project_id = ${projectId}::bigint AND edit_id = ${id}::bigint ORDER BY id DESC LIMIT 1`);
  const state = editState(last.rows[0]?.decision ?? null);
  if (!NEXT[state].includes(decision)) {
    throw new Problem('conflict', `The edit is ${state}: it cannot be decided so.`);
  }
  if (decision === 'approve' && edit.proposed_by === personOf(actor)) {
    throw new Problem(
      'own-approval',
      'Who proposed an edit does not approve it: a second person does.',
    );
  }
  const { zone } = await readQualityProject(tx, projectId);
  const place = { pointId: edit.point_id, fromMs: Number(edit.starts), toMs: Number(edit.ends) };
  await write(tx, acting, { id, zone, ...place, decision, reason });
}

async function write(
  tx: Tx,
  { projectId, actor, traceId }: Acting,
  {
    id,
    zone,
    decision,
    reason,
    ...place
  }: {
    id: string;
    zone: string;
    decision: EditDecision;
    reason: string;
    pointId: string;
    fromMs: number;
    toMs: number;
  },
): Promise<void> {
  await tx.execute(sql`
    INSERT INTO interval_edit_decisions (project_id, edit_id, decision, decided_by, reason)
    VALUES (${projectId}::bigint, ${id}::bigint, ${decision}, ${personOf(actor)}, ${reason})`);
  if (decision === 'approve' || decision === 'take-back') {
    const why = decision === 'approve' ? 'interval edited' : 'edit taken back';
    await markDirty(tx, { projectId, days: daysOf(zone, place), who: 'ingest', why });
  }
  await record(tx, {
    ...{ projectId, actor, traceId, action: `interval-edit.${stateOf[decision]}` },
    ...{ subjectKind: 'point', subjectId: place.pointId, detail: { editId: id, reason } },
  });
}

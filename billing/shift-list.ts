/** Shifts as they are shown, with what the ledger says of their drawers; and every movement of cash. */
import { type SQL, sql } from 'drizzle-orm';
import { dayStart, type LocalDay } from '../sql/local-day.ts';
import { exponentOf, type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { matches } from '../sql/search.ts';
import type { MovementKind } from './cash.ts';
import { moneyOrNull, only } from './fields.ts';
import type { ProjectTerms } from './project.ts';

/** counted: over or short, waiting for a second person; recount: who asked for another count. */
export const shiftStates = ['open', 'counted', 'recount', 'closed'] as const;
export type ShiftState = (typeof shiftStates)[number];

export interface ShownShift {
  id: string;
  state: ShiftState;
  cashierId: string;
  cashier: string;
  openedAt: string;
  closedAt: string | null;
  float: Money;
  /** Receipts of any channel. */
  receipts: number;
  /** Cash of sales, deposits …; given back (above zero); what went to the safe before the count. */
  sold: Money;
  returned: Money;
  handedIn: Money;
  /** What should be in the drawer: now while it is open, else when it was last counted. */
  expected: Money;
  counted: Money | null;
  /** Above zero: over. */
  difference: Money | null;
  countId: string | null;
  countedById: string | null;
  countedBy: string | null;
  countedAt: string | null;
  note: string | null;
  decidedBy: string | null;
  decidedAt: string | null;
  reason: string | null;
  /** What is over or short was agreed to by its cashier or by who counted it. */
  approvedBySamePerson: boolean;
}

type Row = {
  state: ShiftState;
  receipts: number;
  same_person: boolean;
} & Record<
  | 'id'
  | 'cashier_id'
  | 'cashier'
  | 'opened_at'
  | 'float'
  | 'sold'
  | 'returned'
  | 'handed_in'
  | 'expected',
  string
> &
  Record<
    | 'closed_at'
    | 'counted'
    | 'count_id'
    | 'counted_by_id'
    | 'counted_by'
    | 'counted_at'
    | 'note'
    | 'decided_by'
    | 'decided_at'
    | 'reason',
    string | null
  >;

/** One shift. Throws Problem `not-found`. */
export async function shiftOf(
  db: Queryable,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownShift> {
  const found = await db.execute<Row>(sql`
    ${shown(project.id)} AND s.id = ${id}::bigint`);
  const row = found.rows[0];
  if (!row) throw notFound('shift');
  return render(row, project.currency);
}

interface ShiftFilter {
  project: ProjectTerms;
  from: LocalDay | undefined;
  to: LocalDay | undefined;
  state?: ShiftState | null | undefined;
  q?: string | undefined;
}

const filtered = ({ project, from, to, state = null, q = '' }: ShiftFilter): SQL => sql`
  SELECT * FROM (${shown(project.id)}
    AND ${within(project, { column: sql`s.opened_at`, from, to })}) shown
  WHERE (${state}::text IS NULL OR state = ${state})
    AND ${matches(q, sql`id, cashier, note, reason, counted_by, decided_by`)}`;

/** Shifts opened on local days [from, to), newest first, before `cursor` (an id). */
export async function listShifts(
  db: Queryable,
  { cursor = null, limit, ...filter }: ShiftFilter & { cursor?: string | null; limit: number },
): Promise<ShownShift[]> {
  const found = await db.execute<Row>(sql`
    SELECT * FROM (${filtered(filter)}) f WHERE ${cursor}::bigint IS NULL OR f.id::bigint < ${cursor}::bigint
    ORDER BY f.id::bigint DESC LIMIT ${limit}`);
  return found.rows.map((row) => render(row, filter.project.currency));
}

/** What all shifts of a filter come to; the difference of those that are counted. */
export async function sumShifts(db: Queryable, filter: ShiftFilter) {
  const found = await db.execute<
    { count: number; receipts: number } & Record<
      'sold' | 'returned' | 'handed_in' | 'difference',
      string
    >
  >(sql`
    SELECT count(*)::int AS count, coalesce(sum(receipts), 0)::int AS receipts,
      coalesce(sum(sold::bigint), 0)::text AS sold,
      coalesce(sum(returned::bigint), 0)::text AS returned,
      coalesce(sum(handed_in::bigint), 0)::text AS handed_in,
      coalesce(sum(counted::bigint - expected::bigint), 0)::text AS difference
    FROM (${filtered(filter)}) f`);
  const row = only(found.rows);
  const inMoney = (minor: string) => money(BigInt(minor), filter.project.currency);
  return {
    count: row.count,
    receipts: row.receipts,
    sold: inMoney(row.sold),
    returned: inMoney(row.returned),
    handedIn: inMoney(row.handed_in),
    difference: inMoney(row.difference),
  };
}

/** Minor units as people write them, to be searched. */
export const majorText = (minor: SQL, currency: string): SQL =>
  sql`round(${minor} / power(10::numeric, ${exponentOf(currency)}::int), ${exponentOf(currency)}::int)`;

/** Whether an instant lies in local days [from, to). */
export function within(
  { zone }: ProjectTerms,
  { column, from, to }: { column: SQL; from: LocalDay | undefined; to: LocalDay | undefined },
): SQL {
  const start = from === undefined ? null : new Date(dayStart(zone, from)).toISOString();
  const end = to === undefined ? null : new Date(dayStart(zone, to)).toISOString();
  return sql`(${start}::timestamptz IS NULL OR ${column} >= ${start}::timestamptz)
    AND (${end}::timestamptz IS NULL OR ${column} < ${end}::timestamptz)`;
}

const shown = (projectId: string): SQL => sql`
  SELECT s.id::text, s.cashier_id, s.cashier, s.opened_at, s.closed_at, s.float_minor::text AS float,
    CASE WHEN s.closed_at IS NULL THEN 'open'
      WHEN c.counted_minor = c.expected_minor OR d.decision = 'approve' THEN 'closed'
      WHEN d.decision = 'recount' THEN 'recount' ELSE 'counted' END AS state,
    (SELECT count(*)::int FROM sales r
      WHERE r.project_id = s.project_id AND r.shift_id = s.id) AS receipts,
    coalesce(e.sold, 0)::text AS sold, coalesce(e.returned, 0)::text AS returned,
    coalesce(m.handed_in, 0)::text AS handed_in,
    coalesce(c.expected_minor, e.held, 0)::text AS expected, c.counted_minor::text AS counted,
    c.id::text AS count_id, c.counted_by_id, c.counted_by, c.counted_at, c.note, d.decided_by,
    d.decided_at, d.reason,
    coalesce(d.decision = 'approve' AND d.decided_by_id IN (s.cashier_id, c.counted_by_id), false)
      AS same_person
  FROM shifts s
  LEFT JOIN LATERAL (
    SELECT * FROM shift_counts n WHERE n.project_id = s.project_id AND n.shift_id = s.id
    ORDER BY n.id DESC LIMIT 1) c ON true
  LEFT JOIN shift_decisions d ON d.project_id = c.project_id AND d.count_id = c.id
  LEFT JOIN LATERAL (
    SELECT sum(n.amount) AS held,
      sum(n.amount) FILTER (WHERE n.amount > 0 AND t.kind NOT IN ('transfer', 'adjustment')) AS sold,
      -sum(n.amount) FILTER (WHERE n.amount < 0 AND t.kind NOT IN ('transfer', 'adjustment'))
        AS returned
    FROM ledger_accounts l
    JOIN entries n ON n.project_id = l.project_id AND n.ledger_account_id = l.id
    JOIN transactions t ON t.project_id = n.project_id AND t.id = n.transaction_id
    WHERE l.project_id = s.project_id AND l.code = 'cash' AND l.detail = s.id::text
      AND l.account_id IS NULL) e ON true
  LEFT JOIN LATERAL (
    SELECT sum(n.amount_minor) AS handed_in FROM cash_movements n
    WHERE n.project_id = s.project_id AND n.shift_id = s.id AND n.kind = 'hand-in'
      AND (s.closed_at IS NULL OR n.moved_at < s.closed_at)) m ON true
  WHERE s.project_id = ${projectId}::bigint`;

function render(row: Row, currency: string): ShownShift {
  const expected = BigInt(row.expected);
  return {
    id: row.id,
    state: row.state,
    cashierId: row.cashier_id,
    cashier: row.cashier,
    openedAt: new Date(row.opened_at).toISOString(),
    closedAt: instantOf(row.closed_at),
    float: money(BigInt(row.float), currency),
    receipts: row.receipts,
    sold: money(BigInt(row.sold), currency),
    returned: money(BigInt(row.returned), currency),
    handedIn: money(BigInt(row.handed_in), currency),
    expected: money(expected, currency),
    counted: moneyOrNull(row.counted, currency),
    difference: row.counted === null ? null : money(BigInt(row.counted) - expected, currency),
    countId: row.count_id,
    countedById: row.counted_by_id,
    countedBy: row.counted_by,
    countedAt: instantOf(row.counted_at),
    note: row.note,
    decidedBy: row.decided_by,
    decidedAt: instantOf(row.decided_at),
    reason: row.reason,
    approvedBySamePerson: row.same_person,
  };
}

const instantOf = (text: string | null) => (text === null ? null : new Date(text).toISOString());

export interface ShownMovement {
  id: string;
  kind: MovementKind;
  amount: Money;
  shiftId: string | null;
  /** Whose drawer; null where none was part of it. */
  cashier: string | null;
  depositId: string | null;
  /** Of a deposit: whether the bank has it. Null for everything else. */
  hasArrived: boolean | null;
  note: string | null;
  movedBy: string;
  movedAt: string;
  transactionId: string;
}

interface MovementFilter {
  project: ProjectTerms;
  id?: string | null;
  from?: LocalDay | undefined;
  to?: LocalDay | undefined;
  kind?: MovementKind | null | undefined;
  q?: string | undefined;
}

const moved = ({ project, id = null, from, to, kind = null, q = '' }: MovementFilter): SQL => sql`
  FROM cash_movements m
  LEFT JOIN shifts s ON s.project_id = m.project_id AND s.id = m.shift_id
  WHERE m.project_id = ${project.id}::bigint AND ${within(project, { column: sql`m.moved_at`, from, to })}
    AND (${id}::bigint IS NULL OR m.id = ${id}::bigint)
    AND (${kind}::text IS NULL OR m.kind = ${kind})
    AND ${matches(q, sql`m.id, s.cashier, m.note, m.moved_by, ${majorText(sql`m.amount_minor`, project.currency)}`)}`;

/** How many movements of a filter there are, and all that they moved. */
export async function sumMovements(db: Queryable, filter: MovementFilter) {
  const found = await db.execute<{ count: number; amount: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(m.amount_minor), 0)::text AS amount ${moved(filter)}`);
  const row = only(found.rows);
  return { count: row.count, amount: money(BigInt(row.amount), filter.project.currency) };
}

/** Movements of local days [from, to), newest first, before `cursor` (an id). */
export async function listMovements(
  db: Queryable,
  { cursor = null, limit, ...filter }: MovementFilter & { cursor?: string | null; limit: number },
): Promise<ShownMovement[]> {
  const { project } = filter;
  const found = await db.execute<
    { kind: MovementKind; arrived: boolean } & Record<
      'id' | 'amount' | 'moved_by' | 'moved_at' | 'transaction_id',
      string
    > &
      Record<'shift_id' | 'cashier' | 'deposit_id' | 'note', string | null>
  >(sql`
    SELECT m.id::text, m.kind, m.amount_minor::text AS amount, m.shift_id::text, s.cashier,
      m.deposit_id::text, m.note, m.moved_by, m.moved_at, m.transaction_id::text,
      EXISTS (SELECT FROM cash_movements a
        WHERE a.project_id = m.project_id AND a.deposit_id = m.id) AS arrived
    ${moved(filter)} AND (${cursor}::bigint IS NULL OR m.id < ${cursor}::bigint)
    ORDER BY m.id DESC LIMIT ${limit}`);
  return found.rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    amount: money(BigInt(row.amount), project.currency),
    shiftId: row.shift_id,
    cashier: row.cashier,
    depositId: row.deposit_id,
    hasArrived: row.kind === 'deposit' ? row.arrived : null,
    note: row.note,
    movedBy: row.moved_by,
    movedAt: new Date(row.moved_at).toISOString(),
    transactionId: row.transaction_id,
  }));
}

/** One movement. */
export async function movementOf(
  db: Queryable,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownMovement> {
  return only(await listMovements(db, { project, id, limit: 1 }));
}

export interface ShownCash {
  place: 'drawer' | 'safe' | 'bank-transit' | 'bank';
  /** Of a drawer: the shift, and whose it is; a drawer of before there were shifts has its cashier's id. */
  shiftId: string | null;
  detail: string;
  cashier: string | null;
  amount: Money;
}

/** Where cash is by the ledger; places that hold none are left out, the safe never. */
export async function listCash(db: Queryable, project: ProjectTerms): Promise<ShownCash[]> {
  const found = await db.execute<
    { place: ShownCash['place']; amount: string; detail: string } & Record<
      'shift_id' | 'cashier',
      string | null
    >
  >(sql`
    WITH held AS (
      SELECT l.code, l.detail, sum(e.amount) AS amount
      FROM ledger_accounts l
      JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
      WHERE l.project_id = ${project.id}::bigint AND l.account_id IS NULL
        AND l.code IN ('cash', 'safe', 'bank-transit', 'bank')
      GROUP BY 1, 2
      UNION ALL SELECT 'safe', '', 0)
    SELECT CASE h.code WHEN 'cash' THEN 'drawer' ELSE h.code END AS place, h.detail,
      s.id::text AS shift_id, s.cashier, sum(h.amount)::text AS amount
    FROM held h LEFT JOIN shifts s ON h.code = 'cash' AND s.project_id = ${project.id}::bigint
      AND s.id::text = h.detail
    GROUP BY 1, 2, 3, 4, h.code HAVING sum(h.amount) <> 0 OR h.code = 'safe'
    ORDER BY array_position(ARRAY['cash', 'safe', 'bank-transit', 'bank'], h.code), s.cashier, h.detail`);
  return found.rows.map((row) => ({
    place: row.place,
    shiftId: row.shift_id,
    detail: row.detail,
    cashier: row.cashier,
    amount: money(BigInt(row.amount), project.currency),
  }));
}

/**
 * A line of the bank or of a channel and what becomes of it: each act is added to the ones before it, and moves its
 * money from where the last one had put it. Where a line stands is its last act.
 */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import { personOf } from '../sql/permission.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { bankLineActs } from '../sql/schema/index.ts';
import type { CandidateKind, matchRules, openReasons } from './bank-match.ts';
import type { BankSource } from './bank-template.ts';
import type { LedgerCode } from './chart.ts';
import type { By } from './fields.ts';
import type { Leg } from './ledger.ts';

export const lineStates = ['matched', 'unidentified', 'claimed', 'returned'] as const;
export type LineState = (typeof lineStates)[number];

export type ActKind = (typeof bankLineActs.kind.enumValues)[number];
export type ActRule = (typeof matchRules)[number] | (typeof openReasons)[number];

/** Where a line stands after an act. */
export const stateAfter: Record<ActKind, LineState> = {
  match: 'matched',
  fee: 'matched',
  suspend: 'unidentified',
  release: 'unidentified',
  reopen: 'unidentified',
  claim: 'claimed',
  return: 'returned',
};

/** What of a line's act names what it speaks of. */
export type Target = Partial<
  Record<
    | 'saleId'
    | 'refundId'
    | 'movementId'
    | 'depositId'
    | 'residualActId'
    | 'payoutFileId'
    | 'returnedLineId',
    string
  >
>;

/** The column of an act that each kind of target stands in. */
export const targetColumn: Record<CandidateKind, keyof Target> = {
  sale: 'saleId',
  refund: 'refundId',
  'deposit-taken': 'depositId',
  'deposit-returned': 'depositId',
  residual: 'residualActId',
  'cash-deposit': 'movementId',
  'cash-arrival': 'movementId',
  'cash-withdrawal': 'movementId',
  payout: 'payoutFileId',
  return: 'returnedLineId',
};

/** Where money of a source is: what its lines are lines of. */
export const placeOfSource = (source: BankSource): LedgerCode =>
  source === 'bank' ? 'bank' : 'online-clearing';

/**
 * Against what a line's money stands after an act. What a line matches has been booked with its money already, so that
 * nothing stands against it; a payout comes out of what the provider owes.
 */
export function standsAgainst(
  source: BankSource,
  act: { kind: ActKind; isPayout: boolean },
): LedgerCode | 'wallet' {
  switch (act.kind) {
    case 'suspend':
    case 'release':
    case 'reopen':
      return 'unidentified';
    case 'fee':
      return 'channel-fee';
    case 'claim':
      return 'wallet';
    case 'match':
      return act.isPayout ? 'online-clearing' : placeOfSource(source);
    case 'return':
      return placeOfSource(source);
  }
}

/** The legs that move a line's money from one side to another; none where it stays. */
export function legsOfMove(amountMinor: bigint, from: LedgerCode, to: LedgerCode): Leg[] {
  if (from === to) return [];
  return [
    { code: from, accountId: null, amountMinor },
    { code: to, accountId: null, amountMinor: -amountMinor },
  ];
}

/** Keeps other acts on lines of a project out until commit: what one of them matches, no other does. */
export async function holdBank(tx: Tx, projectId: string): Promise<void> {
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger.bank/${projectId}`}, 0))`,
  );
}

export interface HeldLine {
  id: string;
  source: BankSource;
  day: LocalDay;
  amountMinor: bigint;
  reference: string | null;
  order: string | null;
  payer: string | null;
  text: string | null;
  /** Of its last act. */
  kind: ActKind;
  isPayout: boolean;
  ordinal: number;
}

/** A line as it stands. Throws Problem `not-found`. */
export async function lineAsItStands(
  db: Queryable,
  { projectId, id }: { projectId: string; id: string },
): Promise<HeldLine> {
  const found = await db.execute<{
    source: BankSource;
    day: LocalDay;
    amount: string;
    reference: string | null;
    order_number: string | null;
    payer: string | null;
    text: string | null;
    kind: ActKind;
    is_payout: boolean;
    ordinal: number;
  }>(sql`
    SELECT l.source, l.booked_on::text AS day, l.amount_minor::text AS amount, l.reference, l.order_number,
      l.payer, l.text, a.kind, a.payout_file_id IS NOT NULL AS is_payout, a.ordinal
    FROM bank_lines l
    JOIN LATERAL (SELECT * FROM bank_line_acts b WHERE b.project_id = l.project_id AND b.line_id = l.id
      ORDER BY b.ordinal DESC LIMIT 1) a ON true
    WHERE l.project_id = ${projectId}::bigint AND l.id = ${id}::bigint`);
  const row = found.rows[0];
  if (!row) throw notFound('line');
  return {
    ...{ id, source: row.source, day: row.day, amountMinor: BigInt(row.amount) },
    ...{ reference: row.reference, order: row.order_number, payer: row.payer, text: row.text },
    ...{ kind: row.kind, isPayout: row.is_payout, ordinal: row.ordinal },
  };
}

/** Adds an act to a line. */
export async function addAct(
  tx: Tx,
  {
    projectId,
    line,
    by,
    now,
    ...act
  }: {
    projectId: string;
    line: Pick<HeldLine, 'id' | 'ordinal'>;
    kind: ActKind;
    target?: Target;
    reason: string | null;
    transactionId: string | null;
    by: By;
    now: Date;
  },
): Promise<void> {
  await tx.insert(bankLineActs).values({
    ...{ projectId, lineId: line.id, ordinal: line.ordinal + 1, kind: act.kind, rule: 'person' },
    ...{ ...act.target, reason: act.reason, isAutomatic: false, transactionId: act.transactionId },
    ...{ actedById: personOf(by.actor), actedBy: by.actor.name, actedAt: now },
  });
}

/** The line that speaks of a sale, where one does; `holdBank` first. */
export async function lineOfSale(
  tx: Tx,
  { projectId, saleId }: { projectId: string; saleId: string },
): Promise<HeldLine | null> {
  const found = await tx.execute<{ line_id: string }>(sql`
    SELECT a.line_id::text FROM bank_line_acts a
    WHERE a.project_id = ${projectId}::bigint AND a.sale_id = ${saleId}::bigint
      AND a.kind IN ('match', 'claim') AND NOT EXISTS (SELECT FROM bank_line_acts n
        WHERE n.project_id = a.project_id AND n.line_id = a.line_id AND n.ordinal > a.ordinal)`);
  const id = found.rows[0]?.line_id;
  return id === undefined ? null : await lineAsItStands(tx, { projectId, id });
}

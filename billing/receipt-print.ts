/** A receipt as a paper, of whatever was numbered: each print is counted, and all but the first say what they are. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { type Money, money } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import type { Channel } from './channel.ts';
import { type By, only } from './fields.ts';
import { type ProjectTerms, readProject } from './project.ts';

export const paperKinds = [
  ...(['sale', 'refund', 'reversal'] as const),
  ...(['deposit-taken', 'deposit-offset', 'deposit-returned'] as const),
  ...(['residual-refund', 'residual-collect', 'residual-write-off'] as const),
] as const;

export interface Paper {
  kind: (typeof paperKinds)[number];
  receipt: string;
  /** Of a reversal: what it undoes. */
  ofReceipt: string | null;
  /** Of a sale that was undone: the receipt of its reversal. */
  reversedBy: string | null;
  accountId: string;
  accountNumber: string;
  accountName: string;
  accountNameZh: string | null;
  /** Of the meters that the account had when it happened. */
  serials: string[];
  /** Null where no money moved. */
  channel: Channel | null;
  amount: Money;
  quantity: number | null;
  commodity: 'electricity' | 'water' | null;
  price: string | null;
  at: string;
  by: string;
  /** The note of a sale, the reason of the others. */
  note: string | null;
  /** Of a sale in meter mode: the meter that it went to, and how much of it; the rest pays debts. */
  toMeter: { serial: string; amount: Money } | null;
  /** Of a reversal: who wanted it agreed to what a second person should have. */
  approvedBySamePerson: boolean;
  issuer: { name: string; nameZh: string | null; taxId: string | null };
  copy: number;
  /** True for every print but the first. */
  isReprint: boolean;
  printedAt: string;
  printedBy: string;
}

/** Counts a print and returns what stands on it. Throws Problem `not-found`. */
export async function printReceipt(
  db: Db,
  { projectId, receipt, by, now }: { projectId: string; receipt: string; by: By; now: Date },
): Promise<Paper> {
  return await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    const paper = await paperOf(tx, { project, receipt });
    await tx.execute(
      sql`SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger.print/${projectId}/${receipt}`}, 0))`,
    );
    const made = await tx.execute<{ copy: number }>(sql`
      INSERT INTO receipt_prints (project_id, receipt, copy, printed_by, printed_at)
      SELECT ${projectId}::bigint, ${receipt}, 1 + coalesce(max(copy), 0), ${by.actor.name},
        ${now.toISOString()}::timestamptz
      FROM receipt_prints WHERE project_id = ${projectId}::bigint AND receipt = ${receipt}
      RETURNING copy`);
    const { copy } = only(made.rows);
    await record(tx, {
      ...{ projectId, ...by, action: copy === 1 ? 'receipt.printed' : 'receipt.reprinted' },
      ...{ subjectKind: 'account', subjectId: paper.accountId, detail: { receipt, copy } },
    });
    const printed = { printedAt: now.toISOString(), printedBy: by.actor.name };
    return { ...paper, copy, isReprint: copy > 1, ...printed };
  });
}

type Unprinted = Omit<Paper, 'copy' | 'isReprint' | 'printedAt' | 'printedBy'>;

async function paperOf(
  tx: Tx,
  { project, receipt }: { project: ProjectTerms; receipt: string },
): Promise<Unprinted> {
  const found = await tx.execute<{
    kind: Paper['kind'];
    of_receipt: string | null;
    reversed_by: string | null;
    account_id: string;
    number: string;
    name: string;
    name_zh: string | null;
    serials: string[];
    channel: Channel | null;
    amount: string;
    quantity: string | null;
    commodity: Paper['commodity'];
    price: string | null;
    at: string;
    by: string;
    note: string | null;
    same_person: boolean;
    to_serial: string | null;
    to_minor: string | null;
    issuer: string;
    issuer_zh: string | null;
    tax_id: string | null;
  }>(sql`
    WITH papers AS (
      SELECT 'sale' AS kind, s.receipt, NULL AS of_receipt, s.account_id, s.channel, s.amount_minor,
        s.quantity, s.commodity, s.price, s.sold_at AS at, s.sold_by AS by, s.note,
        false AS same_person
      FROM sales s WHERE s.project_id = ${project.id}::bigint
      UNION ALL
      SELECT 'refund', r.receipt, NULL, r.account_id, r.channel, r.amount_minor, NULL, NULL, NULL,
        r.refunded_at, r.refunded_by, r.reason, false
      FROM refunds r WHERE r.project_id = ${project.id}::bigint
      UNION ALL
      SELECT 'reversal', d.receipt, s.receipt, s.account_id, s.channel, s.amount_minor, NULL, NULL,
        NULL, d.decided_at, r.proposed_by, r.reason,
        r.approval IS NOT NULL AND d.decided_by_id = r.proposed_by_id
      FROM sale_reversal_decisions d
      JOIN sale_reversals r ON r.project_id = d.project_id AND r.id = d.reversal_id
      JOIN sales s ON s.project_id = d.project_id AND s.id = d.sale_id
      WHERE d.project_id = ${project.id}::bigint
      UNION ALL
      SELECT 'deposit-' || d.kind, d.receipt, NULL, d.account_id, d.channel, d.amount_minor, NULL,
        NULL, NULL, d.booked_at, d.booked_by, d.note, false
      FROM deposits d WHERE d.project_id = ${project.id}::bigint
      UNION ALL
      SELECT 'residual-' || r.kind, r.receipt, NULL, r.account_id, r.channel, r.amount_minor, NULL,
        NULL, NULL, r.booked_at, r.booked_by, r.reason, false
      FROM residual_acts r WHERE r.project_id = ${project.id}::bigint)
    SELECT p.kind, p.of_receipt,
      (SELECT d.receipt FROM sale_reversal_decisions d
        JOIN sales s ON s.project_id = d.project_id AND s.id = d.sale_id
        WHERE d.project_id = ${project.id}::bigint AND d.decision = 'approve'
          AND s.receipt = p.receipt AND p.kind = 'sale') AS reversed_by,
      p.account_id::text, a.number, a.name, a.name_zh, p.channel,
      p.amount_minor::text AS amount, p.quantity::text, p.commodity, p.price::text, p.at, p.by, p.note,
      p.same_person, to_meter.serial AS to_serial, to_meter.minor AS to_minor, l.name AS issuer,
      l.name_zh AS issuer_zh, l.tax_id,
      ARRAY(SELECT m.serial FROM tenancies t
        JOIN installations i ON i.project_id = t.project_id AND i.point_id = t.point_id
          AND i.valid_from <= p.at AND (i.valid_to IS NULL OR i.valid_to > p.at)
        JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
        WHERE t.project_id = a.project_id AND t.account_id = a.id AND t.valid_from <= p.at
          AND (t.valid_to IS NULL OR t.valid_to > p.at) ORDER BY m.serial) AS serials
    FROM papers p
    JOIN accounts a ON a.project_id = ${project.id}::bigint AND a.id = p.account_id
    JOIN legal_entities l ON l.id = ${project.legalEntityId}::bigint
    LEFT JOIN LATERAL (
      SELECT m.serial, r.amount_minor::text AS minor FROM sales s
      JOIN recharges r ON r.project_id = s.project_id AND r.sale_id = s.id
      JOIN meters m ON m.project_id = r.project_id AND m.id = r.meter_id
      WHERE s.project_id = ${project.id}::bigint AND s.receipt = p.receipt AND p.kind = 'sale'
    ) to_meter ON true
    WHERE p.receipt = ${receipt}`);
  const row = found.rows[0];
  if (!row) throw notFound('receipt');
  return {
    kind: row.kind,
    receipt,
    ofReceipt: row.of_receipt,
    reversedBy: row.reversed_by,
    accountId: row.account_id,
    accountNumber: row.number,
    accountName: row.name,
    accountNameZh: row.name_zh,
    serials: row.serials,
    channel: row.channel,
    amount: money(BigInt(row.amount), project.currency),
    quantity: row.quantity === null ? null : Number(row.quantity),
    commodity: row.commodity,
    price: row.price,
    at: new Date(row.at).toISOString(),
    by: row.by,
    note: row.note,
    toMeter:
      row.to_serial === null || row.to_minor === null
        ? null
        : { serial: row.to_serial, amount: money(BigInt(row.to_minor), project.currency) },
    approvedBySamePerson: row.same_person,
    issuer: { name: row.issuer, nameZh: row.issuer_zh, taxId: row.tax_id },
  };
}

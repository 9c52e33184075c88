/** Files of the bank and of channels, their lines and how each stands, as they are shown. */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { matches } from '../sql/search.ts';
import { type ActKind, type ActRule, type LineState, stateAfter } from './bank-line.ts';
import type { CandidateKind } from './bank-match.ts';
import {
  type BankMapping,
  type BankSource,
  type BankTemplate,
  bankTemplates,
  mappingSchema,
} from './bank-template.ts';
import { only } from './fields.ts';
import type { ProjectTerms } from './project.ts';
import { majorText } from './shift-list.ts';

/** Templates of persons that are offered, the newest. */
const TEMPLATES_MAX = 50;

export interface ShownBankFile {
  id: string;
  source: BankSource;
  name: string;
  sha256: string;
  template: string;
  from: LocalDay;
  to: LocalDay;
  /** Lines that it added, and of them those that nobody has identified. */
  lines: number;
  unidentified: number;
  duplicates: number;
  skipped: number;
  amount: Money;
  fee: Money;
  /** What a channel pays out of it. */
  net: Money;
  importedBy: string;
  importedAt: string;
}

/** Newest first, before `cursor` (an id). */
export async function listBankFiles(
  db: Queryable,
  {
    project,
    source = null,
    q = '',
    cursor,
    limit,
  }: {
    project: ProjectTerms;
    source?: BankSource | null | undefined;
    q?: string | undefined;
    cursor: string | undefined;
    limit: number;
  },
): Promise<ShownBankFile[]> {
  const found = await db.execute<
    {
      source: BankSource;
      lines: number;
      duplicates: number;
      skipped: number;
      open: number;
    } & Record<
      | 'id'
      | 'name'
      | 'sha256'
      | 'template'
      | 'from_day'
      | 'to_day'
      | 'amount'
      | 'fee'
      | 'imported_by'
      | 'imported_at',
      string
    >
  >(sql`
    SELECT f.id::text, f.source, f.name, f.sha256, f.template, f.from_day::text, f.to_day::text, f.lines,
      f.duplicates, f.skipped, f.amount_minor::text AS amount, f.fee_minor::text AS fee, f.imported_by,
      f.imported_at,
      (SELECT count(*)::int FROM bank_lines l ${standing}
        WHERE l.project_id = f.project_id AND l.file_id = f.id
          AND a.kind IN ('suspend', 'release', 'reopen')) AS open
    FROM bank_files f
    WHERE f.project_id = ${project.id}::bigint AND (${source}::text IS NULL OR f.source = ${source})
      AND (${cursor ?? null}::bigint IS NULL OR f.id < ${cursor ?? null}::bigint)
      AND ${matches(q, sql`f.name, f.template, f.imported_by, f.from_day, f.to_day`)}
    ORDER BY f.id DESC LIMIT ${limit}`);
  return found.rows.map((row) => {
    const [amount, fee] = [BigInt(row.amount), BigInt(row.fee)];
    const of = (minor: bigint) => money(minor, project.currency);
    return {
      ...{ id: row.id, source: row.source, name: row.name, sha256: row.sha256 },
      ...{ template: row.template, from: row.from_day, to: row.to_day, lines: row.lines },
      ...{ unidentified: row.open, duplicates: row.duplicates, skipped: row.skipped },
      ...{ amount: of(amount), fee: of(fee), net: of(amount - fee), importedBy: row.imported_by },
      importedAt: new Date(row.imported_at).toISOString(),
    };
  });
}

/** How a line stands: its last act. */
const standing: SQL = sql`JOIN LATERAL (SELECT * FROM bank_line_acts b
  WHERE b.project_id = l.project_id AND b.line_id = l.id ORDER BY b.ordinal DESC LIMIT 1) a ON true`;

export interface ShownBankLine {
  id: string;
  fileId: string;
  fileName: string;
  source: BankSource;
  row: number;
  day: LocalDay;
  time: string | null;
  amount: Money;
  fee: Money;
  reference: string | null;
  order: string | null;
  payer: string | null;
  text: string | null;
  state: LineState;
  rule: ActRule;
  /** What it speaks of; null where nobody knows, or it is a fee. */
  target: { kind: CandidateKind; id: string; label: string } | null;
  accountId: string | null;
  accountName: string | null;
  reason: string | null;
  actedBy: string;
  actedAt: string;
}

interface LineRow extends Record<string, unknown> {
  id: string;
  file_id: string;
  file_name: string;
  source: BankSource;
  row: number;
  day: LocalDay;
  time: string | null;
  amount: string;
  fee: string;
  reference: string | null;
  order_number: string | null;
  payer: string | null;
  text: string | null;
  kind: ActKind;
  rule: ActRule;
  target_kind: CandidateKind | null;
  target_id: string | null;
  label: string | null;
  account_id: string | null;
  account_name: string | null;
  reason: string | null;
  acted_by: string;
  acted_at: string;
}

/** Of local days [from, to), newest first, before `cursor` (an id); sums are of all that is asked for. */
export async function listBankLines(
  db: Queryable,
  {
    project,
    id = null,
    fileId = null,
    state = null,
    source = null,
    from = null,
    to = null,
    q = '',
    cursor,
    limit,
  }: {
    project: ProjectTerms;
    id?: string | null;
    fileId?: string | null | undefined;
    state?: LineState | null | undefined;
    source?: BankSource | null | undefined;
    from?: LocalDay | null | undefined;
    to?: LocalDay | null | undefined;
    /** A part of any text of the line, what it speaks of, an account, a person or the amount. */
    q?: string | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<{
  data: ShownBankLine[];
  totals: { count: number; income: Money; expense: Money; fee: Money };
}> {
  const { currency } = project;
  const asked = sql`FROM (${shown(project.id)}) s
    WHERE (${id}::text IS NULL OR id = ${id}) AND (${fileId}::text IS NULL OR file_id = ${fileId})
      AND (${state}::text IS NULL OR state = ${state})
      AND (${source}::text IS NULL OR source = ${source})
      AND (${from}::date IS NULL OR day::date >= ${from}::date)
      AND (${to}::date IS NULL OR day::date < ${to}::date)
      AND ${matches(
        q,
        sql`reference, order_number, payer, text, label, account_name, reason, acted_by, file_name,
          ${majorText(sql`amount::bigint`, currency)}`,
      )}`;
  const found = await db.execute<LineRow>(sql`
    SELECT * ${asked} AND (${cursor ?? null}::bigint IS NULL
      OR (day, id::bigint) < (SELECT c.booked_on::text, c.id FROM bank_lines c
        WHERE c.project_id = ${project.id}::bigint AND c.id = ${cursor ?? null}::bigint))
    ORDER BY day DESC, id::bigint DESC LIMIT ${limit}`);
  const sums = await db.execute<
    Record<'income' | 'expense' | 'fee', string> & { count: number }
  >(sql`
    SELECT count(*)::int AS count, coalesce(sum(greatest(amount::bigint, 0)), 0)::text AS income,
      coalesce(-sum(least(amount::bigint, 0)), 0)::text AS expense,
      coalesce(sum(fee::bigint), 0)::text AS fee ${asked}`);
  const total = only(sums.rows);
  const of = (minor: string) => money(BigInt(minor), currency);
  return {
    data: found.rows.map((row) => ({
      ...{ id: row.id, fileId: row.file_id, fileName: row.file_name, source: row.source },
      ...{ row: row.row, day: row.day, time: row.time, amount: of(row.amount), fee: of(row.fee) },
      ...{ reference: row.reference, order: row.order_number, payer: row.payer, text: row.text },
      ...{ state: stateAfter[row.kind], rule: row.rule },
      target:
        row.target_kind && row.target_id
          ? { kind: row.target_kind, id: row.target_id, label: row.label ?? '' }
          : null,
      ...{ accountId: row.account_id, accountName: row.account_name, reason: row.reason },
      ...{ actedBy: row.acted_by, actedAt: new Date(row.acted_at).toISOString() },
    })),
    totals: {
      count: total.count,
      ...{ income: of(total.income), expense: of(total.expense), fee: of(total.fee) },
    },
  };
}

const shown = (projectId: string): SQL => sql`
  SELECT l.id::text, l.file_id::text, f.name AS file_name, l.source, l.row, l.booked_on::text AS day,
    l.booked_time AS time, l.amount_minor::text AS amount, l.fee_minor::text AS fee, l.reference,
    l.order_number, l.payer, l.text, a.kind, a.rule, t.kind AS target_kind, t.id::text AS target_id,
    t.label, t.account_id::text, c.name AS account_name, a.reason, a.acted_by, a.acted_at,
    CASE WHEN a.kind IN ('match', 'fee') THEN 'matched' WHEN a.kind = 'claim' THEN 'claimed'
      WHEN a.kind = 'return' THEN 'returned' ELSE 'unidentified' END AS state
  FROM bank_lines l JOIN bank_files f ON f.project_id = l.project_id AND f.id = l.file_id
  ${standing}
  LEFT JOIN LATERAL (
    SELECT 'sale' AS kind, s.id, s.receipt AS label, s.account_id FROM sales s
      WHERE s.project_id = a.project_id AND s.id = a.sale_id AND a.kind IN ('match', 'claim')
    UNION ALL SELECT 'refund', r.id, r.receipt, r.account_id FROM refunds r
      WHERE r.project_id = a.project_id AND r.id = a.refund_id
    UNION ALL SELECT 'deposit-' || d.kind, d.id, d.receipt, d.account_id FROM deposits d
      WHERE d.project_id = a.project_id AND d.id = a.deposit_id
    UNION ALL SELECT 'residual', r.id, r.receipt, r.account_id FROM residual_acts r
      WHERE r.project_id = a.project_id AND r.id = a.residual_act_id
    UNION ALL SELECT 'cash-' || m.kind, m.id, coalesce(m.note, m.moved_by), NULL FROM cash_movements m
      WHERE m.project_id = a.project_id AND m.id = a.movement_id
    UNION ALL SELECT 'payout', p.id, p.name, NULL FROM bank_files p
      WHERE p.project_id = a.project_id AND p.id = a.payout_file_id
    UNION ALL SELECT 'return', o.id, coalesce(o.reference, o.payer, o.text, ''), NULL FROM bank_lines o
      WHERE o.project_id = a.project_id AND o.id = a.returned_line_id) t ON true
  LEFT JOIN accounts c ON c.project_id = l.project_id AND c.id = t.account_id
  WHERE l.project_id = ${projectId}::bigint`;

/** One line. Throws Problem `not-found`. */
export async function bankLineOf(
  db: Queryable,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownBankLine> {
  const [line] = (await listBankLines(db, { project, id, limit: 1 })).data;
  if (!line) throw notFound('line');
  return line;
}

export interface ShownAct {
  id: string;
  kind: ActKind;
  rule: ActRule;
  reason: string | null;
  isAutomatic: boolean;
  actedBy: string;
  actedAt: string;
  transactionId: string | null;
}

/** All that became of a line, oldest first. */
export async function actsOfLine(
  db: Queryable,
  { projectId, id }: { projectId: string; id: string },
): Promise<ShownAct[]> {
  const found = await db.execute<
    { kind: ActKind; rule: ActRule; automatic: boolean } & Record<
      'id' | 'acted_by' | 'acted_at',
      string
    > &
      Record<'reason' | 'transaction_id', string | null>
  >(sql`
    SELECT id::text, kind, rule, reason, is_automatic AS automatic, acted_by, acted_at,
      transaction_id::text
    FROM bank_line_acts
    WHERE project_id = ${projectId}::bigint AND line_id = ${id}::bigint ORDER BY ordinal`);
  return found.rows.map((row) => ({
    ...{ id: row.id, kind: row.kind, rule: row.rule, reason: row.reason },
    ...{ isAutomatic: row.automatic, actedBy: row.acted_by },
    ...{ actedAt: new Date(row.acted_at).toISOString(), transactionId: row.transaction_id },
  }));
}

/** Built-in templates, and those that files were read by, the newest of each name first. */
export async function listTemplates(db: Queryable, projectId: string): Promise<BankTemplate[]> {
  const found = await db.execute<{ name: string; source: BankSource; mapping: BankMapping }>(sql`
    SELECT name, source, mapping FROM (
      SELECT DISTINCT ON (template) template AS name, source, mapping, id FROM bank_files
      WHERE project_id = ${projectId}::bigint ORDER BY template, id DESC) newest
    ORDER BY id DESC LIMIT ${TEMPLATES_MAX}`);
  const own = found.rows.flatMap(({ name, source, mapping }): BankTemplate[] => {
    const parsed = mappingSchema.safeParse(mapping);
    const isBuiltIn = bankTemplates.some((template) => template.name === name);
    if (!parsed.success || isBuiltIn) return [];
    return [{ name, source, mapping: parsed.data, isBuiltIn }];
  });
  return [...own, ...bankTemplates];
}

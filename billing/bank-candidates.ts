/** What lines of a bank or channel file may speak of: what was booked by that way and no line speaks of yet. */
import { sql } from 'drizzle-orm';
import { addDays, type LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Candidate, CandidateKind } from './bank-match.ts';
import type { BankSource } from './bank-template.ts';
import type { ProjectTerms } from './project.ts';

/** How long before a line what it names by a number may have been booked, days; and after. */
const BACK_DAYS = 400;
const AHEAD_DAYS = 60;

interface Row extends Record<string, unknown> {
  kind: CandidateKind;
  id: string;
  amount: string;
  day: LocalDay;
  label: string;
  keys: (string | null)[];
  names: (string | null)[];
}

/** Those of the given amounts (minor units, signed as a line would have them), or of one line's. */
export async function candidatesFor(
  db: Queryable,
  {
    project,
    source,
    amounts,
    from,
    to,
  }: {
    project: ProjectTerms;
    source: BankSource;
    amounts: readonly bigint[];
    from: LocalDay;
    to: LocalDay;
  },
): Promise<Candidate[]> {
  if (amounts.length === 0) return [];
  const id = sql`${project.id}::bigint`;
  const channel = source === 'bank' ? 'transfer' : 'online';
  const day = (column: ReturnType<typeof sql>) =>
    sql`(${column} AT TIME ZONE ${project.zone})::date`;
  const found = await db.execute<Row>(sql`
    WITH standing AS MATERIALIZED (
      SELECT DISTINCT ON (line_id) * FROM bank_line_acts
      WHERE project_id = ${id} ORDER BY line_id, ordinal DESC),
    possible AS (
      SELECT 'sale' AS kind, s.id, s.amount_minor AS amount, ${day(sql`s.sold_at`)} AS day,
        s.receipt AS label, ARRAY[s.receipt, s.reference, a.number] AS keys,
        ARRAY[a.name, a.name_zh] AS names
      FROM sales s JOIN accounts a ON a.project_id = s.project_id AND a.id = s.account_id
      WHERE s.project_id = ${id} AND s.channel = ${channel}
        AND NOT EXISTS (SELECT FROM standing b WHERE b.sale_id = s.id AND b.kind IN ('match', 'claim'))
        AND NOT EXISTS (SELECT FROM transactions v
          WHERE v.project_id = s.project_id AND v.reverses = s.transaction_id)
      UNION ALL
      SELECT 'refund', r.id, -r.amount_minor, ${day(sql`r.refunded_at`)}, r.receipt, ARRAY[r.receipt],
        ARRAY[a.name, a.name_zh]
      FROM refunds r JOIN accounts a ON a.project_id = r.project_id AND a.id = r.account_id
      WHERE r.project_id = ${id} AND r.channel = ${channel}
        AND NOT EXISTS (SELECT FROM standing b WHERE b.refund_id = r.id AND b.kind = 'match')
      UNION ALL
      SELECT 'deposit-' || d.kind, d.id, CASE d.kind WHEN 'taken' THEN d.amount_minor ELSE -d.amount_minor END,
        ${day(sql`d.booked_at`)}, d.receipt, ARRAY[d.receipt], ARRAY[a.name, a.name_zh]
      FROM deposits d JOIN accounts a ON a.project_id = d.project_id AND a.id = d.account_id
      WHERE d.project_id = ${id} AND d.channel = ${channel} AND d.kind IN ('taken', 'returned')
        AND NOT EXISTS (SELECT FROM standing b WHERE b.deposit_id = d.id AND b.kind = 'match')
      UNION ALL
      SELECT 'residual', r.id, CASE r.kind WHEN 'collect' THEN r.amount_minor ELSE -r.amount_minor END,
        ${day(sql`r.booked_at`)}, r.receipt, ARRAY[r.receipt], ARRAY[a.name, a.name_zh]
      FROM residual_acts r JOIN accounts a ON a.project_id = r.project_id AND a.id = r.account_id
      WHERE r.project_id = ${id} AND r.channel = ${channel} AND r.kind IN ('collect', 'refund')
        AND NOT EXISTS (SELECT FROM standing b WHERE b.residual_act_id = r.id AND b.kind = 'match')
      UNION ALL
      SELECT 'cash-' || m.kind, m.id, CASE m.kind WHEN 'withdrawal' THEN -m.amount_minor ELSE m.amount_minor END,
        ${day(sql`m.moved_at`)}, coalesce(m.note, m.moved_by), ARRAY[]::text[], ARRAY[]::text[]
      FROM cash_movements m
      WHERE m.project_id = ${id} AND ${source} = 'bank' AND m.kind IN ('deposit', 'arrival', 'withdrawal')
        AND NOT (m.kind = 'deposit' AND EXISTS (SELECT FROM cash_movements n
          WHERE n.project_id = m.project_id AND n.deposit_id = m.id))
        AND NOT EXISTS (SELECT FROM standing b WHERE b.movement_id = m.id AND b.kind = 'match')
      UNION ALL
      SELECT 'payout', f.id, f.amount_minor - f.fee_minor, f.to_day, f.name, ARRAY[]::text[],
        ARRAY[]::text[]
      FROM bank_files f
      WHERE f.project_id = ${id} AND ${source} = 'bank' AND f.source = 'channel'
        AND NOT EXISTS (SELECT FROM standing b WHERE b.payout_file_id = f.id AND b.kind = 'match')
      UNION ALL
      SELECT 'return', l.id, -l.amount_minor, ${day(sql`b.acted_at`)}, coalesce(l.reference, l.payer, l.text, ''),
        ARRAY[l.reference, l.order_number], ARRAY[l.payer]
      FROM standing b JOIN bank_lines l ON l.project_id = b.project_id AND l.id = b.line_id
      WHERE b.kind = 'return' AND l.source = ${source}
        AND NOT EXISTS (SELECT FROM standing o WHERE o.returned_line_id = l.id AND o.kind = 'match'))
    SELECT kind, id::text, amount::text, day::text, label, keys, names FROM possible
    WHERE amount = ANY (${`{${[...new Set(amounts)].join()}}`}::bigint[])
      AND day BETWEEN ${addDays(from, -BACK_DAYS)}::date AND ${addDays(to, AHEAD_DAYS)}::date
    ORDER BY day, id`);
  const texts = (list: readonly (string | null)[]) => list.filter((text) => text !== null);
  return found.rows.map((row) => ({
    ...{ kind: row.kind, id: row.id, amountMinor: BigInt(row.amount), day: row.day },
    ...{ label: row.label, keys: texts(row.keys), names: texts(row.names) },
  }));
}

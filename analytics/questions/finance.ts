/**
 * The sales report: what was sold by time, channel and cashier, what was given back, what customers
 * were charged; and the proof that the sales are the same in the rows, the ledger and the receipts.
 */

import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from '@hono/zod-openapi';
import { question, rowsOf } from '../../sql/duckdb.ts';
import { addDays, dayStart, daysBetween, type LocalDay, localDayOf } from '../../sql/local-day.ts';
import { type Money, money } from '../../sql/money.ts';
import { daySchema, moneySchema } from '../../sql/route.ts';
import { list } from '../columns.ts';
import { checkRange, type Report, type RowSums } from '../report.ts';
import { type Receipts, readProvisional, readReceipts, readReturns } from './finance-ledger.ts';

const DAYS_MAX = 3_700;
/** Letters of a name. */
const CASHIER_MAX = 200;
const onlySales =
  'Charges, corrections and other postings belong to none: they are null then, and so is the proof.';

const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  unit: z.enum(['day', 'month', 'year']).default('day').openapi({ description: 'Of a period' }),
  channel: z
    .enum(['cash', 'transfer', 'online'])
    .optional()
    .openapi({
      description: `Only what went through it. ${onlySales}`,
    }),
  cashier: z
    .string()
    .trim()
    .min(1)
    .max(CASHIER_MAX)
    .optional()
    .openapi({
      description: `Only what this person sold, and reversals of it. ${onlySales}`,
    }),
  by: z.enum(['none', 'channel', 'cashier']).default('none').openapi({
    description:
      'What a row is about beside its period. What belongs to no channel or cashier (charges, corrections, other postings) stands in a row whose key is null.',
  }),
};

const part = z.object({
  key: z.string().nullable().openapi({ description: 'Null: of no channel or cashier' }),
  label: z.string(),
  receipts: z.int(),
  cash: moneySchema,
  transfer: moneySchema,
  online: moneySchema,
  sales: moneySchema,
  refunds: moneySchema,
  reversals: moneySchema,
  net: moneySchema,
});

/** Why the three ways differ. */
const reasons = [
  'booked-outside-the-range',
  'sold-outside-the-range',
  'receipts-newer-than-the-answer',
  'unexplained',
] as const;

const beside = {
  proof: z
    .object({
      rows: moneySchema.openapi({ description: 'Net sales of the rows' }),
      ledger: moneySchema.openapi({
        description:
          'The same transactions on the ledger accounts of money (cash, bank, clearing …)',
      }),
      receipts: moneySchema.openapi({
        description: 'Receipts one by one as numbered, less what was given back',
      }),
      difference: moneySchema.openapi({
        description: 'Of the rows and the ledger, or else of the rows and the receipts',
      }),
      reasons: z.array(
        z.object({ code: z.enum(reasons), amount: moneySchema, count: z.int().nullable() }),
      ),
      first: z.string().nullable().openapi({ description: 'First receipt of the range' }),
      last: z.string().nullable(),
      count: z.int(),
      gaps: z.array(z.object({ from: z.string(), to: z.string() })).openapi({
        description: 'Numbers of the legal entity that no receipt has, beside the first',
      }),
      gapsMore: z.boolean().openapi({ description: 'There are more gaps than are listed' }),
      doubles: z.int().openapi({ description: 'Receipts whose number another one has too' }),
    })
    .nullable()
    .openapi({ description: 'Null where only a channel or a cashier is asked for' }),
  byChannel: z.array(part).openapi({ description: 'Of the cashier, if one is asked for' }),
  byCashier: z.array(part).openapi({ description: 'Of the channel, if one is asked for' }),
  returns: z.object({ refunds: z.int(), reversals: z.int() }).openapi({ description: 'How many' }),
  provisional: z
    .object({
      amount: moneySchema.openapi({
        description: 'Used up to the newest reading, not yet settled',
      }),
      accounts: z.int(),
      computedAt: z.string(),
      newestSampleAt: z.string().nullable(),
      settledTo: z.string().nullable().openapi({ description: 'Every day before is settled' }),
    })
    .nullable()
    .openapi({
      description:
        'Null unless today lies in the range, of a channel or cashier, and at a position',
    }),
};

const credit = 'Above zero: into the wallets';

export const finance: Report<typeof query> = {
  name: 'finance',
  summary: 'Sales, and what customers were charged',
  description: `Sales by the local day they were sold on; refunds, reversals, charges and other postings by accounting date. cash + transfer + online = sales; sales + refunds + reversals = net; net - charges + corrections + otherPostings is what the customers' credit changed by. At most ${DAYS_MAX} days. \`proof\` adds the same up in three ways.`,
  query,
  beside,
  columns: () => [
    { name: 'period', type: 'text', title: 'Period' },
    { name: 'key', type: 'text', title: 'Key' },
    { name: 'label', type: 'text', title: 'Name' },
    { name: 'receipts', type: 'integer', title: 'Receipts', sum: true },
    { name: 'cash', type: 'money', title: 'Cash', sum: true },
    { name: 'transfer', type: 'money', title: 'Transfer', sum: true },
    { name: 'online', type: 'money', title: 'Online', sum: true },
    { name: 'sales', type: 'money', title: 'Sales', sum: true },
    { name: 'refunds', type: 'money', title: 'Refunds', sum: true, says: 'Below zero' },
    { name: 'reversals', type: 'money', title: 'Reversals', sum: true, says: 'Below zero' },
    { name: 'net', type: 'money', title: 'Net', sum: true },
    { name: 'net_since', type: 'money', title: 'Net so far', says: 'Of its key, in the range' },
    { name: 'charges', type: 'money', title: 'Charges', sum: true, says: 'Above zero: charged' },
    { name: 'tax_of_charges', type: 'money', title: 'Tax of charges', sum: true },
    { name: 'corrections', type: 'money', title: 'Corrections', sum: true, says: credit },
    { name: 'other_postings', type: 'money', title: 'Other postings', sum: true, says: credit },
  ],
  relation: async (connection, { from, to, unit, by, channel, cashier }, place) => {
    checkRange({ from, to, daysMax: DAYS_MAX });
    const { files, db, projectId, zone, currency } = place;
    const days = daysBetween(from, to);
    const returns = await readReturns(db, { projectId, from, to });
    await connection.run(await question('finance-facts'), {
      sales: await files.days('sales', days),
      entries: await files.days('entries', days),
      from,
      to,
      unit,
      returned: list(returns.map((r) => BigInt(r.transactionId))),
      returned_cashiers: list(returns.map((r) => r.cashier)),
    });
    const only = { channel: channel ?? null, cashier: cashier ?? null };
    const parts = await readParts(connection, only);
    const { all } = parts;
    const isWhole = !channel && !cashier;
    const receipts =
      isWhole &&
      (await readReceipts(db, {
        projectId,
        fromMs: dayStart(zone, from),
        toMs: dayStart(zone, to),
        first: all.first_number,
        last: all.last_number,
        position: place.cut?.position ?? null,
      }));
    const today = localDayOf(zone, (place.cut ? place.asOf : place.now).getTime());
    const holdsToday = isWhole && !place.cut && from <= today && today < to;
    const provisional = holdsToday ? await readProvisional(db, { projectId, currency }) : null;
    const shown = (p: Part) => shownPart(p, currency);
    return {
      statement: await question('finance'),
      parameters: { periods: list(by === 'none' ? periodsOf(days, unit, today) : []), by, ...only },
      beside: (sums) => ({
        proof: receipts ? proofOf({ sums, all, receipts, currency }) : null,
        byChannel: parts.channels.map(shown),
        byCashier: parts.cashiers.map(shown),
        returns: { refunds: Number(all.refund_count), reversals: Number(all.reversal_count) },
        provisional,
      }),
    };
  },
};

/** The periods up to today: what lies ahead is not zero, it is not there. */
function periodsOf(
  days: readonly LocalDay[],
  unit: 'day' | 'month' | 'year',
  today: LocalDay,
): string[] {
  const length = { day: 10, month: 7, year: 4 }[unit];
  const past = days.filter((day) => day < addDays(today, 1));
  return [...new Set(past.map((day) => day.slice(0, length)))];
}

type Part = {
  part: 'all' | 'channel' | 'cashier';
  key: string | null;
  first_number: bigint | null;
  last_number: bigint | null;
} & Record<(typeof figures)[number], bigint>;

const figures = [
  'receipts',
  'refund_count',
  'reversal_count',
  'cash',
  'transfer',
  'online',
  'sales',
  'refunds',
  'reversals',
  'net',
  'received',
  'booked_elsewhere',
  'booked_elsewhere_count',
  'sold_elsewhere',
  'sold_elsewhere_count',
] as const;

async function readParts(
  connection: DuckDBConnection,
  only: { channel: string | null; cashier: string | null },
) {
  const rows = await rowsOf<Part>(connection, await question('finance-parts'), only);
  const all = rows.find((row) => row.part === 'all');
  if (!all) throw new Error('finance-parts.sql has no sums');
  // What has no channel is listed only when something was taken or given back there.
  const told = (kind: Part['part']) =>
    rows.filter((r) => r.part === kind && (r.key !== null || r.receipts > 0n || r.net !== 0n));
  return { all, channels: told('channel'), cashiers: told('cashier') };
}

function shownPart(p: Part, currency: string) {
  const shown = (minor: bigint) => money(minor, currency);
  return {
    key: p.key,
    label: p.key ?? '',
    receipts: Number(p.receipts),
    cash: shown(p.cash),
    transfer: shown(p.transfer),
    online: shown(p.online),
    sales: shown(p.sales),
    refunds: shown(p.refunds),
    reversals: shown(p.reversals),
    net: shown(p.net),
  };
}

/** The net of the rows, of the ledger's money and of the receipts; what parts them has a name. */
function proofOf({
  sums,
  all,
  receipts,
  currency,
}: {
  sums: RowSums;
  all: Part;
  receipts: Receipts;
  currency: string;
}) {
  const rows = sums.of('net') ?? 0n;
  const ledger = all.received;
  const numbered = receipts.amountMinor + all.refunds + all.reversals;
  const found: { code: (typeof reasons)[number]; amount: Money; count: number | null }[] = [];
  const tell = (code: (typeof reasons)[number], minor: bigint, count: bigint | null) => {
    if (minor === 0n && !count) return;
    found.push({
      code,
      amount: money(minor, currency),
      count: count === null ? null : Number(count),
    });
  };
  tell('booked-outside-the-range', all.booked_elsewhere, all.booked_elsewhere_count);
  tell('sold-outside-the-range', -all.sold_elsewhere, all.sold_elsewhere_count);
  const newer = BigInt(receipts.count) - all.receipts;
  if (newer > 0n) tell('receipts-newer-than-the-answer', rows - numbered, newer);
  const unexplained =
    rows - ledger - (all.booked_elsewhere - all.sold_elsewhere) ||
    (newer > 0n ? 0n : rows - numbered);
  tell('unexplained', unexplained, null);
  const { first, last, count, gaps, gapsMore, doubles } = receipts;
  return {
    rows: money(rows, currency),
    ledger: money(ledger, currency),
    receipts: money(numbered, currency),
    difference: money(rows - ledger || rows - numbered, currency),
    reasons: found,
    first,
    last,
    count,
    gaps,
    gapsMore,
    doubles,
  };
}

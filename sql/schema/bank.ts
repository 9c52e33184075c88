/** Files of banks and payment channels, their lines, and what became of each. Owner: billing. */
import {
  boolean,
  char,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { exact, id, instant, ownId } from './columns.ts';
import { sales, transactions } from './ledger.ts';
import { deposits, residualActs } from './openings.ts';
import { projects } from './places.ts';
import { cashMovements, refunds } from './vending.ts';

/** A statement of the bank, or a settlement of a payment channel, as it was imported. */
export const bankFiles = pgTable(
  'bank_files',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    source: text({ enum: ['bank', 'channel'] }).notNull(),
    name: text().notNull(),
    /** Of the bytes: the same file is not imported twice. */
    sha256: char({ length: 64 }).notNull(),
    /** Which columns mean what, under the name that it is offered by next time. */
    template: text().notNull(),
    mapping: jsonb().$type<Record<string, unknown>>().notNull(),
    currency: char({ length: 3 }).notNull(),
    /** Lines that it added, that were there already, and that do not count by their state. */
    lines: integer().notNull(),
    duplicates: integer().notNull(),
    skipped: integer().notNull(),
    fromDay: date('from_day', { mode: 'string' }).notNull(),
    toDay: date('to_day', { mode: 'string' }).notNull(),
    /** Sums of the lines that it added, minor units: what came less what went, and what was kept of it. */
    amountMinor: exact('amount_minor').notNull(),
    feeMinor: exact('fee_minor').notNull(),
    importedById: text('imported_by_id').notNull(),
    importedBy: text('imported_by').notNull(),
    importedAt: instant('imported_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] }), unique().on(t.projectId, t.sha256)],
);

export const bankLines = pgTable(
  'bank_lines',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    fileId: id('file_id').notNull(),
    source: text({ enum: ['bank', 'channel'] }).notNull(),
    /** As a spreadsheet counts it. */
    row: integer().notNull(),
    /** Of what the line says, and which of several that say the same it is. */
    hash: char({ length: 64 }).notNull(),
    bookedOn: date('booked_on', { mode: 'string' }).notNull(),
    bookedTime: text('booked_time'),
    /** Above zero came in, below zero went out. */
    amountMinor: exact('amount_minor').notNull(),
    /** What the channel kept; below zero where it gave back. */
    feeMinor: exact('fee_minor').notNull(),
    currency: char({ length: 3 }).notNull(),
    reference: text(),
    orderNumber: text('order_number'),
    payer: text(),
    text: text(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.hash),
    index().on(t.projectId, t.fileId),
    index().on(t.projectId, t.bookedOn),
    foreignKey({
      columns: [t.projectId, t.fileId],
      foreignColumns: [bankFiles.projectId, bankFiles.id],
    }),
  ],
);

/** What became of a line, act by act; the last one is how it stands. */
export const bankLineActs = pgTable(
  'bank_line_acts',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    lineId: id('line_id').notNull(),
    /** From one on: two who act on a line at once cannot both be next. */
    ordinal: integer().notNull(),
    /** reopen: its sale was reversed, the money is nobody's again; release: a match that was wrong. */
    kind: text({
      enum: ['match', 'suspend', 'claim', 'return', 'fee', 'release', 'reopen'],
    }).notNull(),
    /** Of a match: by which rule, or that a person chose. Of a suspension: why no rule held. */
    rule: text().notNull(),
    saleId: id('sale_id'),
    refundId: id('refund_id'),
    movementId: id('movement_id'),
    depositId: id('deposit_id'),
    residualActId: id('residual_act_id'),
    /** The channel's file whose payout it is. */
    payoutFileId: id('payout_file_id'),
    /** The line whose money went back with it. */
    returnedLineId: id('returned_line_id'),
    reason: text(),
    isAutomatic: boolean('is_automatic').notNull(),
    actedById: text('acted_by_id').notNull(),
    actedBy: text('acted_by').notNull(),
    actedAt: instant('acted_at').notNull(),
    /** Null where the other side had been booked before. */
    transactionId: id('transaction_id'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.lineId, t.ordinal),
    index().on(t.projectId, t.saleId),
    index().on(t.projectId, t.refundId),
    index().on(t.projectId, t.movementId),
    foreignKey({
      columns: [t.projectId, t.lineId],
      foreignColumns: [bankLines.projectId, bankLines.id],
    }),
    foreignKey({
      columns: [t.projectId, t.saleId],
      foreignColumns: [sales.projectId, sales.id],
    }),
    foreignKey({
      columns: [t.projectId, t.refundId],
      foreignColumns: [refunds.projectId, refunds.id],
    }),
    foreignKey({
      columns: [t.projectId, t.movementId],
      foreignColumns: [cashMovements.projectId, cashMovements.id],
    }),
    foreignKey({
      columns: [t.projectId, t.depositId],
      foreignColumns: [deposits.projectId, deposits.id],
    }),
    foreignKey({
      columns: [t.projectId, t.residualActId],
      foreignColumns: [residualActs.projectId, residualActs.id],
    }),
    foreignKey({
      columns: [t.projectId, t.payoutFileId],
      foreignColumns: [bankFiles.projectId, bankFiles.id],
    }),
    foreignKey({
      columns: [t.projectId, t.returnedLineId],
      foreignColumns: [bankLines.projectId, bankLines.id],
    }),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

/** What a channel kept, of each day of a file. */
export const bankFileFees = pgTable(
  'bank_file_fees',
  {
    projectId: id('project_id').notNull(),
    fileId: id('file_id').notNull(),
    localDay: date('local_day', { mode: 'string' }).notNull(),
    feeMinor: exact('fee_minor').notNull(),
    transactionId: id('transaction_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.fileId, t.localDay] }),
    foreignKey({
      columns: [t.projectId, t.fileId],
      foreignColumns: [bankFiles.projectId, bankFiles.id],
    }),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

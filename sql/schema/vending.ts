/** The counter: shifts and their cash, refunds, reversals, printed receipts. Owner: billing. */
import {
  char,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { createdAt, exact, id, instant, ownId } from './columns.ts';
import { sales, transactions } from './ledger.ts';
import { projects } from './places.ts';

/** A cashier's drawer from its float to its first count; one that is open per cashier (partial unique index). */
export const shifts = pgTable(
  'shifts',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    /** The person, also where a key of his acts. */
    cashierId: text('cashier_id').notNull(),
    cashier: text().notNull(),
    openedAt: instant('opened_at').notNull(),
    floatMinor: exact('float_minor').notNull(),
    /** When it was counted first; nothing is sold in it after that. */
    closedAt: instant('closed_at'),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] }), index().on(t.projectId, t.openedAt)],
);

/** What was in the drawer as somebody counted it, and what the ledger expected. */
export const shiftCounts = pgTable(
  'shift_counts',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    shiftId: id('shift_id').notNull(),
    expectedMinor: exact('expected_minor').notNull(),
    countedMinor: exact('counted_minor').notNull(),
    note: text(),
    countedById: text('counted_by_id').notNull(),
    countedBy: text('counted_by').notNull(),
    countedAt: instant('counted_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.shiftId),
    foreignKey({
      columns: [t.projectId, t.shiftId],
      foreignColumns: [shifts.projectId, shifts.id],
    }),
  ],
);

/** A second person on a count that is over or short: booked so, or to be counted again. */
export const shiftDecisions = pgTable(
  'shift_decisions',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    countId: id('count_id').notNull(),
    decision: text({ enum: ['approve', 'recount'] }).notNull(),
    reason: text().notNull(),
    decidedById: text('decided_by_id').notNull(),
    decidedBy: text('decided_by').notNull(),
    decidedAt: instant('decided_at').notNull(),
    /** Of the posting to over/short, where it was approved. */
    transactionId: id('transaction_id'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.countId),
    foreignKey({
      columns: [t.projectId, t.countId],
      foreignColumns: [shiftCounts.projectId, shiftCounts.id],
    }),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

/** Cash that went from one place to another: safe and drawer, safe and bank. */
export const cashMovements = pgTable(
  'cash_movements',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    kind: text({
      enum: ['float', 'hand-in', 'hand-back', 'deposit', 'arrival', 'withdrawal'],
    }).notNull(),
    /** The drawer's detail in the ledger: a shift, or a cashier of before there were shifts. */
    drawer: text(),
    shiftId: id('shift_id'),
    /** Of an arrival: what has arrived. */
    depositId: id('deposit_id'),
    amountMinor: exact('amount_minor').notNull(),
    currency: char({ length: 3 }).notNull(),
    note: text(),
    movedById: text('moved_by_id').notNull(),
    movedBy: text('moved_by').notNull(),
    movedAt: instant('moved_at').notNull(),
    transactionId: id('transaction_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.depositId),
    index().on(t.projectId, t.movedAt),
    foreignKey({
      columns: [t.projectId, t.shiftId],
      foreignColumns: [shifts.projectId, shifts.id],
    }),
    foreignKey({
      columns: [t.projectId, t.depositId],
      foreignColumns: [t.projectId, t.id],
    }),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

/** A wrong sale that somebody wants undone, and why a second person has to agree; null: none has to. */
export const saleReversals = pgTable(
  'sale_reversals',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    saleId: id('sale_id').notNull(),
    accountId: id('account_id').notNull(),
    reason: text().notNull(),
    /** amount: above the limit; day: with what the same person reversed alone that day; overdrawn: the wallet would owe. */
    approval: text({ enum: ['amount', 'day', 'overdrawn'] }),
    proposedById: text('proposed_by_id').notNull(),
    proposedBy: text('proposed_by').notNull(),
    proposedAt: instant('proposed_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.saleId),
    index().on(t.projectId, t.proposedAt),
    foreignKey({
      columns: [t.projectId, t.saleId],
      foreignColumns: [sales.projectId, sales.id],
    }),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** The one decision on a reversal; an approved one is booked with a receipt. A sale is reversed once (partial unique index). */
export const saleReversalDecisions = pgTable(
  'sale_reversal_decisions',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    reversalId: id('reversal_id').notNull(),
    saleId: id('sale_id').notNull(),
    decision: text({ enum: ['approve', 'reject', 'withdraw'] }).notNull(),
    reason: text(),
    decidedById: text('decided_by_id').notNull(),
    decidedBy: text('decided_by').notNull(),
    decidedAt: instant('decided_at').notNull(),
    receipt: text(),
    /** Whose drawer the cash came out of. */
    shiftId: id('shift_id'),
    transactionId: id('transaction_id'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.reversalId),
    unique().on(t.projectId, t.receipt),
    foreignKey({
      columns: [t.projectId, t.reversalId],
      foreignColumns: [saleReversals.projectId, saleReversals.id],
    }),
    foreignKey({
      columns: [t.projectId, t.saleId],
      foreignColumns: [sales.projectId, sales.id],
    }),
    foreignKey({
      columns: [t.projectId, t.shiftId],
      foreignColumns: [shifts.projectId, shifts.id],
    }),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

/** Money given back out of a wallet. */
export const refunds = pgTable(
  'refunds',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    transactionId: id('transaction_id').notNull(),
    receipt: text().notNull(),
    channel: text({ enum: ['cash', 'transfer', 'online'] }).notNull(),
    amountMinor: exact('amount_minor').notNull(),
    currency: char({ length: 3 }).notNull(),
    reason: text().notNull(),
    /** Why it does not go back the way it came; null where it does. */
    otherChannelReason: text('other_channel_reason'),
    /** What it was measured against: live balance, reserve and the rest, minor units. */
    basis: jsonb().$type<Record<string, unknown>>().notNull(),
    shiftId: id('shift_id'),
    refundedById: text('refunded_by_id').notNull(),
    refundedBy: text('refunded_by').notNull(),
    refundedAt: instant('refunded_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.receipt),
    index().on(t.projectId, t.accountId),
    index().on(t.projectId, t.refundedAt),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
    foreignKey({
      columns: [t.projectId, t.shiftId],
      foreignColumns: [shifts.projectId, shifts.id],
    }),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

/** Every time a receipt was printed: the second copy and all later ones say what they are. */
export const receiptPrints = pgTable(
  'receipt_prints',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    /** Of a sale, refund or reversal. */
    receipt: text().notNull(),
    copy: integer().notNull(),
    printedBy: text('printed_by').notNull(),
    printedAt: instant('printed_at').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.receipt, t.copy),
  ],
);

/** Money that meters hold: sub-accounts, recharges on their way, what was reconciled. Owner: billing. */
import {
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
import { accounts } from './accounts.ts';
import { createdAt, decimal, exact, id, instant, ownId } from './columns.ts';
import { commands } from './commands.ts';
import { meters, points } from './devices.ts';
import { sales, transactions } from './ledger.ts';
import { projects } from './places.ts';

/** The sub-account of an account in meter mode with one meter; one that is open per meter (partial unique index). */
export const meterWallets = pgTable(
  'meter_wallets',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    accountId: id('account_id').notNull(),
    meterId: id('meter_id').notNull(),
    /** Whose energy the meter takes its money for. */
    pointId: id('point_id').notNull(),
    openedAt: instant('opened_at').notNull(),
    closedAt: instant('closed_at'),
    /** The purchase counter that the meter should show, and since when we know; null before it was read. */
    counter: integer(),
    counterAt: instant('counter_at'),
    /** Set by a restore: nothing is sent before a reading later than this has told the counter. */
    readAfter: instant('read_after'),
    /** When its first recharge was proven: from then on the meter counts. */
    beganAt: instant('began_at'),
    /** The local day of that, and what energy had cost on it before; major units, exact. */
    firstDay: date('first_day', { mode: 'string' }),
    openingExact: decimal('opening_exact').notNull().default('0'),
    /** The local day on which the meter stopped counting for it, and what energy had cost on it until then. */
    lastDay: date('last_day', { mode: 'string' }),
    closingExact: decimal('closing_exact').notNull().default('0'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.accountId),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
    foreignKey({
      columns: [t.projectId, t.meterId],
      foreignColumns: [meters.projectId, meters.id],
    }),
    foreignKey({
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
  ],
);

export const rechargeStates = [
  'waiting',
  'sent',
  'unknown',
  'held',
  'confirmed',
  'returned',
] as const;
export const rechargeWaits = ['counter-unread', 'restored', 'other-recharge', 'unable'] as const;

/** Money that is to go to a meter: waiting in the wallet, on its way, with the meter, or back. */
export const recharges = pgTable(
  'recharges',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    meterId: id('meter_id').notNull(),
    walletId: id('wallet_id').notNull(),
    /** The sale that it comes of; null where it comes out of the wallet. */
    saleId: id('sale_id'),
    amountMinor: exact('amount_minor').notNull(),
    currency: char({ length: 3 }).notNull(),
    /** Of its sale, what stayed in the wallet for debts: codes and minor units as text, in order of priority. */
    collected: jsonb().$type<{ code: string; minor: string }[]>().notNull().default([]),
    /** held: sent or not, the counter does not fit; it stays in transit until a person decides. */
    state: text({ enum: rechargeStates }).notNull(),
    waitsFor: text('waits_for', { enum: rechargeWaits }),
    /** The counter that proves it. */
    counter: integer(),
    commandId: id('command_id'),
    outcome: text(),
    /** The register of what was left, as it was read before and after, minor units. */
    beforeMinor: exact('before_minor'),
    afterMinor: exact('after_minor'),
    requestedAt: instant('requested_at').notNull(),
    requestedById: text('requested_by_id').notNull(),
    requestedBy: text('requested_by').notNull(),
    sentAt: instant('sent_at'),
    resolvedAt: instant('resolved_at'),
    /** Who decided about one that was held, and why. */
    decidedBy: text('decided_by'),
    reason: text(),
    sentTransactionId: id('sent_transaction_id'),
    resolvedTransactionId: id('resolved_transaction_id'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.saleId),
    unique().on(t.projectId, t.commandId),
    index().on(t.projectId, t.accountId),
    index().on(t.projectId, t.requestedAt),
    foreignKey({
      columns: [t.projectId, t.walletId],
      foreignColumns: [meterWallets.projectId, meterWallets.id],
    }),
    foreignKey({
      columns: [t.projectId, t.saleId],
      foreignColumns: [sales.projectId, sales.id],
    }),
    foreignKey({
      columns: [t.projectId, t.commandId],
      foreignColumns: [commands.projectId, commands.id],
    }),
    foreignKey({
      columns: [t.projectId, t.sentTransactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
    foreignKey({
      columns: [t.projectId, t.resolvedTransactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

export const meterVerdicts = ['fits', 'balance-differs', 'counter-differs', 'unread'] as const;

/** What a meter and the ledger said of a sub-account on a local day; minor units. */
export const meterReconciliations = pgTable(
  'meter_reconciliations',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    walletId: id('wallet_id').notNull(),
    localDay: date('local_day', { mode: 'string' }).notNull(),
    checkedAt: instant('checked_at').notNull(),
    /** The reading: when, what was left, the counter; null where there was none. */
    readAt: instant('read_at'),
    meterMinor: exact('meter_minor'),
    meterCounter: integer('meter_counter'),
    /** On the meter by the ledger, and what was used since that is not settled. */
    ledgerMinor: exact('ledger_minor').notNull(),
    unsettledMinor: exact('unsettled_minor').notNull(),
    ledgerCounter: integer('ledger_counter'),
    /** Meter − (ledger − unsettled). */
    differenceMinor: exact('difference_minor'),
    toleranceMinor: exact('tolerance_minor').notNull(),
    verdict: text({ enum: meterVerdicts }).notNull(),
    /** The posting that brought the ledger to the meter: a true-up of the month, or a person's. */
    adjusted: text({ enum: ['true-up', 'adjustment'] }),
    adjustedAt: instant('adjusted_at'),
    adjustedBy: text('adjusted_by'),
    reason: text(),
    transactionId: id('transaction_id'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.walletId, t.localDay),
    index().on(t.projectId, t.localDay),
    foreignKey({
      columns: [t.projectId, t.walletId],
      foreignColumns: [meterWallets.projectId, meterWallets.id],
    }),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

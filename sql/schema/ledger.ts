/** Double entry, append-only: every transaction sums to zero per currency. Owner: billing. */
import { sql } from 'drizzle-orm';
import {
  char,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { createdAt, decimal, exact, id, instant, ownId } from './columns.ts';
import { legalEntities, projects } from './places.ts';

/** open → soft-closed (settlement only) → closed. No row means open. */
export const billingMonths = pgTable(
  'billing_months',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    /** First day of the month. */
    month: date({ mode: 'string' }).notNull(),
    state: text({ enum: ['open', 'soft-closed', 'closed'] }).notNull(),
    changedAt: instant('changed_at').notNull().defaultNow(),
    changedBy: text('changed_by'),
    reason: text(),
    /** What was delivered and not settled when it was closed: minor units, accrued and reversed. */
    accruedMinor: exact('accrued_minor'),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.month] })],
);

/** Chart of accounts of a project; a wallet and its kin belong to a customer's account. */
export const ledgerAccounts = pgTable(
  'ledger_accounts',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    /** A code of the published chart: wallet, revenue, tax, cash, bank … */
    code: text().notNull(),
    /** What parts it: a component, a tax rate, a channel, a cashier; '' where nothing does. */
    detail: text().notNull().default(''),
    accountId: id('account_id'),
    currency: char({ length: 3 }).notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.code, t.detail, t.accountId, t.currency).nullsNotDistinct(),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

export const transactions = pgTable(
  'transactions',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    kind: text({
      enum: [
        'settlement',
        'correction',
        'accrual',
        'sale',
        'refund',
        'reversal',
        'transfer',
        'write-off',
        'adjustment',
        'deposit',
        'closing',
        'recharge',
        'meter-use',
        'true-up',
      ],
    }).notNull(),
    /** The customer it concerns, where it concerns one. */
    accountId: id('account_id'),
    accountingDate: date('accounting_date', { mode: 'string' }).notNull(),
    postedAt: instant('posted_at').notNull().defaultNow(),
    idempotencyKey: text('idempotency_key'),
    /** What it was posted for: run, local day, sale, the transaction it reverses. */
    cause: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    reverses: id('reverses'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.kind, t.idempotencyKey),
    unique().on(t.projectId, t.reverses),
    // All references are held by a trigger over all rows of a statement: see migration 0008.
    index().on(t.projectId, t.accountId, t.accountingDate),
    index().on(t.projectId, t.accountingDate),
  ],
);

/** One leg: debit positive, credit negative, integer minor units. */
export const entries = pgTable(
  'entries',
  {
    projectId: id('project_id').notNull(),
    transactionId: id('transaction_id').notNull(),
    leg: smallint().notNull(),
    ledgerAccountId: id('ledger_account_id').notNull(),
    amount: exact().notNull(),
    currency: char({ length: 3 }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.transactionId, t.leg] }),
    index().on(t.projectId, t.ledgerAccountId),
    // Both references are held by a trigger over all rows of a statement: see migration 0003.
  ],
);

/** Gap-free positions and a hash chain over committed transactions, per project. */
export const seals = pgTable(
  'seals',
  {
    projectId: id('project_id').notNull(),
    position: exact().notNull(),
    transactionId: id('transaction_id').notNull(),
    /** SHA-256, hex, over the hash before, the position, and what the version says. */
    hash: char({ length: 64 }).notNull(),
    sealedAt: instant('sealed_at').notNull(),
    /** What the hash covers. 1: the transaction with its legs; 2: also what their ledger accounts are. */
    version: smallint().notNull().default(1),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.position] }),
    unique().on(t.projectId, t.transactionId),
    index().on(t.projectId, t.sealedAt),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

/**
 * What ledger accounts held at a sealed position: sums of all entries sealed up to it, so that a balance is
 * a snapshot and what was sealed after it. Accounts without an entry have no row.
 */
export const balanceSnapshots = pgTable(
  'balance_snapshots',
  {
    projectId: id('project_id').notNull(),
    position: exact().notNull(),
    ledgerAccountId: id('ledger_account_id').notNull(),
    currency: char({ length: 3 }).notNull(),
    entries: exact().notNull(),
    /** Minor units, both above zero. */
    debit: exact().notNull(),
    credit: exact().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.position, t.ledgerAccountId] }),
    // That they say what the entries say is part of every proof of the ledger (billing/verify.ts).
  ],
);

/** A proof of the whole ledger: asked for, under way, or over with what it found. */
export const ledgerProofs = pgTable(
  'ledger_proofs',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    requestedBy: text('requested_by').notNull(),
    requestedAt: instant('requested_at').notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    /** Positions looked at, and how many there were when it began. */
    checked: exact().notNull().default(sql`0`),
    positions: exact().notNull().default(sql`0`),
    outcome: text({ enum: ['held', 'broken', 'failed'] }),
    brokenPosition: exact('broken_position'),
    /** The checks that were made, each with its count and first fault. */
    checks: jsonb().$type<Record<string, unknown>[]>().notNull().default([]),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] })],
);

/** What the newest reconciliation of a settled day found, by kind; rows themselves are asked for anew. */
export const reconciliationDays = pgTable(
  'reconciliation_days',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    localDay: date('local_day', { mode: 'string' }).notNull(),
    kind: text({ enum: ['main-sub', 'intervals-charges', 'charges-ledger'] }).notNull(),
    checkedAt: instant('checked_at').notNull(),
    compared: integer().notNull(),
    differences: integer().notNull(),
    /** Differences that have no reason. */
    unexplained: integer().notNull(),
    /** Sizes of those without a reason, added up, minor units; null where none is known. */
    moneyMinor: exact('money_minor'),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.localDay, t.kind] })],
);

/** The last number given out per legal entity and series: papers are numbered without gaps. */
export const documentSeries = pgTable(
  'document_series',
  {
    legalEntityId: id('legal_entity_id')
      .notNull()
      .references(() => legalEntities.id),
    series: text().notNull(),
    lastNumber: exact('last_number').notNull(),
  },
  (t) => [primaryKey({ columns: [t.legalEntityId, t.series] })],
);

/** A top-up at the counter or online: money in, for an amount or for a quantity. */
export const sales = pgTable(
  'sales',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    transactionId: id('transaction_id').notNull(),
    receipt: text().notNull(),
    channel: text({ enum: ['cash', 'transfer', 'online'] }).notNull(),
    amountMinor: exact('amount_minor').notNull(),
    currency: char({ length: 3 }).notNull(),
    /** Base units of the commodity, where the sale was by quantity, and the price that held. */
    quantity: exact(),
    commodity: text({ enum: ['electricity', 'water'] }),
    price: decimal(),
    soldAt: instant('sold_at').notNull(),
    soldBy: text('sold_by').notNull(),
    /** The shift of who sold it, whatever it was paid by; null where none was open. */
    shiftId: id('shift_id'),
    /** What the bank or the channel calls the payment: an order number, a payment's own reference. */
    reference: text(),
    note: text(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.receipt),
    index().on(t.projectId, t.accountId, t.soldAt),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
    foreignKey({
      columns: [t.projectId, t.transactionId],
      foreignColumns: [transactions.projectId, transactions.id],
    }),
  ],
);

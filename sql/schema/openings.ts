/** How accounts begin and end: prepared openings, contracts, deposits, closings, residuals. Owner: billing. */
import {
  boolean,
  char,
  date,
  foreignKey,
  index,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { createdAt, exact, id, instant, ownId } from './columns.ts';
import { transactions } from './ledger.ts';
import { projects } from './places.ts';

/** An opening that waits for its day: a draft until it is carried out or withdrawn. */
export const accountOpenings = pgTable(
  'account_openings',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    state: text({ enum: ['prepared', 'opened', 'withdrawn'] })
      .notNull()
      .default('prepared'),
    /** Whom, which points, tariffs, thresholds, first sale, deposit, contract: checked again when opened. */
    content: jsonb().$type<Record<string, unknown>>().notNull(),
    preparedBy: text('prepared_by').notNull(),
    preparedAt: instant('prepared_at').notNull(),
    changedBy: text('changed_by').notNull(),
    changedAt: instant('changed_at').notNull(),
    accountId: id('account_id'),
    /** What opening did: receipts, commands, what a meter could not be told. */
    result: jsonb().$type<Record<string, unknown>>(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.accountId),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

export const addressKinds = ['sms', 'email', 'post'] as const;

/** A dated supply contract, with where notices under it go; the newest row of an account holds. */
export const supplyContracts = pgTable(
  'supply_contracts',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    number: text().notNull(),
    validFrom: date('valid_from', { mode: 'string' }).notNull(),
    /** Exclusive; null: until further notice. */
    validTo: date('valid_to', { mode: 'string' }),
    notices: jsonb().$type<{ kind: (typeof addressKinds)[number]; address: string }[]>().notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.number),
    index().on(t.projectId, t.accountId),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** Security held for an account: taken, set against what is owed, given back. */
export const deposits = pgTable(
  'deposits',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    kind: text({ enum: ['taken', 'offset', 'returned'] }).notNull(),
    transactionId: id('transaction_id').notNull(),
    receipt: text().notNull(),
    /** How it was paid; null where no money moved (offset). */
    channel: text({ enum: ['cash', 'transfer', 'online'] }),
    amountMinor: exact('amount_minor').notNull(),
    currency: char({ length: 3 }).notNull(),
    bookedAt: instant('booked_at').notNull(),
    bookedBy: text('booked_by').notNull(),
    note: text(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.receipt),
    index().on(t.projectId, t.accountId),
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

/** An account's end: its points are free at once, its balance is settled when its days are. */
export const accountClosings = pgTable(
  'account_closings',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    /** The quarter-hour at which its tenancies ended. */
    endedAt: instant('ended_at').notNull(),
    settle: text({ enum: ['refund', 'write-off', 'carry'] }).notNull(),
    channel: text({ enum: ['cash', 'transfer', 'online'] }),
    /** Whether what is held as deposit goes into the balance first. */
    usesDeposit: boolean('uses_deposit').notNull(),
    reason: text().notNull(),
    state: text({ enum: ['waiting', 'complete'] })
      .notNull()
      .default('waiting'),
    requestedBy: text('requested_by').notNull(),
    requestedAt: instant('requested_at').notNull(),
    completedAt: instant('completed_at'),
    /** The wallet when its last day was settled, with the deposit; minor units. */
    balanceMinor: exact('balance_minor'),
    outcome: text({ enum: ['refunded', 'part-refunded', 'written-off', 'carried', 'even'] }),
    /** Its points, and what their meters were told. */
    points: jsonb().$type<Record<string, unknown>[]>().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.accountId),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** What settled the residual of a closed account, at its closing or later. */
export const residualActs = pgTable(
  'residual_acts',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    kind: text({ enum: ['refund', 'write-off', 'collect'] }).notNull(),
    transactionId: id('transaction_id').notNull(),
    receipt: text().notNull(),
    channel: text({ enum: ['cash', 'transfer', 'online'] }),
    amountMinor: exact('amount_minor').notNull(),
    currency: char({ length: 3 }).notNull(),
    reason: text().notNull(),
    bookedAt: instant('booked_at').notNull(),
    bookedBy: text('booked_by').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.receipt),
    index().on(t.projectId, t.accountId),
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

/** Credit control: what a project wants done about arrears, how each account stands, and what was decided and why. Owner: billing. */
import {
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { exact, id, instant, ownId } from './columns.ts';
import { sales } from './ledger.ts';
import { projects } from './places.ts';

/** How an account stands; `clear` is the end of a case, and where none was. */
export const creditStates = [
  'watching',
  'noticed',
  'grace',
  'waiting',
  'proposed',
  'tripping',
  'tripped',
  'restoring',
  'armed',
  'restored',
  'clear',
] as const;
/** What a trip waits for. */
export const creditWaits = [
  'no-cut-hours',
  'no-cut-day',
  'dispute',
  'order-query',
  'notice-proof',
  'doubtful-data',
  'brake',
  'protected',
  'person',
] as const;
export const creditDecisionKinds = [
  'notice',
  'hold',
  'trip',
  'restore',
  'arm',
  'propose',
  'release',
  'call-person',
  'clear',
] as const;

/** What a project wants, as it was entered; the newest version holds, none: off. Append-only. */
export const creditPolicies = pgTable(
  'credit_policies',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    /** From 1, without a gap. */
    version: integer().notNull(),
    policy: jsonb().$type<Record<string, unknown>>().notNull(),
    reason: text().notNull(),
    setById: text('set_by_id').notNull(),
    setBy: text('set_by').notNull(),
    setAt: instant('set_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.version] })],
);

/** What holds for one account instead; the newest row does, until its end. Append-only. */
export const creditOverrides = pgTable(
  'credit_overrides',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    /** Null: the policy's. */
    creditLimitMinor: exact('credit_limit_minor'),
    /** Never cut. */
    protected: boolean().notNull(),
    /** Exclusive; null: without an end. */
    until: instant('until'),
    reason: text().notNull(),
    setById: text('set_by_id').notNull(),
    setBy: text('set_by').notNull(),
    setAt: instant('set_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.accountId, t.id),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** How an account stands that is below its thresholds, or was. Every decision is taken under the lock of its row. */
export const creditCases = pgTable(
  'credit_cases',
  {
    projectId: id('project_id').notNull(),
    accountId: id('account_id').notNull(),
    state: text({ enum: creditStates }).notNull(),
    since: instant('since').notNull(),
    /** When the account came below its first threshold: what was told before belongs to an older case. */
    openedAt: instant('opened_at').notNull(),
    /** When each level was reached in this case: alarm1, alarm2, arrears, final. */
    levels: jsonb()
      .$type<Partial<Record<'alarm1' | 'alarm2' | 'arrears' | 'final', string>>>()
      .notNull(),
    /** Since when it has been below its credit limit without a break. */
    belowSince: instant('below_since'),
    waitsFor: text('waits_for', { enum: creditWaits }),
    waitsSince: instant('waits_since'),
    waitsUntil: instant('waits_until'),
    /** A person was called, and why; null: nobody is needed. */
    calledAt: instant('called_at'),
    calledFor: text('called_for'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.accountId] }),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** Everything that was decided about an account, with its reason and the data that it stood on. Append-only. */
export const creditDecisions = pgTable(
  'credit_decisions',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    at: instant('at').notNull(),
    decision: text({ enum: creditDecisionKinds }).notNull(),
    /** A word of billing/credit-judge.ts, or why a person did it. */
    reason: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    commandIds: jsonb('command_ids').$type<string[]>().notNull().default([]),
    actorKind: text('actor_kind', { enum: ['user', 'key', 'system'] }).notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.accountId, t.id),
    index().on(t.projectId, t.at),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** While one is open nothing is cut, and a payment that it is about is not given back; it ends once, or by its date. */
export const disputes = pgTable(
  'disputes',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    /** The payment that is contested; null: something else is. */
    saleId: id('sale_id'),
    reason: text().notNull(),
    raisedById: text('raised_by_id').notNull(),
    raisedBy: text('raised_by').notNull(),
    raisedAt: instant('raised_at').notNull(),
    /** Exclusive. */
    until: instant('until').notNull(),
    endedAt: instant('ended_at'),
    endedBy: text('ended_by'),
    endReason: text('end_reason'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.accountId),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
    foreignKey({
      columns: [t.projectId, t.saleId],
      foreignColumns: [sales.projectId, sales.id],
    }),
  ],
);

/** The brake on automatic trips of a project; the newest row says whether it is on. Append-only. */
export const creditBrakeActs = pgTable(
  'credit_brake_acts',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    act: text({ enum: ['engaged', 'released'] }).notNull(),
    reason: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    actorKind: text('actor_kind', { enum: ['user', 'key', 'system'] }).notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    at: instant('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] })],
);

/** A local day of a point, priced: header, lines, what is posted so far, live balances. Owner: billing. */
import { sql } from 'drizzle-orm';
import {
  date,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { createdAt, decimal, exact, id, instant, ownId } from './columns.ts';
import { projects } from './places.ts';

/** One pass of the settlement job. */
export const settlementRuns = pgTable(
  'settlement_runs',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    cause: text({ enum: ['due', 'dirty', 'manual'] }).notNull(),
    startedAt: instant('started_at').notNull().defaultNow(),
    /** Of the request whose change it settles, where it was one; else of the job's own round. */
    traceId: text('trace_id'),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] })],
);

/** The header whose unique key decides who rates: inserting it is claiming the day. */
export const settlements = pgTable(
  'settlements',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    /** The point, or the account itself for what belongs to no point. */
    scopeId: id('scope_id').notNull(),
    localDay: date('local_day', { mode: 'string' }).notNull(),
    revision: integer().notNull(),
    runId: id('run_id').notNull(),
    /** Digest of everything that was rated: intervals, tariff versions, tenancy. */
    inputsDigest: text('inputs_digest').notNull(),
    intervalsKnownAt: instant('intervals_known_at').notNull(),
    /** Journal position known when it was rated. */
    position: exact().notNull(),
    /** Base units that counted towards steps before this day. */
    stepQuantityBefore: exact('step_quantity_before').notNull().default(sql`0`),
    /** Base units of this day that count towards steps; 0 under a tariff without steps. */
    stepQuantity: exact('step_quantity').notNull().default(sql`0`),
    /** Base units of the month before this day, where the tariff has an allowance. */
    monthQuantityBefore: exact('month_quantity_before').notNull().default(sql`0`),
    /** Highest quarter-hour of the month before this day, and of this day, in W, where demand is charged. */
    demandBefore: exact('demand_before').notNull().default(sql`0`),
    demand: exact().notNull().default(sql`0`),
    quantity: exact().notNull(),
    slots: smallint().notNull(),
    estimatedSlots: smallint('estimated_slots').notNull().default(0),
    missingSlots: smallint('missing_slots').notNull().default(0),
    supersedes: id('supersedes'),
    transactionId: id('transaction_id').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.scopeId, t.localDay, t.accountId, t.revision),
    unique().on(t.projectId, t.supersedes),
    index().on(t.projectId, t.accountId, t.localDay),
    index().on(t.projectId, t.localDay),
    // All references are held by a trigger over all rows of a statement: see migrations 0003 and 0008.
  ],
);

export const chargeKinds = ['usage', 'fixed', 'demand', 'allowance', 'minimum'] as const;
export const chargeUnits = ['wh', 'l', 'w', 'day'] as const;

/** A line of a settled day: quantity × price, exact, not yet rounded. */
export const charges = pgTable(
  'charges',
  {
    projectId: id('project_id').notNull(),
    settlementId: id('settlement_id').notNull(),
    component: text().notNull(),
    tariffVersionId: id('tariff_version_id').notNull(),
    /** Rank 1 spike … 5 deep valley; 0 where the component knows no period. */
    period: smallint().notNull(),
    step: smallint().notNull(),
    kind: text({ enum: chargeKinds }).notNull().default('usage'),
    /** What `quantity` counts; of a fee and a minimum it is 1, and `price` is its share of the day. */
    unit: text({ enum: chargeUnits }).notNull().default('wh'),
    /** Base units (Wh, litres), W of demand, days; below zero where an allowance takes off. */
    quantity: exact().notNull(),
    /** Per 1,000 base units or W; per day. */
    price: decimal().notNull(),
    /** quantity × price ÷ 1,000 (of days: quantity × price) in the currency's major unit, exact; what the price contains is as the tariff says. */
    exact: decimal().notNull(),
    taxCode: text('tax_code').notNull().default(''),
    taxRate: decimal('tax_rate').notNull().default('0'),
    /** Exact tax of the line: contained in, or on top of, `exact` as `taxIncluded` of the component says. */
    taxExact: decimal('tax_exact').notNull().default('0'),
    treatment: text({ enum: ['revenue', 'on-behalf'] })
      .notNull()
      .default('revenue'),
  },
  (t) => [
    primaryKey({
      columns: [t.projectId, t.settlementId, t.component, t.tariffVersionId, t.period, t.step],
    }),
    // Header and tariff version are held by a trigger over all rows of a statement: see migration 0003.
  ],
);

/**
 * Exact and posted so far per key and billing month. A projection of charges and entries, kept so
 * that a posting is one subtraction; its rows are locked while the account's month is posted.
 */
export const postedTotals = pgTable(
  'posted_totals',
  {
    projectId: id('project_id').notNull(),
    accountId: id('account_id').notNull(),
    month: date({ mode: 'string' }).notNull(),
    scopeId: id('scope_id').notNull(),
    component: text().notNull(),
    tariffVersionId: id('tariff_version_id').notNull(),
    period: smallint().notNull(),
    step: smallint().notNull(),
    exact: decimal().notNull(),
    taxExact: decimal('tax_exact').notNull(),
    /** What the wallet was charged for this key, and the tax within it, minor units. */
    postedMinor: exact('posted_minor').notNull(),
    taxMinor: exact('tax_minor').notNull(),
  },
  (t) => [
    primaryKey({
      columns: [
        t.projectId,
        t.accountId,
        t.month,
        t.scopeId,
        t.component,
        t.tariffVersionId,
        t.period,
        t.step,
      ],
    }),
  ],
);

/** The row that is locked while an account's month is posted. */
export const accountMonths = pgTable(
  'account_months',
  {
    projectId: id('project_id').notNull(),
    accountId: id('account_id').notNull(),
    month: date({ mode: 'string' }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.accountId, t.month] }),
    // The account is held by a trigger over all rows of a statement: see migration 0008.
  ],
);

/** A point-day that is due and cannot be settled yet, and why: visible until it is. */
export const settlementWaits = pgTable(
  'settlement_waits',
  {
    projectId: id('project_id').notNull(),
    scopeId: id('scope_id').notNull(),
    localDay: date('local_day', { mode: 'string' }).notNull(),
    reason: text().notNull(),
    since: instant('since').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.scopeId, t.localDay] })],
);

/** Which generation of live balances holds. The only projection of money that is deleted from. */
export const liveBalanceGenerations = pgTable('live_balance_generations', {
  projectId: id('project_id')
    .primaryKey()
    .references(() => projects.id),
  generation: exact().notNull(),
  computedAt: instant('computed_at').notNull(),
});

export const liveBalances = pgTable(
  'live_balances',
  {
    projectId: id('project_id').notNull(),
    generation: exact().notNull(),
    accountId: id('account_id').notNull(),
    settledMinor: exact('settled_minor').notNull(),
    provisionalMinor: exact('provisional_minor').notNull(),
    /** Of what is provisional: fees, demand and minimums, for which no energy is cut at once. */
    otherMinor: exact('other_minor').notNull().default(sql`0`),
    currency: text().notNull(),
    /** Every day before this one is settled. */
    settledTo: date('settled_to', { mode: 'string' }),
    newestSampleAt: instant('newest_sample_at'),
    /** Charges per hour of the last seven settled days, exact major units; null before one. */
    chargePerHour: decimal('charge_per_hour'),
    hoursLeft: decimal('hours_left'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.generation, t.accountId] }),
    // The account is held by a trigger over all rows of a statement: see migration 0008.
  ],
);

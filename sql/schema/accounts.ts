/** Customers and what they pay for: people, accounts, tenancies, tariffs. Owner: billing. */
import {
  boolean,
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
import { createdAt, decimal, exact, id, instant, ownId } from './columns.ts';
import { points } from './devices.ts';
import { projects } from './places.ts';

/** Personal data, in one table that everything else only refers to. */
export const people = pgTable(
  'people',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    name: text().notNull(),
    phone: text(),
    email: text(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] })],
);

/** A customer: the shop or tenant that holds a prepaid balance. */
export const accounts = pgTable(
  'accounts',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    number: text().notNull(),
    name: text().notNull(),
    nameZh: text('name_zh'),
    personId: id('person_id'),
    openedOn: date('opened_on', { mode: 'string' }).notNull(),
    closedOn: date('closed_on', { mode: 'string' }),
    /** platform: the ledger is the balance; meter: the meter holds it. */
    creditMode: text('credit_mode', { enum: ['platform', 'meter'] })
      .notNull()
      .default('platform'),
    /** Null: the project's default. */
    alarm1Minor: exact('alarm1_minor'),
    alarm2Minor: exact('alarm2_minor'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.number),
    foreignKey({
      columns: [t.projectId, t.personId],
      foreignColumns: [people.projectId, people.id],
    }),
  ],
);

/** Which account pays for a point, dated, from local midnight (or a slot boundary for moves). */
export const tenancies = pgTable(
  'tenancies',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    pointId: id('point_id').notNull(),
    validFrom: instant('valid_from').notNull(),
    validTo: instant('valid_to'),
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
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
  ],
);

export const tariffs = pgTable(
  'tariffs',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    name: text().notNull(),
    nameZh: text('name_zh'),
    commodity: text({ enum: ['electricity', 'water'] }).notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] }), unique().on(t.projectId, t.name)],
);

/** Rules and prices from a local midnight on; never altered. The next version ends the one before. */
export const tariffVersions = pgTable(
  'tariff_versions',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    tariffId: id('tariff_id').notNull(),
    version: integer().notNull(),
    effectiveFrom: date('effective_from', { mode: 'string' }).notNull(),
    definition: jsonb().$type<unknown>().notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.tariffId, t.version),
    unique().on(t.projectId, t.tariffId, t.effectiveFrom),
    foreignKey({
      columns: [t.projectId, t.tariffId],
      foreignColumns: [tariffs.projectId, tariffs.id],
    }),
  ],
);

/** Which tariff holds: for a point, else an account, else the commodity's default of the project. */
export const tariffAssignments = pgTable(
  'tariff_assignments',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    tariffId: id('tariff_id').notNull(),
    commodity: text({ enum: ['electricity', 'water'] }).notNull(),
    pointId: id('point_id'),
    accountId: id('account_id'),
    validFrom: date('valid_from', { mode: 'string' }).notNull(),
    validTo: date('valid_to', { mode: 'string' }),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    foreignKey({
      columns: [t.projectId, t.tariffId],
      foreignColumns: [tariffs.projectId, tariffs.id],
    }),
    foreignKey({
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** A published monthly value that prices may follow; of a month's rows the newest holds. */
export const priceIndexes = pgTable(
  'price_indexes',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    code: text().notNull(),
    /** The first day of the month. */
    month: date({ mode: 'string' }).notNull(),
    value: decimal().notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.code, t.month, t.id),
  ],
);

/** A day of a published list (hot days, critical peaks); of a day's rows the newest holds. */
export const eventDays = pgTable(
  'event_days',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    list: text().notNull(),
    day: date({ mode: 'string' }).notNull(),
    /** True for a row that takes the day off the list again. */
    withdrawn: boolean().notNull().default(false),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.list, t.day, t.id),
  ],
);

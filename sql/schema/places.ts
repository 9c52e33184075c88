/** Who owns what and where it stands: groups, projects, legal entities, buildings, floors, rooms. Owner: web. */
import {
  foreignKey,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { createdAt, id, instant, ownId } from './columns.ts';

export const groups = pgTable('groups', {
  id: ownId().primaryKey(),
  name: text().notNull(),
  nameZh: text('name_zh'),
  createdAt: createdAt(),
});

export const legalEntities = pgTable('legal_entities', {
  id: ownId().primaryKey(),
  groupId: id('group_id')
    .notNull()
    .references(() => groups.id),
  name: text().notNull(),
  nameZh: text('name_zh'),
  taxId: text('tax_id'),
  /** receipt, invoice or settlement: when tax falls due. */
  taxPoint: text('tax_point').notNull().default('settlement'),
  createdAt: createdAt(),
});

export const projects = pgTable('projects', {
  id: ownId().primaryKey(),
  groupId: id('group_id')
    .notNull()
    .references(() => groups.id),
  legalEntityId: id('legal_entity_id')
    .notNull()
    .references(() => legalEntities.id),
  name: text().notNull(),
  nameZh: text('name_zh'),
  /** IANA zone in which days, months and TOU periods are cut. */
  zone: text().notNull(),
  /** ISO 4217. */
  currency: text().notNull(),
  language: text().notNull().default('en'),
  /** Defaults of an account's two alarm thresholds, in minor units. */
  alarm1Minor: integer('alarm1_minor').notNull().default(30_000),
  alarm2Minor: integer('alarm2_minor').notNull().default(8_000),
  /** Default seconds between two readings of a meter. */
  pollSeconds: integer('poll_seconds').notNull().default(60),
  settings: jsonb().$type<Record<string, unknown>>().notNull().default({}),
  createdAt: createdAt(),
});

export const buildings = pgTable(
  'buildings',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    code: text().notNull(),
    name: text().notNull(),
    nameZh: text('name_zh'),
    retiredAt: instant('retired_at'),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] }), unique().on(t.projectId, t.code)],
);

export const floors = pgTable(
  'floors',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    buildingId: id('building_id').notNull(),
    level: smallint().notNull(),
    name: text().notNull(),
    retiredAt: instant('retired_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.buildingId, t.level),
    foreignKey({
      columns: [t.projectId, t.buildingId],
      foreignColumns: [buildings.projectId, buildings.id],
    }),
  ],
);

/** What lies behind one door of a floor. */
export const rooms = pgTable(
  'rooms',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    floorId: id('floor_id').notNull(),
    code: text().notNull(),
    name: text().notNull(),
    nameZh: text('name_zh'),
    retiredAt: instant('retired_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.floorId, t.code),
    foreignKey({
      columns: [t.projectId, t.floorId],
      foreignColumns: [floors.projectId, floors.id],
    }),
  ],
);

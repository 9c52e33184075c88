/** What is read and where it is billed: gateways, buses, meters, points, installations. Owner: ingest. */
import {
  boolean,
  foreignKey,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { createdAt, decided, exact, id, instant, ownId } from './columns.ts';
import { buildings, floors, projects, rooms } from './places.ts';

export const gateways = pgTable(
  'gateways',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    name: text().notNull(),
    nameZh: text('name_zh'),
    buildingId: id('building_id'),
    retiredAt: instant('retired_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.name),
    foreignKey({
      columns: [t.projectId, t.buildingId],
      foreignColumns: [buildings.projectId, buildings.id],
    }),
  ],
);

/** One endpoint with one connection and up to 32 meters. */
export const buses = pgTable(
  'buses',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    gatewayId: id('gateway_id').notNull(),
    name: text().notNull(),
    framing: text({ enum: ['tcp', 'rtu-over-tcp', 'rtu-serial'] }).notNull(),
    host: text().notNull(),
    port: integer().notNull(),
    connectTimeoutMs: integer('connect_timeout_ms').notNull().default(3000),
    requestTimeoutMs: integer('request_timeout_ms').notNull().default(1500),
    /** Line of a serial bus: baud, parity, stop bits; documented for TCP gateways too. */
    line: jsonb().$type<{ baud?: number; parity?: string; stopBits?: number }>(),
    retiredAt: instant('retired_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.gatewayId, t.name),
    foreignKey({
      columns: [t.projectId, t.gatewayId],
      foreignColumns: [gateways.projectId, gateways.id],
    }),
  ],
);

export const meters = pgTable(
  'meters',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    serial: text().notNull(),
    model: text().notNull(),
    busId: id('bus_id'),
    /** Modbus address 1–247 on the bus. */
    unit: smallint(),
    /** The zone its own clock runs in where it is not the project's (many stay on standard time). */
    clockZone: text('clock_zone'),
    verifiedUntil: text('verified_until'),
    retiredAt: instant('retired_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.serial),
    foreignKey({ columns: [t.projectId, t.busId], foreignColumns: [buses.projectId, buses.id] }),
  ],
);

/**
 * A question to an address before a meter is entered there, as the process that holds the connections
 * answers it. Nobody waits for it any more once it has expired.
 */
export const testReads = pgTable(
  'test_reads',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    busId: id('bus_id').notNull(),
    unit: smallint().notNull(),
    model: text().notNull(),
    requestedAt: instant('requested_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    /** When ingest began; it is carried out once. */
    startedAt: instant('started_at'),
    answeredAt: instant('answered_at'),
    answer: jsonb().$type<Record<string, unknown>>(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    foreignKey({ columns: [t.projectId, t.busId], foreignColumns: [buses.projectId, buses.id] }),
  ],
);

/** Seconds between two readings of a meter, dated; no row means the project's default. */
export const schedules = pgTable(
  'schedules',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    meterId: id('meter_id').notNull(),
    validFrom: instant('valid_from').notNull(),
    validTo: instant('valid_to'),
    seconds: integer().notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    foreignKey({
      columns: [t.projectId, t.meterId],
      foreignColumns: [meters.projectId, meters.id],
    }),
  ],
);

/** The place that is measured and, with a tenancy, billed. */
export const points = pgTable(
  'points',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    code: text().notNull(),
    name: text().notNull(),
    nameZh: text('name_zh'),
    commodity: text({ enum: ['electricity', 'water'] }).notNull(),
    class: text({ enum: ['home', 'business', 'protected', 'internal', 'metering-only'] })
      .notNull()
      .default('business'),
    /** What it measures: a unit of the park, a whole building, the whole park. */
    role: text({ enum: ['unit', 'building-main', 'park-main'] })
      .notNull()
      .default('unit'),
    buildingId: id('building_id'),
    floorId: id('floor_id'),
    roomId: id('room_id'),
    /** The main point that this one is a part of (loss = main − Σ parts). */
    parentId: id('parent_id'),
    overloadW: integer('overload_w'),
    /** Who locked the supply, why, with which tag, since when; while set nothing may close it. */
    lockOut: jsonb('lock_out').$type<{ by: string; why: string; tag: string; at: string }>(),
    restoreMode: text('restore_mode', { enum: ['automatic', 'armed', 'confirmed'] })
      .notNull()
      .default('armed'),
    retiredAt: instant('retired_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.code),
    foreignKey({
      columns: [t.projectId, t.buildingId],
      foreignColumns: [buildings.projectId, buildings.id],
    }),
    foreignKey({
      columns: [t.projectId, t.floorId],
      foreignColumns: [floors.projectId, floors.id],
    }),
    foreignKey({ columns: [t.projectId, t.roomId], foreignColumns: [rooms.projectId, rooms.id] }),
    foreignKey({ columns: [t.projectId, t.parentId], foreignColumns: [t.projectId, t.id] }),
  ],
);

/** A device at a place for a time. No two overlap per point or per meter (exclusion constraints). */
export const installations = pgTable(
  'installations',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    pointId: id('point_id').notNull(),
    meterId: id('meter_id').notNull(),
    validFrom: instant('valid_from').notNull(),
    validTo: instant('valid_to'),
    /** Billing register at the start and the end, base units as stored in samples (before CT/PT). */
    firstRegister: exact('first_register'),
    lastRegister: exact('last_register'),
    ct: integer().notNull().default(1),
    pt: integer().notNull().default(1),
    /** primary: the register already counts primary energy, multiplier 1; else CT × PT. */
    basis: text({ enum: ['primary', 'secondary'] })
      .notNull()
      .default('secondary'),
    /** Base units after which the register begins again at 0 (before CT/PT); null: the model's. */
    registerSpan: exact('register_span'),
    /** Largest power (W) or flow (litres per hour) that can be true here, primary; null: the model's × CT. */
    ratedPerHour: exact('rated_per_hour'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    foreignKey({
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
    foreignKey({
      columns: [t.projectId, t.meterId],
      foreignColumns: [meters.projectId, meters.id],
    }),
  ],
);

/** What is known of a meter now: newest sample, last failure. Written set-based every few seconds. */
export const meterStates = pgTable(
  'meter_states',
  {
    projectId: id('project_id').notNull(),
    meterId: id('meter_id').notNull(),
    /** Newest sample of any quality, and newest whose quality is ok. */
    lastSampleAt: instant('last_sample_at'),
    lastOkAt: instant('last_ok_at'),
    lastTriedAt: instant('last_tried_at'),
    lastErrorAt: instant('last_error_at'),
    lastErrorKind: text('last_error_kind'),
    quality: text(),
    /** Meter's clock minus ours, milliseconds. */
    clockOffsetMs: integer('clock_offset_ms'),
    channels: jsonb().$type<Record<string, number | string>>(),
    silent: boolean().notNull().default(false),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.meterId] }),
    foreignKey({
      columns: [t.projectId, t.meterId],
      foreignColumns: [meters.projectId, meters.id],
    }),
  ],
);

/** A reading that history contradicts; undecided it holds back everything after it. */
export const quarantines = pgTable(
  'quarantines',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    meterId: id('meter_id').notNull(),
    pointId: id('point_id').notNull(),
    rule: text({
      enum: ['reversal', 'reset', 'spike', 'replacement', 'ratio', 'conflict'],
    }).notNull(),
    /** The sample that is doubted, and the good one before it. */
    at: instant('at').notNull(),
    previousAt: instant('previous_at'),
    register: exact(),
    previousRegister: exact('previous_register'),
    detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
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

/** What became of a quarantine; its existence is the decision. The newest row holds. */
export const quarantineDecisions = pgTable(
  'quarantine_decisions',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    quarantineId: id('quarantine_id').notNull(),
    /** exclude the sample · new-base: count on from it · withdrawn: later data explains it. */
    decision: text({ enum: ['exclude', 'new-base', 'withdrawn', 'reopened'] }).notNull(),
    ...decided(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    foreignKey({
      columns: [t.projectId, t.quarantineId],
      foreignColumns: [quarantines.projectId, quarantines.id],
    }),
  ],
);

/** How far the intervals of a point are built without a break (a slot's end). */
export const intervalMarks = pgTable(
  'interval_marks',
  {
    projectId: id('project_id').notNull(),
    pointId: id('point_id').notNull(),
    builtTo: instant('built_to').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.pointId] }),
    foreignKey({
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
  ],
);

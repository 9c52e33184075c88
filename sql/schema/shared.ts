/** Tables that any room inserts into, through one function each in sql/: dirty days, alarms, audit … */
import {
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core';
import { createdAt, id, instant, ownId } from './columns.ts';
import { points } from './devices.ts';
import { projects } from './places.ts';

/** A point's local day whose data changed. Append-only; consumers write done-rows, never a cursor. */
export const dirtyDays = pgTable(
  'dirty_days',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    pointId: id('point_id').notNull(),
    localDay: date('local_day', { mode: 'string' }).notNull(),
    who: text().notNull(),
    why: text().notNull(),
    /** Of the request or job that changed it. */
    traceId: text('trace_id'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.pointId, t.localDay),
    foreignKey({
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
  ],
);

/** A consumer has dealt with a dirty day: its existence is the fact. */
export const dirtyDaysDone = pgTable(
  'dirty_days_done',
  {
    projectId: id('project_id').notNull(),
    consumer: text({ enum: ['intervals', 'rating', 'export'] }).notNull(),
    dirtyId: id('dirty_id').notNull(),
    doneAt: instant('done_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.consumer, t.dirtyId] }),
    foreignKey({
      columns: [t.projectId, t.dirtyId],
      foreignColumns: [dirtyDays.projectId, dirtyDays.id],
    }),
  ],
);

/** Something a person should see. One open row per kind and subject (partial unique index). */
export const alarms = pgTable(
  'alarms',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    kind: text().notNull(),
    severity: text({ enum: ['notice', 'warning', 'critical'] }).notNull(),
    subjectKind: text('subject_kind').notNull(),
    subjectId: text('subject_id').notNull(),
    detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    raisedAt: instant('raised_at').notNull(),
    clearedAt: instant('cleared_at'),
    /** The name of who has seen to it, when, and what that person wrote. */
    acknowledgedBy: text('acknowledged_by'),
    acknowledgedAt: instant('acknowledged_at'),
    note: text(),
    /** How often it came again soon after it had been cleared. */
    reopened: integer().notNull().default(0),
    /** Since when its cause is gone while it stands on, because it came again before. */
    goneSince: instant('gone_since'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.raisedAt),
    index().on(t.projectId, t.clearedAt),
  ],
);

/** Who did what, when, in the transaction of the act itself. */
export const audit = pgTable(
  'audit',
  {
    id: ownId().primaryKey(),
    projectId: id('project_id'),
    at: instant('at').notNull().defaultNow(),
    actorKind: text('actor_kind', { enum: ['user', 'key', 'system'] }).notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    action: text().notNull(),
    subjectKind: text('subject_kind').notNull(),
    subjectId: text('subject_id').notNull(),
    detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    traceId: text('trace_id'),
  },
  (t) => [index().on(t.projectId, t.at)],
);

/** What happened, for notices, webhooks and live pages. */
export const events = pgTable(
  'events',
  {
    id: ownId().primaryKey(),
    projectId: id('project_id').notNull(),
    kind: text().notNull(),
    subjectId: text('subject_id').notNull(),
    payload: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    at: instant('at').notNull().defaultNow(),
  },
  (t) => [index().on(t.projectId, t.at)],
);

/** The answer given once, given again: one row per project, route and key. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    projectId: id('project_id').notNull(),
    route: text().notNull(),
    key: text().notNull(),
    actorId: text('actor_id').notNull(),
    requestHash: text('request_hash').notNull(),
    status: integer().notNull(),
    response: jsonb().$type<unknown>().notNull(),
    expiresAt: instant('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.route, t.key] })],
);

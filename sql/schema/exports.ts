/** Files made in the background, and pages somebody saved under a name. Owner: web. */
import { sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { createdAt, exact, id, instant, ownId } from './columns.ts';
import { users } from './identity.ts';
import { projects } from './places.ts';

/** One long export: what was asked for, how far it is, and the file that came of it. */
export const exportJobs = pgTable(
  'export_jobs',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    actorKind: text('actor_kind', { enum: ['user', 'key'] }).notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    /** The question: a GET below the project, with its query, such as `/reports/energy?from=…`. */
    path: text().notNull(),
    format: text({ enum: ['csv', 'xlsx', 'parquet', 'arrow', 'json'] }).notNull(),
    state: text({ enum: ['queued', 'running', 'done', 'failed', 'cancelled', 'expired'] })
      .notNull()
      .default('queued'),
    /** How often it was begun: a process that dies leaves it to the next one. */
    attempts: integer().notNull().default(0),
    /** Rows written so far, and how many there will be where that is known. */
    rows: exact().notNull().default(sql`0`),
    rowsExpected: exact('rows_expected'),
    bytes: exact(),
    /** SHA-256 of the file, hex. */
    sha256: text(),
    fileName: text('file_name'),
    /** SHA-256, hex, of the token in the link; the token itself is told once. */
    tokenHash: text('token_hash'),
    /** Code and detail of the problem that ended it. */
    problemCode: text('problem_code'),
    problemDetail: text('problem_detail'),
    /** Of the request that asked for it. */
    traceId: text('trace_id'),
    requestedAt: instant('requested_at').notNull(),
    startedAt: instant('started_at'),
    /** Renewed while a process works on it; one that is old is nobody's. */
    aliveAt: instant('alive_at'),
    finishedAt: instant('finished_at'),
    /** From then on the link answers nothing and the file is gone. */
    expiresAt: instant('expires_at'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.state, t.requestedAt),
    index().on(t.projectId, t.requestedAt),
  ],
);

/** A page with its filters under a name: for oneself, or shared with the project. */
export const savedViews = pgTable(
  'saved_views',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    userId: text('user_id').notNull(),
    name: text().notNull(),
    /** Below the project's pages, with its search: `/energy?by=floor`. */
    path: text().notNull(),
    isShared: boolean('is_shared').notNull().default(false),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.userId, t.name),
    foreignKey({ columns: [t.userId], foreignColumns: [users.id] }).onDelete('cascade'),
  ],
);

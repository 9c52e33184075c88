/** What meters were told to do, and what came of it. Commands are added by any room; their progress is ingest's. */
import {
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { type CommandFunction, commandStateNames } from '../command-functions.ts';
import { createdAt, id, instant, ownId } from './columns.ts';
import { meters } from './devices.ts';
import { projects } from './places.ts';

/** One act on many meters, as it was previewed and confirmed. Append-only: how far it is follows from its commands. */
export const commandBatches = pgTable(
  'command_batches',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    function: text().$type<CommandFunction>().notNull(),
    arguments: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    reason: text().notNull(),
    actorKind: text('actor_kind', { enum: ['user', 'key', 'system'] }).notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    /** How its meters were chosen; null where they were named. */
    filter: jsonb().$type<Record<string, unknown>>(),
    /** SHA-256 of what the preview said, meter by meter. */
    digest: text().notNull(),
    /** How many meters go first; 0: all at once. */
    canary: integer().notNull(),
    /** Goes on by itself when its canary is confirmed; else by a person's word. */
    goesOn: boolean('goes_on').notNull(),
    requestedAt: instant('requested_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] })],
);

/** Every meter that was chosen for a batch: asked, or left out and why. */
export const commandBatchMeters = pgTable(
  'command_batch_meters',
  {
    projectId: id('project_id').notNull(),
    batchId: id('batch_id').notNull(),
    meterId: id('meter_id').notNull(),
    /** Its place in the list, from 1. */
    place: integer().notNull(),
    /** Asked before the others. */
    isCanary: boolean('is_canary').notNull(),
    /** Why it is left out; null where it is asked. */
    obstacle: text(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.batchId, t.meterId] }),
    unique().on(t.projectId, t.batchId, t.place),
    foreignKey({
      columns: [t.projectId, t.batchId],
      foreignColumns: [commandBatches.projectId, commandBatches.id],
    }),
    foreignKey({
      columns: [t.projectId, t.meterId],
      foreignColumns: [meters.projectId, meters.id],
    }),
  ],
);

/** What was decided about a batch after it began; the newest says whether it is stopped. */
export const commandBatchActs = pgTable(
  'command_batch_acts',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    batchId: id('batch_id').notNull(),
    act: text({ enum: ['continue', 'stop', 'retry'] }).notNull(),
    reason: text().notNull(),
    actorKind: text('actor_kind', { enum: ['user', 'key', 'system'] }).notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    /** How many meters were asked by it, or taken back. */
    meters: integer().notNull(),
    /** Whether it asked what comes after the canary. */
    rest: boolean().notNull(),
    at: instant('at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.batchId),
    foreignKey({
      columns: [t.projectId, t.batchId],
      foreignColumns: [commandBatches.projectId, commandBatches.id],
    }),
  ],
);

/** One act that a meter is to carry out. Append-only; `sequence` rises strictly per meter. */
export const commands = pgTable(
  'commands',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    meterId: id('meter_id').notNull(),
    sequence: integer().notNull(),
    function: text().$type<CommandFunction>().notNull(),
    arguments: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    reason: text().notNull(),
    actorKind: text('actor_kind', { enum: ['user', 'key', 'system'] }).notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    /** The sale, the decision and its data, that it comes of. */
    cause: jsonb().$type<Record<string, unknown>>(),
    batchId: id('batch_id'),
    traceId: text('trace_id'),
    requestedAt: instant('requested_at').notNull(),
    /** Not sent at or after this instant. */
    expiresAt: instant('expires_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.meterId, t.sequence),
    index().on(t.projectId, t.batchId),
    foreignKey({
      columns: [t.projectId, t.meterId],
      foreignColumns: [meters.projectId, meters.id],
    }),
    foreignKey({
      columns: [t.projectId, t.batchId],
      foreignColumns: [commandBatches.projectId, commandBatches.id],
    }),
  ],
);

/** How far a command is; its row comes with the command, by a trigger. */
export const commandStates = pgTable(
  'command_states',
  {
    projectId: id('project_id').notNull(),
    commandId: id('command_id').notNull(),
    state: text({ enum: commandStateNames }).notNull().default('requested'),
    /** Why it is so, a word of a closed list (`sql/command-functions.ts`) or `exception:<n>`. */
    outcome: text(),
    /** Written before the first frame that changes anything goes out. */
    sentAt: instant('sent_at'),
    resolvedAt: instant('resolved_at'),
    /** How often a frame that changes something was sent. */
    attempts: integer().notNull().default(0),
    /** What was read before and after. */
    before: jsonb().$type<Record<string, unknown>>(),
    after: jsonb().$type<Record<string, unknown>>(),
    /** The first sample that shows the supply as it was commanded. */
    supplyObservedAt: instant('supply_observed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.commandId] }),
    foreignKey({
      columns: [t.projectId, t.commandId],
      foreignColumns: [commands.projectId, commands.id],
    }),
  ],
);

/** Every frame and every decision about a command, in order: the history of a meter. */
export const commandSteps = pgTable(
  'command_steps',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    commandId: id('command_id').notNull(),
    at: instant('at').notNull(),
    /** read, write, or what was decided: sent, confirmed … */
    kind: text().notNull(),
    /** Register address of a frame. */
    address: integer(),
    /** ok, timeout, exception:2, or the outcome of a decision. */
    result: text().notNull(),
    /** Words read or written, in hexadecimal; or what a decision rests on. */
    detail: jsonb().$type<Record<string, unknown>>(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.commandId),
    foreignKey({
      columns: [t.projectId, t.commandId],
      foreignColumns: [commands.projectId, commands.id],
    }),
  ],
);

/** A function that rests on one source is sent to a real model only after this; the newest row holds. */
export const modelFunctions = pgTable(
  'model_functions',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    model: text().notNull(),
    function: text().$type<CommandFunction>().notNull(),
    enabled: boolean().notNull(),
    /** Who or what says that it works on this model. */
    source: text().notNull(),
    decidedBy: text('decided_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.model, t.function),
  ],
);

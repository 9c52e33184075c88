/** What customers are told, how, and what came of it. Owner: billing. */
import { sql } from 'drizzle-orm';
import {
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { createdAt, id, instant, ownId } from './columns.ts';
import { projects } from './places.ts';

export const noticeChannels = ['sms', 'email', 'webhook'] as const;
export const noticeLanguages = ['en', 'zh'] as const;
/** unconfirmed: handed over, and the answer is not known; it may have arrived. */
export const noticeStates = [
  'queued',
  'unconfirmed',
  'sent',
  'delivered',
  'failed',
  'withheld',
] as const;

/** Where an account is told. Without any, its person's phone and e-mail are used. */
export const noticeAddresses = pgTable(
  'notice_addresses',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    accountId: id('account_id').notNull(),
    channel: text({ enum: noticeChannels }).notNull(),
    address: text().notNull(),
    /** Null: the project's. */
    language: text({ enum: noticeLanguages }),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    removedAt: instant('removed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** A project's own words for a kind; the newest row holds, one without a body is Wattledger's again. */
export const noticeTemplates = pgTable(
  'notice_templates',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    kind: text().notNull(),
    channel: text({ enum: ['sms', 'email'] }).notNull(),
    language: text({ enum: noticeLanguages }).notNull(),
    subject: text(),
    body: text(),
    /** Of an SMS: the template that the provider has approved, where it takes no other. */
    providerCode: text('provider_code'),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.kind, t.channel, t.language, t.id),
  ],
);

/** Where a person of the project is told; without a language in the project's. */
export interface StaffAddress {
  channel: (typeof noticeChannels)[number];
  address: string;
  language: (typeof noticeLanguages)[number] | null;
}

/** When and of what a project tells its customers; no row: at any hour, of everything. */
export const noticeSettings = pgTable(
  'notice_settings',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    /** HH:MM in the project's zone, both or none; a range over midnight is one. */
    quietFrom: text('quiet_from'),
    quietTo: text('quiet_to'),
    /** Kinds that do not wait for the end of the quiet hours. */
    urgent: text().array().notNull(),
    /** Kinds that are not told at all. */
    off: text().array().notNull(),
    /** Where people of the project are told what needs one of them. */
    staff: jsonb().$type<StaffAddress[]>().notNull().default([]),
    changedBy: text('changed_by').notNull(),
    changedAt: instant('changed_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId] })],
);

/** An event has been looked at: its existence is the fact, so that none is told twice or forgotten. */
export const noticeEvents = pgTable(
  'notice_events',
  {
    projectId: id('project_id').notNull(),
    eventId: id('event_id').notNull(),
    /** told, or why nobody was. */
    outcome: text({ enum: ['told', 'nobody', 'off', 'stale', 'enough', 'other'] }).notNull(),
    at: instant('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.eventId] })],
);

/** One message to one recipient about one event. */
export const notices = pgTable(
  'notices',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    eventId: id('event_id').notNull(),
    kind: text().notNull(),
    accountId: id('account_id').notNull(),
    channel: text({ enum: noticeChannels }).notNull(),
    recipient: text().notNull(),
    language: text({ enum: noticeLanguages }).notNull(),
    subject: text(),
    body: text().notNull(),
    parameters: jsonb().$type<Record<string, string>>().notNull(),
    providerCode: text('provider_code'),
    state: text({ enum: noticeStates }).notNull(),
    /** Why it is so: a word of billing/notice-reasons, or what the provider said. */
    reason: text(),
    /** How often it was handed over, and how often since it was last queued by a person or an event. */
    attempts: integer().notNull().default(0),
    tries: integer().notNull().default(0),
    /** When it is next sent, or asked for; null: never again by itself. */
    nextTryAt: instant('next_try_at'),
    queuedAt: instant('queued_at').notNull(),
    triedAt: instant('tried_at'),
    sentAt: instant('sent_at'),
    deliveredAt: instant('delivered_at'),
    providerId: text('provider_id'),
    /** What the provider said of its delivery. */
    proof: text(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    unique().on(t.projectId, t.eventId, t.kind, t.channel, t.recipient),
    index().on(t.projectId, t.accountId),
    index().on(t.nextTryAt).where(sql`next_try_at IS NOT NULL`),
    foreignKey({
      columns: [t.projectId, t.accountId],
      foreignColumns: [accounts.projectId, accounts.id],
    }),
  ],
);

/** Each time that something was done about a notice, and what came of it. */
export const noticeSteps = pgTable(
  'notice_steps',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    noticeId: id('notice_id').notNull(),
    at: instant('at').notNull(),
    act: text({ enum: ['sent', 'asked', 'retried', 'withheld', 'gave-up'] }).notNull(),
    outcome: text().notNull(),
    /** Who, where it was a person. */
    by: text(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.noticeId),
    foreignKey({
      columns: [t.projectId, t.noticeId],
      foreignColumns: [notices.projectId, notices.id],
    }),
  ],
);

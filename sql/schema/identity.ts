/** Who may do what: users and sessions (better-auth's shape), roles, grants, keys. Owner: web. */
import { boolean, index, integer, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, ownId } from './columns.ts';
import { groups, projects } from './places.ts';

export const users = pgTable('users', {
  id: text().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text(),
  disabledAt: instant('disabled_at'),
  /** A code of an authenticator app is asked for at sign-in. */
  twoFactorEnabled: boolean('two_factor_enabled').notNull().default(false),
  createdAt: createdAt(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

export const sessions = pgTable('sessions', {
  id: text().primaryKey(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  token: text().notNull().unique(),
  expiresAt: instant('expires_at').notNull(),
  ipAddress: text('ip_address'),
  userAgent: text('user_agent'),
  createdAt: createdAt(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

/** Password hashes (better-auth calls the table `account`; that word is the customer's here). */
export const credentials = pgTable('credentials', {
  id: text().primaryKey(),
  accountId: text('account_id').notNull(),
  providerId: text('provider_id').notNull(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  accessToken: text('access_token'),
  refreshToken: text('refresh_token'),
  idToken: text('id_token'),
  accessTokenExpiresAt: instant('access_token_expires_at'),
  refreshTokenExpiresAt: instant('refresh_token_expires_at'),
  scope: text(),
  password: text(),
  createdAt: createdAt(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

export const verifications = pgTable('verifications', {
  id: text().primaryKey(),
  identifier: text().notNull(),
  value: text().notNull(),
  expiresAt: instant('expires_at').notNull(),
  createdAt: createdAt(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

/** Second factors: secret and recovery codes, encrypted under the secret that signs sessions. */
export const twoFactors = pgTable('two_factors', {
  id: text().primaryKey(),
  userId: text('user_id')
    .notNull()
    .unique()
    .references(() => users.id, { onDelete: 'cascade' }),
  secret: text().notNull(),
  backupCodes: text('backup_codes').notNull(),
  /** False until a first code has shown that the app holds the secret. */
  verified: boolean().notNull().default(false),
  failedVerificationCount: integer('failed_verification_count').notNull().default(0),
  lockedUntil: instant('locked_until'),
});

/** Failed sign-ins per key (an account, a peer address) in a window; counted in one statement. */
export const signInAttempts = pgTable('sign_in_attempts', {
  key: text().primaryKey(),
  windowStart: instant('window_start').notNull(),
  failures: integer().notNull(),
});

/** A named set of permissions; roles are data. */
export const roles = pgTable('roles', {
  id: ownId().primaryKey(),
  code: text().notNull().unique(),
  name: text().notNull(),
  nameZh: text('name_zh'),
  permissions: text().array().notNull(),
  createdAt: createdAt(),
});

/** A role for a user over a group (all its projects) or over one project; both null: everywhere. */
export const grants = pgTable(
  'grants',
  {
    id: ownId().primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    roleId: id('role_id')
      .notNull()
      .references(() => roles.id),
    groupId: id('group_id').references(() => groups.id),
    projectId: id('project_id').references(() => projects.id),
    createdAt: createdAt(),
  },
  (t) => [unique().on(t.userId, t.roleId, t.groupId, t.projectId).nullsNotDistinct()],
);

/** An integrator's key: only the SHA-256 of its 32 random bytes is kept. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: ownId().primaryKey(),
    projectId: id('project_id').references(() => projects.id),
    groupId: id('group_id').references(() => groups.id),
    roleId: id('role_id')
      .notNull()
      .references(() => roles.id),
    name: text().notNull(),
    /** First characters, to recognise it by. */
    prefix: text().notNull(),
    hash: text().notNull().unique(),
    createdBy: text('created_by').notNull(),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    lastUsedAt: instant('last_used_at'),
    createdAt: createdAt(),
  },
  (t) => [index().on(t.projectId)],
);

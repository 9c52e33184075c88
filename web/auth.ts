/**
 * Who is there: e-mail and password, sessions in Postgres. better-auth does authentication only, and
 * only through the functions below; its own HTTP face is not mounted. What one may do is access.ts.
 */
import { createHash, randomBytes } from 'node:crypto';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { and, eq, lt, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { credentials, grants, roles, sessions, users, verifications } from '../sql/schema/index.ts';
import { countTry, forgiveTry } from './throttle.ts';

export interface SignedIn {
  userId: string;
  /** Set-Cookie lines for the browser. */
  cookies: string[];
}

export interface Auth {
  /** Throws Problem `sign-in-failed` or `too-many-requests`. */
  signIn: (by: {
    email: string;
    password: string;
    peer: string;
    secure: boolean;
  }) => Promise<SignedIn>;
  /** The session of a Cookie header; cookies are to be passed on when it was prolonged. */
  session: (headers: Headers, secure: boolean) => Promise<SignedIn | undefined>;
  /**
   * The token of a session whose cookie was found good before; undefined sends to `session`. That the
   * signature is right is remembered, that the session holds is not: ask `accessOfSession` each time.
   */
  tokenOf: (headers: Headers) => string | undefined;
  /** Ends the session and returns the lines that clear its cookie. */
  signOut: (headers: Headers, secure: boolean) => Promise<string[]>;
}

export const SESSION_HOURS = 12;
export const SESSION_PROLONG_MINUTES = 30;
/** Cookies remembered as good, and the longest that is. */
const COOKIES_MAX = 5_000;
const COOKIE_CHARS_MAX = 1_000;
export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 128;
/** Name of the cookie that carries the session. */
export const SESSION_COOKIE = 'wattledger.session_token';

/** Sessions over the tables of sql/schema/identity.ts. `secret` signs the cookie. */
export function createAuth({ db, secret, clock }: { db: Db; secret: string; clock: Clock }): Auth {
  const auth = betterAuth({
    appName: 'Wattledger',
    // Nothing is fetched from or redirected to this address: the HTTP face is not mounted.
    baseURL: 'http://127.0.0.1',
    secret,
    database: drizzleAdapter(db, {
      provider: 'pg',
      schema: { user: users, session: sessions, account: credentials, verification: verifications },
      transaction: true,
    }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_MIN,
      maxPasswordLength: PASSWORD_MAX,
    },
    session: { expiresIn: SESSION_HOURS * 3600, updateAge: SESSION_PROLONG_MINUTES * 60 },
    rateLimit: { enabled: false }, // throttle.ts counts, atomically
    telemetry: { enabled: false },
    logger: { disabled: true },
    advanced: {
      cookiePrefix: 'wattledger',
      useSecureCookies: false, // `secure` below: known per request, not per installation
      defaultCookieAttributes: { httpOnly: true, sameSite: 'strict', path: '/' },
    },
  });

  /** Of a Cookie header whose signature was found good, the token of its session. */
  const tokens = new Map<string, string>();

  return {
    async signIn({ email, password, peer, secure }) {
      const attempt = { email, peer, now: clock() };
      await countTry(db, attempt);
      const answer = await auth.api
        .signInEmail({ body: { email, password }, headers: new Headers(), returnHeaders: true })
        .catch((error: unknown) => {
          if (isRefusal(error)) throw signInFailed();
          throw error;
        });
      const userId = answer.response.user.id;
      if (await isDisabled(db, userId)) {
        await db.delete(sessions).where(eq(sessions.token, answer.response.token));
        throw signInFailed();
      }
      await forgiveTry(db, attempt);
      return { userId, cookies: cookiesOf(answer.headers, secure) };
    },

    async session(headers, secure) {
      if (!headers.get('cookie')?.includes(SESSION_COOKIE)) return undefined;
      const answer = await auth.api.getSession({
        headers: new Headers({ cookie: headers.get('cookie') ?? '' }),
        returnHeaders: true,
      });
      if (!answer.response) return undefined;
      const cookie = headers.get('cookie') ?? '';
      if (cookie.length <= COOKIE_CHARS_MAX) {
        if (tokens.size >= COOKIES_MAX) tokens.clear();
        tokens.set(cookie, answer.response.session.token);
      }
      return { userId: answer.response.user.id, cookies: cookiesOf(answer.headers, secure) };
    },

    tokenOf: (headers) => tokens.get(headers.get('cookie') ?? ''),

    async signOut(headers, secure) {
      const answer = await auth.api.signOut({
        headers: new Headers({ cookie: headers.get('cookie') ?? '' }),
        returnHeaders: true,
      });
      return cookiesOf(answer.headers, secure);
    },
  };
}

// One text for an unknown user, a wrong password, a disabled user: nothing to enumerate by.
const signInFailed = () => new Problem('sign-in-failed', 'E-mail or password is wrong.');

const isRefusal = (error: unknown) =>
  error instanceof Error && error.name === 'APIError' && (statusOf(error) ?? 500) < 500;
const statusOf = (error: Error) => (error as { statusCode?: number }).statusCode;

const isDisabled = async (db: Db, userId: string) => {
  const found = await db.select({ at: users.disabledAt }).from(users).where(eq(users.id, userId));
  return found[0]?.at !== null;
};

const cookiesOf = (headers: Headers, secure: boolean) =>
  headers.getSetCookie().map((line) => (secure ? `${line}; Secure` : line));

/** Makes a user with a password. Throws Problem `conflict` when the e-mail is taken. */
export async function createUser(
  tx: Queryable,
  { name, email, password }: { name: string; email: string; password: string },
): Promise<string> {
  const id = randomBytes(16).toString('base64url');
  const made = await tx
    .insert(users)
    .values({ id, name, email: email.trim().toLowerCase(), emailVerified: true })
    .onConflictDoNothing({ target: users.email })
    .returning({ id: users.id });
  if (made.length === 0) throw new Problem('conflict', 'There is a user with this e-mail.');
  await setPassword(tx, { userId: id, password });
  return id;
}

/** Sets a user's password and ends every session that rests on the old one. */
export async function setPassword(
  tx: Queryable,
  { userId, password }: { userId: string; password: string },
): Promise<void> {
  const hash = await hashPassword(password);
  const changed = await tx
    .update(credentials)
    .set({ password: hash, updatedAt: sql`now()` })
    .where(and(eq(credentials.userId, userId), eq(credentials.providerId, 'credential')))
    .returning({ id: credentials.id });
  if (changed.length === 0) {
    await tx.insert(credentials).values({
      id: randomBytes(16).toString('base64url'),
      accountId: userId,
      providerId: 'credential',
      userId,
      password: hash,
    });
  }
  await tx.delete(sessions).where(eq(sessions.userId, userId));
}

/**
 * Sees to it that the operator of ADMIN_EMAIL exists, is administrator everywhere and has this
 * password: whoever sets the environment of the process owns the system. Done twice it is done once.
 */
export async function ensureFirstOperator(
  db: Db,
  { email, password, name = 'Administrator' }: { email: string; password: string; name?: string },
): Promise<'created' | 'password-set' | 'unchanged'> {
  const address = email.trim().toLowerCase();
  return await db.transaction(async (tx) => {
    // Two processes may start at once (demo and server): the second waits and finds the operator.
    await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtext('wattledger.first-operator'))`);
    const found = await tx
      .select({ id: users.id, hash: credentials.password })
      .from(users)
      .leftJoin(credentials, eq(credentials.userId, users.id))
      .where(eq(users.email, address));
    const known = found[0];
    const userId = known?.id ?? (await createUser(tx, { name, email: address, password }));
    const role = await tx
      .select({ id: roles.id })
      .from(roles)
      .where(eq(roles.code, 'administrator'));
    if (!role[0]) throw new Error('seedRoles comes before ensureFirstOperator');
    await tx.insert(grants).values({ userId, roleId: role[0].id }).onConflictDoNothing();
    if (!known) {
      await record(tx, act('user.created', userId, { email: address, role: 'administrator' }));
      return 'created';
    }
    if (known.hash && (await verifyPassword({ hash: known.hash, password }))) return 'unchanged';
    await setPassword(tx, { userId, password });
    await record(tx, act('user.password-set', userId, { by: 'environment' }));
    return 'password-set';
  });
}

const system: Actor = { kind: 'system', id: 'web', name: 'web' };
const act = (action: string, userId: string, detail: Record<string, unknown>) => ({
  projectId: null,
  actor: system,
  action,
  subjectKind: 'user',
  subjectId: userId,
  detail,
});

/** Deletes sessions that have expired. */
export async function forgetOldSessions(db: Db, now: Date): Promise<void> {
  await db.delete(sessions).where(lt(sessions.expiresAt, now));
}

/** A new API key: `wl_` and 32 random bytes. Only its SHA-256 is kept; the key is shown once. */
export function newApiKey(): { key: string; prefix: string; hash: string } {
  const key = `wl_${randomBytes(32).toString('base64url')}`;
  return { key, prefix: key.slice(0, 9), hash: hashOfKey(key) };
}

/** What is kept of an API key. */
export const hashOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');

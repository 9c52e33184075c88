/**
 * Who is there: e-mail and password, sessions in Postgres. better-auth does authentication only, and
 * only through the functions below; its own HTTP face is not mounted. What one may do is access.ts.
 */
import { createHash, randomBytes } from 'node:crypto';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { twoFactor } from 'better-auth/plugins/two-factor';
import { and, eq, lt, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import {
  credentials,
  grants,
  roles,
  sessions,
  twoFactors,
  users,
  verifications,
} from '../sql/schema/index.ts';
import { countTry, forgiveTry } from './throttle.ts';

export interface SignedIn {
  userId: string;
  /** Of the session; never leaves the server but in the signed cookie. */
  token: string;
  /** Set-Cookie lines for the browser. */
  cookies: string[];
}

export interface Auth {
  /**
   * Throws Problem `sign-in-failed`, `too-many-requests`, and where the person has a second factor
   * `second-factor-needed` without a code, `second-factor-wrong` with a wrong one. `code` is of the
   * authenticator app (six digits), or one of the recovery codes, which is used up.
   */
  signIn: (by: {
    email: string;
    password: string;
    code?: string | undefined;
    peer: string;
    agent: string | null;
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
  /** Changes one's own password and ends all other sessions. Throws Problem `password-wrong`. */
  changePassword: (asked: Own & { current: string; next: string }) => Promise<string[]>;
  /** Begins a second factor, which holds once `confirmTotp` has seen a code of it. */
  beginTotp: (asked: Own & { password: string }) => Promise<{ uri: string; codes: string[] }>;
  confirmTotp: (asked: Own & { code: string }) => Promise<string[]>;
  /** Ends one's own second factor. */
  endTotp: (asked: Own & { password: string }) => Promise<string[]>;
}

/** A request of a signed-in person. What is answered are Set-Cookie lines, as the session is a new one. */
interface Own {
  headers: Headers;
  secure: boolean;
}

export const SESSION_HOURS = 12;
export const SESSION_PROLONG_MINUTES = 30;
/** What is kept of the name that a browser gives itself. */
const AGENT_CHARS_MAX = 300;
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
      schema: {
        ...{ user: users, session: sessions, account: credentials },
        ...{ verification: verifications, twoFactor: twoFactors },
      },
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
    plugins: [twoFactor({ issuer: 'Wattledger' })],
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
    async signIn({ email, password, code, peer, agent, secure }) {
      const attempt = { email, peer, now: clock() };
      await countTry(db, attempt);
      const known = await auth.api
        .signInEmail({ body: { email, password }, headers: new Headers(), returnHeaders: true })
        .catch(refusedAs(signInFailed));
      // Its type knows nothing of the second factor.
      const isHalf = 'twoFactorRedirect' in known.response;
      if (isHalf && code === undefined) {
        throw new Problem('second-factor-needed', 'Enter the code of your authenticator app.');
      }
      const answer = isHalf ? await withCode(known.headers, code ?? '') : known;
      const { token, user } = answer.response;
      if (!token) throw new Error('a sign-in without a session');
      if (await isDisabled(db, user.id)) {
        await db.delete(sessions).where(eq(sessions.token, token));
        throw signInFailed();
      }
      await db
        .update(sessions)
        .set({ ipAddress: peer, userAgent: agent?.slice(0, AGENT_CHARS_MAX) ?? null })
        .where(eq(sessions.token, token));
      await forgiveTry(db, attempt);
      return { userId: user.id, token, cookies: cookiesOf(answer.headers, secure) };
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
      const { user, session } = answer.response;
      return {
        ...{ userId: user.id, token: session.token },
        cookies: cookiesOf(answer.headers, secure),
      };
    },

    tokenOf: (headers) => tokens.get(headers.get('cookie') ?? ''),

    async signOut(headers, secure) {
      const answer = await auth.api.signOut({
        headers: new Headers({ cookie: headers.get('cookie') ?? '' }),
        returnHeaders: true,
      });
      return cookiesOf(answer.headers, secure);
    },

    async changePassword({ headers, secure, current, next }) {
      const answer = await auth.api
        .changePassword({
          body: { currentPassword: current, newPassword: next, revokeOtherSessions: true },
          headers: cookieOf(headers),
          returnHeaders: true,
        })
        .catch(refusedAs(passwordWrong));
      return cookiesOf(answer.headers, secure);
    },

    async beginTotp({ headers, password }) {
      const answer = await auth.api
        .enableTwoFactor({ body: { password, method: 'totp' }, headers: cookieOf(headers) })
        .catch((error: unknown) => {
          if (isRefusal(error) && codeOf(error) === 'TOTP_ALREADY_ENABLED') {
            throw new Problem('conflict', 'There is a second factor; end it first.');
          }
          return refusedAs(passwordWrong)(error);
        });
      if (answer.method !== 'totp') throw new Error(`a second factor of kind ${answer.method}`);
      return { uri: answer.totpURI, codes: answer.backupCodes };
    },

    async confirmTotp({ headers, secure, code }) {
      const answer = await auth.api
        .verifyTOTP({ body: { code }, headers: cookieOf(headers), returnHeaders: true })
        .catch(refusedAs(codeWrong));
      return cookiesOf(answer.headers, secure);
    },

    async endTotp({ headers, secure, password }) {
      const answer = await auth.api
        .disableTwoFactor({
          ...{ body: { password }, headers: cookieOf(headers), returnHeaders: true },
        })
        .catch(refusedAs(passwordWrong));
      return cookiesOf(answer.headers, secure);
    },
  };

  /** The second half of a sign-in, with the cookie of the first. */
  async function withCode(first: Headers, code: string) {
    const cookie = first
      .getSetCookie()
      .map((line) => line.split(';')[0] ?? '')
      .filter((pair) => !pair.endsWith('='))
      .join('; ');
    const asked = {
      body: { code },
      headers: new Headers({ cookie }),
      returnHeaders: true,
    } as const;
    const isOfApp = /^\d{6}$/.test(code);
    const verified = isOfApp ? auth.api.verifyTOTP(asked) : auth.api.verifyBackupCode(asked);
    return await verified.catch(refusedAs(codeWrong));
  }
}

const cookieOf = (headers: Headers) => new Headers({ cookie: headers.get('cookie') ?? '' });
const passwordWrong = () => new Problem('password-wrong', 'The present password is wrong.');
const codeWrong = () => new Problem('second-factor-wrong', 'The code is wrong or was used before.');

/** For `.catch`: what better-auth refuses becomes this problem, any other error goes on. */
const refusedAs =
  (problem: () => Problem) =>
  (error: unknown): never => {
    throw isRefusal(error) ? problem() : error;
  };
const codeOf = (error: Error) => (error as { body?: { code?: string } }).body?.code;

// One text for an unknown user, a wrong password, a disabled user: nothing to enumerate by.
const signInFailed = () => new Problem('sign-in-failed', 'E-mail or password is wrong.');

const isRefusal = (error: unknown): error is Error =>
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

/** Deletes sessions and half sign-ins that have expired. */
export async function forgetOldSessions(db: Db, now: Date): Promise<void> {
  await db.delete(sessions).where(lt(sessions.expiresAt, now));
  await db.delete(verifications).where(lt(verifications.expiresAt, now));
}

/** A new API key: `wl_` and 32 random bytes. Only its SHA-256 is kept; the key is shown once. */
export function newApiKey(): { key: string; prefix: string; hash: string } {
  const key = `wl_${randomBytes(32).toString('base64url')}`;
  return { key, prefix: key.slice(0, 9), hash: hashOfKey(key) };
}

/** What is kept of an API key. */
export const hashOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');

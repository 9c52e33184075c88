/** What a person does with their own account: where they are signed in, the password, the second factor. */
import { createRoute, z } from '@hono/zod-openapi';
import { eq } from 'drizzle-orm';
import type { Context } from 'hono';
import { record } from '../sql/audit.ts';
import { Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  listOf,
  makes,
  type RouteEnv,
  signedIn,
  takes,
} from '../sql/route.ts';
import { users } from '../sql/schema/index.ts';
import { actorAccess } from './access.ts';
import { PASSWORD_MAX, PASSWORD_MIN } from './auth.ts';
import { assertPassword } from './password-rules.ts';
import { isSecure } from './request.ts';
import type { WebDeps } from './routes.ts';
import { by } from './rows.ts';
import { endSession, sessionRowSchema, sessionsOf } from './sessions.ts';

const passwordSchema = z.string().min(1).max(1024);
const done = { 204: { description: 'Done' } };

const list = createRoute({
  method: 'get',
  path: '/session/sessions',
  summary: 'Where one is signed in oneself',
  ...signedIn,
  responses: answers(listOf(sessionRowSchema)),
});

const end = createRoute({
  method: 'delete',
  path: '/session/sessions/{sessionId}',
  summary: 'End one of one’s own sessions',
  ...signedIn,
  request: { params: z.object({ sessionId: z.string().min(1).max(64) }) },
  responses: done,
});

const changePassword = createRoute({
  method: 'post',
  path: '/session/password',
  summary: 'Change one’s own password; all other sessions end',
  ...signedIn,
  request: {
    body: takes(
      z
        .object({ current: passwordSchema, next: z.string().min(PASSWORD_MIN).max(PASSWORD_MAX) })
        .strict(),
    ),
  },
  responses: done,
});

const beginTotp = createRoute({
  method: 'post',
  path: '/session/totp',
  summary: 'Begin a second factor; it holds once a first code is confirmed',
  ...signedIn,
  request: { body: takes(z.object({ password: passwordSchema }).strict()) },
  responses: makes(
    z
      .object({
        uri: z.string().openapi({ description: 'otpauth:// (RFC 6238), as a QR code for the app' }),
        recoveryCodes: z
          .array(z.string())
          .openapi({ description: 'Each signs in once without the app; shown this once' }),
      })
      .openapi('TotpBegun'),
  ),
});

const confirmTotp = createRoute({
  method: 'post',
  path: '/session/totp/confirmations',
  summary: 'Confirm the second factor with a first code',
  ...signedIn,
  request: {
    body: takes(z.object({ code: z.string().regex(/^\d{6}$/, 'six digits') }).strict()),
  },
  responses: done,
});

const endTotp = createRoute({
  method: 'post',
  path: '/session/totp/removals',
  summary: 'End one’s own second factor',
  ...signedIn,
  request: { body: takes(z.object({ password: passwordSchema }).strict()) },
  responses: done,
});

export function ownAccountRoutes({ db, auth }: WebDeps) {
  /** The request of a person; a key has no password and no sessions. */
  const own = (c: Context<RouteEnv>) => {
    const { actor } = actorAccess(c.get('access'));
    if (actor.kind !== 'user') throw new Problem('forbidden', 'Only a person has an account.');
    return { userId: actor.id, asked: { headers: c.req.raw.headers, secure: isSecure(c) } };
  };
  const tell = (c: Context<RouteEnv>, action: string, detail: Record<string, unknown> = {}) =>
    record(db, {
      projectId: null,
      ...by(c),
      action,
      subjectKind: 'user',
      subjectId: c.get('access').actor.id,
      detail,
    });
  const set = (c: Context<RouteEnv>, cookies: readonly string[]) => {
    for (const line of cookies) c.header('set-cookie', line, { append: true });
  };

  return createRoutes()
    .openapi(list, async (c) => {
      const { userId, asked } = own(c);
      const { headers, secure } = asked;
      const token = auth.tokenOf(headers) ?? (await auth.session(headers, secure))?.token;
      return c.json(
        { data: await sessionsOf(db, { userId, token }), nextCursor: null, totals: null },
        200,
      );
    })
    .openapi(end, async (c) => {
      const { userId } = own(c);
      await endSession(db, { userId, sessionId: c.req.valid('param').sessionId });
      await tell(c, 'session.ended');
      return c.body(null, 204);
    })
    .openapi(changePassword, async (c) => {
      const { asked, userId } = own(c);
      const [me] = await db
        .select({ name: users.name, email: users.email })
        .from(users)
        .where(eq(users.id, userId));
      if (me) assertPassword(c.req.valid('json').next, me);
      set(c, await auth.changePassword({ ...asked, ...c.req.valid('json') }));
      await tell(c, 'user.password-changed');
      return c.body(null, 204);
    })
    .openapi(beginTotp, async (c) => {
      const { asked } = own(c);
      const { uri, codes } = await auth.beginTotp({ ...asked, ...c.req.valid('json') });
      return c.json({ uri, recoveryCodes: codes }, 201);
    })
    .openapi(confirmTotp, async (c) => {
      const { asked } = own(c);
      set(c, await auth.confirmTotp({ ...asked, ...c.req.valid('json') }));
      await tell(c, 'user.second-factor-begun');
      return c.body(null, 204);
    })
    .openapi(endTotp, async (c) => {
      const { asked } = own(c);
      set(c, await auth.endTotp({ ...asked, ...c.req.valid('json') }));
      await tell(c, 'user.second-factor-ended');
      return c.body(null, 204);
    });
}

/** Signing in and out, and what the signed-in person may see. */
import { createRoute, z } from '@hono/zod-openapi';
import { eq } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { type Access, permissions } from '../sql/permission.ts';
import type { Db } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { answers, createRoutes, open, signedIn, takes } from '../sql/route.ts';
import { users } from '../sql/schema/index.ts';
import { accessOfUser, actorAccess } from './access.ts';
import { projectSchema, visibleProjects } from './projects.ts';
import { isSecure, peerOf } from './request.ts';
import type { WebDeps } from './routes.ts';

const sessionSchema = z
  .object({
    user: z.object({
      id: z.string(),
      name: z.string(),
      email: z.string().nullable(),
      secondFactor: z.boolean(),
    }),
    projects: z.array(projectSchema),
    everywhere: z
      .array(z.string())
      .openapi({ description: 'Permissions that hold outside of projects, too' }),
  })
  .openapi('Session');

const signIn = createRoute({
  method: 'post',
  path: '/session',
  summary: 'Sign in',
  ...open,
  request: {
    body: takes(
      z.object({
        email: z.string().min(1).max(254),
        password: z.string().min(1).max(1024),
        code: z
          .string()
          .trim()
          .min(6)
          .max(40)
          .optional()
          .openapi({ description: 'Of the authenticator app, or a recovery code' }),
      }),
    ),
  },
  responses: answers(sessionSchema),
});

const show = createRoute({
  method: 'get',
  path: '/session',
  summary: 'Who is signed in',
  ...signedIn,
  responses: answers(sessionSchema),
});

const signOut = createRoute({
  method: 'delete',
  path: '/session',
  summary: 'Sign out',
  ...signedIn,
  responses: { 204: { description: 'Signed out' } },
});

export function sessionRoutes({ db, auth }: WebDeps) {
  return createRoutes()
    .openapi(signIn, async (c) => {
      const agent = c.req.header('user-agent') ?? null;
      const by = { ...c.req.valid('json'), agent, peer: peerOf(c), secure: isSecure(c) };
      const { userId, cookies } = await auth.signIn(by);
      const access = await accessOfUser(db, { userId, projectId: null });
      if (!access) throw new Problem('sign-in-failed', 'E-mail or password is wrong.');
      for (const line of cookies) c.header('set-cookie', line, { append: true });
      await record(db, {
        projectId: null,
        actor: access.actor,
        action: 'session.opened',
        subjectKind: 'user',
        subjectId: userId,
        detail: { peer: by.peer },
        traceId: c.get('traceId'),
      });
      return c.json(await sessionOf(db, access), 200);
    })
    .openapi(show, async (c) => c.json(await sessionOf(db, actorAccess(c.get('access'))), 200))
    .openapi(signOut, async (c) => {
      const { actor } = actorAccess(c.get('access'));
      const cookies = await auth.signOut(c.req.raw.headers, isSecure(c));
      for (const line of cookies) c.header('set-cookie', line, { append: true });
      await record(db, {
        ...{ projectId: null, actor, action: 'session.closed', traceId: c.get('traceId') },
        ...{ subjectKind: 'user', subjectId: actor.id },
      });
      return c.body(null, 204);
    });
}

async function sessionOf(db: Db, access: Access) {
  const { actor } = access;
  const [found, projects] = await Promise.all([
    actor.kind === 'user'
      ? db
          .select({ email: users.email, secondFactor: users.twoFactorEnabled })
          .from(users)
          .where(eq(users.id, actor.id))
      : [],
    visibleProjects(db, actor),
  ]);
  const { email = null, secondFactor = false } = found[0] ?? {};
  return {
    user: { id: actor.id, name: actor.name, email, secondFactor },
    projects,
    everywhere: permissions.filter((each) => access.may(null, each) === 'allowed'),
  };
}

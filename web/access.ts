/**
 * What an actor may do, worked out from its grants for each request anew, so that a role taken away
 * is gone with the next request. Deny by default.
 */
import { sql } from 'drizzle-orm';
import type { Access, Actor, Permission, Verdict } from '../sql/permission.ts';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';

/** A role's permissions over a group, a project, or (both null) everywhere. */
export interface Grant {
  permissions: readonly string[];
  groupId: string | null;
  projectId: string | null;
}

/** The project that a request asks about, known to exist. */
export interface AskedProject {
  id: string;
  groupId: string;
}

/**
 * Access from grants. Only `project` can be allowed: any other project id is hidden, also for those
 * who may do everything everywhere, because nobody has seen that it exists.
 */
export function accessFrom({
  actor,
  grants,
  project,
}: {
  actor: Actor;
  grants: readonly Grant[];
  project: AskedProject | null;
}): Access {
  const everywhere = grants.filter((g) => g.groupId === null && g.projectId === null);
  const holds = (list: readonly Grant[], permission: Permission) =>
    list.some((g) => g.permissions.includes(permission));
  return {
    actor,
    may(projectId, permission): Verdict {
      if (projectId === null) return holds(everywhere, permission) ? 'allowed' : 'forbidden';
      if (project === null || project.id !== projectId) return 'hidden';
      const here = grantsFor(grants, project);
      if (here.length === 0) return 'hidden';
      return holds(here, permission) ? 'allowed' : 'forbidden';
    },
  };
}

/** The grants that cover a project. */
export const grantsFor = (grants: readonly Grant[], project: AskedProject): Grant[] =>
  grants.filter(
    (g) =>
      (g.groupId === null && g.projectId === null) ||
      g.projectId === project.id ||
      g.groupId === project.groupId,
  );

const grantList = sql`coalesce(jsonb_agg(jsonb_build_object('permissions', r.permissions,
  'groupId', g.group_id::text, 'projectId', g.project_id::text)) FILTER (WHERE g.id IS NOT NULL), '[]')`;

interface FoundUser extends Record<string, unknown> {
  id: string;
  name: string;
  group_id: string | null;
  grants: Grant[];
}

/** Access of a signed-in person; undefined when the user is disabled or gone. One statement. */
export async function accessOfUser(
  db: Queryable,
  { userId, projectId }: { userId: string; projectId: string | null },
): Promise<Access | undefined> {
  const found = await db.execute<FoundUser>(sql`
    SELECT u.id, u.name, (SELECT group_id::text FROM projects WHERE id = ${projectId}::bigint) AS group_id,
      ${grantList} AS grants
    FROM users u LEFT JOIN grants g ON g.user_id = u.id LEFT JOIN roles r ON r.id = g.role_id
    WHERE u.id = ${userId} AND u.disabled_at IS NULL GROUP BY u.id`);
  return found.rows[0] && accessOfFound(found.rows[0], projectId);
}

/**
 * The same by the token of a session, in one statement with it; undefined also when the session has ended
 * or is due to be prolonged (`minutes` before its end or later), which Auth.session sees to.
 */
export async function accessOfSession(
  db: Queryable,
  { token, minutes, projectId }: { token: string; minutes: number; projectId: string | null },
): Promise<Access | undefined> {
  const found = await db.execute<FoundUser>(sql`
    SELECT u.id, u.name, (SELECT group_id::text FROM projects WHERE id = ${projectId}::bigint) AS group_id,
      ${grantList} AS grants
    FROM sessions s JOIN users u ON u.id = s.user_id
      LEFT JOIN grants g ON g.user_id = u.id LEFT JOIN roles r ON r.id = g.role_id
    WHERE s.token = ${token} AND s.expires_at > now() + make_interval(mins => ${minutes})
      AND u.disabled_at IS NULL GROUP BY u.id`);
  return found.rows[0] && accessOfFound(found.rows[0], projectId);
}

const accessOfFound = (
  { id, name, group_id: groupId, grants }: FoundUser,
  projectId: string | null,
): Access =>
  accessFrom({
    actor: { kind: 'user', id, name },
    grants,
    project: projectId && groupId ? { id: projectId, groupId } : null,
  });

/** Access of an integrator's key by its SHA-256; undefined when unknown, expired or revoked. */
export async function accessOfKey(
  db: Queryable,
  { hash, projectId, now }: { hash: string; projectId: string | null; now: Date },
): Promise<Access | undefined> {
  const at = now.toISOString();
  const found = await db.execute<{
    id: string;
    name: string;
    created_by: string;
    key_group: string | null;
    key_project: string | null;
    permissions: string[];
    group_id: string | null;
    stale: boolean;
  }>(sql`
    SELECT k.id::text, k.name, k.created_by, k.group_id::text AS key_group, k.project_id::text AS key_project,
      r.permissions, (SELECT group_id::text FROM projects WHERE id = ${projectId}::bigint) AS group_id,
      coalesce(k.last_used_at < ${at}::timestamptz - interval '1 minute', true) AS stale
    FROM api_keys k JOIN roles r ON r.id = k.role_id
    WHERE k.hash = ${hash} AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > ${at}::timestamptz)
      AND (k.group_id IS NOT NULL OR k.project_id IS NOT NULL)`);
  const row = found.rows[0];
  if (!row) return undefined;
  // At most one write a minute and key: a key that polls must not turn every read into a write.
  if (row.stale) {
    await db.execute(
      sql`UPDATE api_keys SET last_used_at = ${at}::timestamptz WHERE id = ${row.id}::bigint`,
    );
  }
  return accessFrom({
    actor: { kind: 'key', id: row.id, name: row.name, person: row.created_by },
    grants: [{ permissions: row.permissions, groupId: row.key_group, projectId: row.key_project }],
    project: projectId && row.group_id ? { id: projectId, groupId: row.group_id } : null,
  });
}

/** The access of whoever asks. Throws Problem `unauthenticated` when nobody is signed in. */
export function actorAccess(access: Access | undefined): Access {
  if (!access) throw new Problem('unauthenticated', 'Sign in, or send an API key.');
  return access;
}

/** What somebody may do who is not asking now: for work that was asked for before. */
export async function accessOfActor(
  db: Queryable,
  {
    kind,
    id,
    projectId,
    now,
  }: { kind: Actor['kind']; id: string; projectId: string | null; now: Date },
): Promise<Access | undefined> {
  if (kind === 'user') return accessOfUser(db, { userId: id, projectId });
  const found = await db.execute<{ hash: string }>(
    sql`SELECT hash FROM api_keys WHERE id = ${id}::bigint`,
  );
  const hash = found.rows[0]?.hash;
  return hash === undefined ? undefined : accessOfKey(db, { hash, projectId, now });
}

/** Lock-out of a point: while it hangs there, no payment, batch or policy closes its supply. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  instantSchema,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { points } from '../sql/schema/index.ts';
import { codeSchema, textSchema } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { by } from './rows.ts';

/** Who locked it, why, with which tag on the switch, and since when. */
export const lockOutSchema = z
  .object({ by: z.string(), why: z.string(), tag: z.string(), at: instantSchema })
  .openapi('LockOut');

const pointParams = projectParams.extend({ pointId: idSchema });
const lockedPoint = z
  .object({ pointId: idSchema, code: z.string(), lockOut: lockOutSchema.nullable() })
  .openapi('PointLockOut');

const lock = createRoute({
  method: 'post',
  path: '/projects/{projectId}/points/{pointId}/lock-out',
  summary: 'Lock a point out: nothing closes its supply until the lock is lifted',
  ...needs('supply.write'),
  request: {
    params: pointParams,
    body: takes(
      z.strictObject({
        why: textSchema,
        tag: codeSchema.openapi({ description: 'What stands on the tag that hangs at the switch' }),
      }),
    ),
  },
  responses: makes(lockedPoint),
});

const lift = createRoute({
  method: 'post',
  path: '/projects/{projectId}/points/{pointId}/lock-out/lift',
  summary: 'Lift the lock-out of a point, naming its tag; the supply stays as it is',
  ...needs('supply.write'),
  request: {
    params: pointParams,
    body: takes(
      z.strictObject({
        why: textSchema,
        tag: codeSchema.openapi({ description: 'Of the lock that is meant' }),
      }),
    ),
  },
  responses: answers(lockedPoint),
});

export function lockOutRoutes({ db, clock }: IngestDeps) {
  return createRoutes()
    .openapi(lock, async (c) => {
      const which = c.req.valid('param');
      const { why, tag } = c.req.valid('json');
      const { actor, traceId } = by(c);
      const locked = await db.transaction(async (tx) => {
        const point = await pointOf(tx, which);
        if (point.retiredAt) throw new Problem('conflict', 'The point is retired.');
        if (point.lockOut) {
          throw new Problem(
            'conflict',
            `The point is locked out already, by ${point.lockOut.by} with the tag ${point.lockOut.tag}.`,
          );
        }
        const lockOut = { by: actor.name, why, tag, at: clock().toISOString() };
        await tx.update(points).set({ lockOut }).where(sameAs(which));
        await record(tx, {
          ...{ projectId: which.projectId, actor, traceId, action: 'point.locked-out' },
          ...{ subjectKind: 'point', subjectId: which.pointId },
          detail: { code: point.code, why, tag },
        });
        return { pointId: which.pointId, code: point.code, lockOut };
      });
      return c.json(locked, 201);
    })
    .openapi(lift, async (c) => {
      const which = c.req.valid('param');
      const { why, tag } = c.req.valid('json');
      const { actor, traceId } = by(c);
      const lifted = await db.transaction(async (tx) => {
        const { code, lockOut } = await pointOf(tx, which);
        if (!lockOut) throw new Problem('conflict', 'The point is not locked out.');
        // Who lifts a lock has the tag in hand: a lock that came since is not lifted with it.
        if (lockOut.tag !== tag) {
          const fault = {
            at: 'json/tag',
            message: 'the tag of the lock that hangs there is another',
          };
          throw new Problem('conflict', `${fault.at}: ${fault.message}`, { faults: [fault] });
        }
        await tx.update(points).set({ lockOut: null }).where(sameAs(which));
        await record(tx, {
          ...{ projectId: which.projectId, actor, traceId, action: 'point.lock-lifted' },
          ...{ subjectKind: 'point', subjectId: which.pointId },
          detail: { code, why, lockOut },
        });
        return { pointId: which.pointId, code, lockOut: null };
      });
      return c.json(lifted, 200);
    });
}

interface Which {
  projectId: string;
  pointId: string;
}

const sameAs = ({ projectId, pointId }: Which) =>
  and(eq(points.projectId, projectId), eq(points.id, pointId));

/** The point, locked until commit. Throws Problem `not-found`. */
async function pointOf(tx: Tx, which: Which) {
  const [point] = await tx
    .select({ code: points.code, lockOut: points.lockOut, retiredAt: points.retiredAt })
    .from(points)
    .where(sameAs(which))
    .for('update');
  if (!point) throw notFound('point');
  return point;
}

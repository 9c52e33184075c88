/** The places that a report is asked about: another project's building, account or point does not exist. */
import { z } from '@hono/zod-openapi';
import { and, eq } from 'drizzle-orm';
import type { Db } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { idSchema } from '../sql/route.ts';
import { accounts, buildings, floors, points } from '../sql/schema/index.ts';

export const commodities = ['electricity', 'water'] as const;
export type Commodity = (typeof commodities)[number];
export const pointRoles = ['unit', 'building-main', 'park-main'] as const;
export type PointRole = (typeof pointRoles)[number];

/** The parameters that choose places, for the query of a report. */
export const placesQuery = {
  role: z.enum(pointRoles).optional().openapi({
    description:
      'Unset: units, so that a main is never added to its parts; for accounts, whatever they hold; for a point, that point',
  }),
  buildingId: idSchema.optional(),
  floorId: idSchema.optional(),
  accountId: idSchema.optional(),
  pointId: idSchema.optional(),
};

export interface AskedPlaces {
  buildingId?: string;
  floorId?: string;
  accountId?: string;
  pointId?: string;
}

/** The commodity of the point that is asked for, if one is. Throws Problem `not-found`. */
export async function checkPlaces(
  db: Db,
  projectId: string,
  asked: AskedPlaces,
): Promise<Commodity | undefined> {
  const point = asked.pointId
    ? (
        await db
          .select({ commodity: points.commodity })
          .from(points)
          .where(and(eq(points.projectId, projectId), eq(points.id, asked.pointId)))
      )[0]
    : undefined;
  if (asked.pointId && !point) throw notFound('point');
  for (const [what, table, id] of [
    ['building', buildings, asked.buildingId],
    ['floor', floors, asked.floorId],
    ['account', accounts, asked.accountId],
  ] as const) {
    if (id && !(await exists(db, table, projectId, id))) throw notFound(what);
  }
  return point?.commodity;
}

async function exists(
  db: Db,
  table: typeof buildings | typeof floors | typeof accounts,
  projectId: string,
  id: string,
): Promise<boolean> {
  const found = await db
    .select({ id: table.id })
    .from(table)
    .where(and(eq(table.projectId, projectId), eq(table.id, id)));
  return found.length > 0;
}

/** Lost contact of meters and gateways: since when, until when, how long. Told from the alarms that were raised of it. */
import { createRoute, z } from '@hono/zod-openapi';
import { type SQL, sql } from 'drizzle-orm';
import { isoOrNull } from '../sql/clock.ts';
import { dayStart } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  needs,
  projectParams,
  rangeQuery,
} from '../sql/route.ts';
import { matches } from '../sql/search.ts';
import { cursorId, pageOf } from './page.ts';
import { projectNamed } from './projects.ts';
import type { WebDeps } from './routes.ts';
import { only } from './rows.ts';

const kinds = ['meter', 'gateway'] as const;

const lossSchema = z
  .object({
    id: idSchema,
    kind: z.enum(kinds),
    subjectId: z.string(),
    name: z.string().openapi({ description: 'Serial of the meter, name of the gateway' }),
    pointCode: z.string().nullable(),
    buildingCode: z.string().nullable(),
    from: z.string().openapi({
      description: 'The last reading before it; of a gateway, which has none, when it was noticed',
    }),
    noticedAt: z.string(),
    to: z.string().nullable().openapi({ description: 'Null: not yet in contact again' }),
    durationS: z.number().int().openapi({ description: 'Until now where it is not over' }),
    meters: z.number().int().nullable().openapi({ description: 'Of a gateway: how many it has' }),
  })
  .openapi('LostContact');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/lost-contact',
  summary:
    'Times without contact that touch local days [from, to), the newest noticed first; meters of a silent gateway are told as the gateway',
  ...needs('alarm.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      kind: z.enum(kinds).optional(),
      state: z.enum(['open', 'over']).optional(),
      q: z.string().max(100).default('').openapi({
        description: 'A part of a serial, the code of a point or building, or a gateway’s name',
      }),
    }),
  },
  responses: answers(
    listOf(
      lossSchema,
      z.object({
        count: z.number().int(),
        open: z.number().int(),
        durationS: z.number().int(),
      }),
    ),
  ),
});

export function lostContactRoutes({ db, clock }: WebDeps) {
  return createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const { limit, cursor, ...filter } = c.req.valid('query');
    const project = await projectNamed(db, projectId);
    if (!project) throw notFound('project');
    const asked = { projectId, zone: project.zone, now: clock(), ...filter };
    const { data, totals } = await readLosses(db, { ...asked, before: cursorId(cursor), limit });
    return c.json({ ...pageOf(data, limit), totals }, 200);
  });
}

interface Asked {
  projectId: string;
  zone: string;
  now: Date;
  from?: string | undefined;
  to?: string | undefined;
  kind?: (typeof kinds)[number] | undefined;
  state?: 'open' | 'over' | undefined;
  q: string;
}

async function readLosses(
  db: Db,
  { before, limit, ...asked }: Asked & { before: string | undefined; limit: number },
) {
  const losses = lossesOf(asked);
  const [found, summed] = await Promise.all([
    db.execute<
      Record<'id' | 'subject_id' | 'name' | 'from_at' | 'raised_at', string> &
        Record<'point_code' | 'building_code' | 'cleared_at', string | null> & {
          kind: (typeof kinds)[number];
          duration_s: number;
          meters: number | null;
        }
    >(sql`
      SELECT * FROM (${losses}) l WHERE ${before ?? null}::bigint IS NULL OR l.id < ${before ?? null}::bigint
      ORDER BY l.id DESC LIMIT ${limit + 1}`),
    db.execute<{ count: number; open: number; duration_s: string }>(sql`
      SELECT count(*)::int AS count, (count(*) FILTER (WHERE l.cleared_at IS NULL))::int AS open,
        coalesce(sum(l.duration_s), 0)::text AS duration_s FROM (${losses}) l`),
  ]);
  const { count, open, duration_s } = only(summed.rows);
  return {
    data: found.rows.map((row) => ({
      ...{ id: String(row.id), kind: row.kind, subjectId: row.subject_id, name: row.name },
      ...{ pointCode: row.point_code, buildingCode: row.building_code },
      from: new Date(row.from_at).toISOString(),
      noticedAt: new Date(row.raised_at).toISOString(),
      to: isoOrNull(row.cleared_at),
      ...{ durationS: row.duration_s, meters: row.meters },
    })),
    totals: { count, open, durationS: Number(duration_s) },
  };
}

/** One row a loss; what came again within minutes is one loss, from before the first. */
function lossesOf({ projectId, zone, now, from, to, kind, state, q }: Asked): SQL {
  const at = sql`${now.toISOString()}::timestamptz`;
  const instant = (day: string | undefined) =>
    day === undefined ? null : new Date(dayStart(zone, day)).toISOString();
  const [first, end] = [instant(from), instant(to)];
  return sql`
    SELECT l.*, greatest(0, extract(epoch FROM coalesce(l.cleared_at, ${at}) - l.from_at))::int
        AS duration_s
    FROM (
      SELECT a.id, a.subject_kind AS kind, a.subject_id, a.raised_at, a.cleared_at,
        least(a.raised_at, (a.detail ->> 'lastSampleAt')::timestamptz) AS from_at,
        CASE a.subject_kind WHEN 'meter' THEN m.serial ELSE g.name END AS name,
        p.code AS point_code, u.code AS building_code, (a.detail ->> 'meters')::int AS meters
      FROM alarms a
      LEFT JOIN meters m ON m.project_id = a.project_id AND a.subject_kind = 'meter'
        AND m.id = a.subject_id::bigint
      LEFT JOIN gateways g ON g.project_id = a.project_id AND a.subject_kind = 'gateway'
        AND g.id = a.subject_id::bigint
      LEFT JOIN installations i ON i.project_id = m.project_id AND i.meter_id = m.id
        AND i.valid_from <= a.raised_at AND (i.valid_to IS NULL OR i.valid_to > a.raised_at)
      LEFT JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
      LEFT JOIN buildings u ON u.project_id = a.project_id
        AND u.id = coalesce(p.building_id, g.building_id)
      WHERE a.project_id = ${projectId}::bigint AND a.kind IN ('meter.silent', 'gateway.silent')
        AND a.subject_kind IN ('meter', 'gateway')) l
    WHERE l.name IS NOT NULL
      AND (${kind ?? null}::text IS NULL OR l.kind = ${kind ?? null})
      AND (${state ?? null}::text IS NULL OR ${state ?? null}
        = CASE WHEN l.cleared_at IS NULL THEN 'open' ELSE 'over' END)
      AND (${end}::timestamptz IS NULL OR l.from_at < ${end}::timestamptz)
      AND (${first}::timestamptz IS NULL OR coalesce(l.cleared_at, ${at}) > ${first}::timestamptz)
      AND ${matches(q, sql`l.name, l.point_code, l.building_code`)}`;
}

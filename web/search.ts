/**
 * Search of a project: accounts (also by who stands behind them), meters, points, places, gateways and
 * papers, by a part of what is written on them, each kind only for who may read it. One statement; the
 * texts are those of the indexes in migration 0024.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { type SQL, sql } from 'drizzle-orm';
import type { Access, Permission } from '../sql/permission.ts';
import type { Db } from '../sql/postgres.ts';
import { answers, createRoutes, idSchema, needs, projectParams } from '../sql/route.ts';
import { likePart } from '../sql/search.ts';
import type { WebDeps } from './routes.ts';

/** Most hits of a kind; that there are more is said. */
export const HITS_MAX = 8;
/** Digits from which on a number may be a phone's: fewer would list what nobody asked for. */
export const PHONE_DIGITS_MIN = 4;

const papers = ['sale', 'refund', 'reversal', 'deposit', 'residual'] as const;

const hitSchema = z
  .object({
    id: idSchema,
    title: z.string(),
    titleZh: z.string().nullable(),
    beside: z.string().nullable().openapi({
      description:
        'Number of an account, serial of the meter of a point, point of a meter, account of a paper, place of a room',
    }),
    besideZh: z.string().nullable(),
    phone: z.string().nullable().openapi({
      description: 'Of an account that was found by a phone: its last four digits',
    }),
    isOver: z.boolean().openapi({ description: 'A closed account' }),
    paper: z.enum(papers).nullable(),
    accountId: idSchema.nullable(),
    meterId: idSchema.nullable(),
    buildingId: idSchema.nullable(),
  })
  .openapi('SearchHit');

const kinds = ['account', 'meter', 'point', 'room', 'building', 'gateway', 'paper'] as const;
type Kind = (typeof kinds)[number];

const foundSchema = z
  .object({
    groups: z.array(
      z.object({
        kind: z.enum(kinds),
        hits: z.array(hitSchema),
        more: z.boolean().openapi({ description: `There are more than these ${HITS_MAX}` }),
      }),
    ),
  })
  .openapi('Found');

const search = createRoute({
  method: 'get',
  path: '/projects/{projectId}/search',
  summary: 'What holds a text: accounts, meters, points, places, gateways, receipts',
  ...needs('project.read'),
  request: {
    params: projectParams,
    query: z.object({
      q: z
        .string()
        .trim()
        .min(1)
        .max(100)
        .openapi({
          description: `A part of a name, number, code, serial, receipt or (from ${PHONE_DIGITS_MIN} digits) phone, in any case`,
        }),
    }),
  },
  responses: answers(foundSchema),
});

export function searchRoutes({ db, clock }: WebDeps) {
  return createRoutes().openapi(search, async (c) => {
    const { projectId } = c.req.valid('param');
    const { q } = c.req.valid('query');
    const found = await find(db, { projectId, q, now: clock(), access: c.get('access') });
    return c.json({ groups: found }, 200);
  });
}

type Hit = z.output<typeof hitSchema>;
type Row = Record<'kind' | 'id' | 'title', string> &
  Record<
    | 'title_zh'
    | 'beside'
    | 'beside_zh'
    | 'phone'
    | 'paper'
    | 'account_id'
    | 'meter_id'
    | 'building_id',
    string | null
  > & { is_over: boolean };

interface Asked {
  projectId: string;
  q: string;
  now: Date;
}

/** What is found, a group a kind, kinds with nothing left out; of each kind what begins so comes first. */
async function find(db: Db, { access, ...asked }: Asked & { access: Access }) {
  const mayRead = ([, { permission }]: [Kind, Source]) =>
    access.may(asked.projectId, permission) === 'allowed';
  const open = (Object.entries(sources) as [Kind, Source][]).filter(mayRead); // keys of `kinds`
  if (open.length === 0) return [];
  const parts = open.map(([kind, source]) => partOf(kind, source.hits(asked), asked.q));
  const { rows } = await db.execute<Row>(sql.join(parts, sql` UNION ALL `));
  return open.flatMap(([kind]) => {
    const hits = rows.filter((row) => row.kind === kind).map(render);
    return hits.length
      ? [{ kind, hits: hits.slice(0, HITS_MAX), more: hits.length > HITS_MAX }]
      : [];
  });
}

/** One more than are shown, so that it is known whether there are more. */
const partOf = (kind: Kind, hits: SQL, q: string): SQL => sql`
  (SELECT ${kind} AS kind, h.* FROM (${hits}) h
    ORDER BY lower(${q}) NOT IN (lower(h.title), lower(coalesce(h.beside, ''))),
      NOT starts_with(lower(h.title), lower(${q})), h.is_over, h.title, h.id LIMIT ${HITS_MAX + 1})`;

interface Source {
  permission: Permission;
  /** id, title, title_zh, beside, beside_zh, phone, is_over, paper, account_id, meter_id, building_id. */
  hits: (asked: Asked) => SQL;
}

const none = sql`NULL::text`;
const meterOf = (at: Date): SQL => sql`
  LEFT JOIN installations i ON i.project_id = p.project_id AND i.point_id = p.id
    AND i.valid_from <= ${at.toISOString()}::timestamptz
    AND (i.valid_to IS NULL OR i.valid_to > ${at.toISOString()}::timestamptz)
  LEFT JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id`;

const sources: Record<Kind, Source> = {
  account: {
    permission: 'account.read',
    hits: ({ projectId, q }) => sql`
      SELECT a.id::text, a.name AS title, a.name_zh AS title_zh, a.number AS beside, ${none} AS beside_zh,
        right(min(f.digits), 4) AS phone, a.closed_on IS NOT NULL AS is_over, ${none} AS paper,
        a.id::text AS account_id, ${none} AS meter_id, ${none} AS building_id
      FROM (${accountsFound(projectId, q)}) f
      JOIN accounts a ON a.project_id = ${projectId}::bigint AND a.id = f.id
      GROUP BY a.project_id, a.id`,
  },
  meter: {
    permission: 'device.read',
    hits: ({ projectId, q, now }) => sql`
      SELECT m.id::text, m.serial AS title, ${none} AS title_zh, p.code AS beside, ${none} AS beside_zh,
        ${none} AS phone, m.retired_at IS NOT NULL AS is_over, ${none} AS paper,
        ${none} AS account_id, m.id::text AS meter_id, p.building_id::text
      FROM meters m
      LEFT JOIN installations i ON i.project_id = m.project_id AND i.meter_id = m.id
        AND i.valid_from <= ${now.toISOString()}::timestamptz
        AND (i.valid_to IS NULL OR i.valid_to > ${now.toISOString()}::timestamptz)
      LEFT JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
      WHERE m.project_id = ${projectId}::bigint AND lower(m.serial) LIKE ${likePart(q)}`,
  },
  point: {
    permission: 'device.read',
    hits: ({ projectId, q, now }) => sql`
      SELECT p.id::text, p.code AS title, ${none} AS title_zh, m.serial AS beside, ${none} AS beside_zh,
        ${none} AS phone, false AS is_over, ${none} AS paper,
        ${none} AS account_id, m.id::text AS meter_id, p.building_id::text
      FROM points p ${meterOf(now)}
      WHERE p.project_id = ${projectId}::bigint AND p.retired_at IS NULL
        AND lower(p.code || chr(10) || p.name || chr(10) || coalesce(p.name_zh, ''))
          LIKE ${likePart(q)}`,
  },
  room: {
    permission: 'project.read',
    hits: ({ projectId, q }) => sql`
      SELECT r.id::text, concat_ws(' ', r.code, nullif(r.name, r.code)) AS title,
        concat_ws(' ', r.code, r.name_zh) AS title_zh, u.name AS beside, u.name_zh AS beside_zh,
        ${none} AS phone, false AS is_over, ${none} AS paper,
        ${none} AS account_id, ${none} AS meter_id, u.id::text AS building_id
      FROM rooms r
      JOIN floors f ON f.project_id = r.project_id AND f.id = r.floor_id
      JOIN buildings u ON u.project_id = f.project_id AND u.id = f.building_id
      WHERE r.project_id = ${projectId}::bigint AND r.retired_at IS NULL
        AND lower(r.code || chr(10) || r.name || chr(10) || coalesce(r.name_zh, ''))
          LIKE ${likePart(q)}`,
  },
  building: {
    permission: 'project.read',
    hits: ({ projectId, q }) => sql`
      SELECT u.id::text, u.name AS title, u.name_zh AS title_zh, u.code AS beside, ${none} AS beside_zh,
        ${none} AS phone, false AS is_over, ${none} AS paper,
        ${none} AS account_id, ${none} AS meter_id, u.id::text AS building_id
      FROM buildings u
      WHERE u.project_id = ${projectId}::bigint AND u.retired_at IS NULL
        AND lower(u.code || chr(10) || u.name || chr(10) || coalesce(u.name_zh, ''))
          LIKE ${likePart(q)}`,
  },
  gateway: {
    permission: 'device.read',
    hits: ({ projectId, q }) => sql`
      SELECT g.id::text, g.name AS title, ${none} AS title_zh, u.name AS beside, u.name_zh AS beside_zh,
        ${none} AS phone, false AS is_over, ${none} AS paper,
        ${none} AS account_id, ${none} AS meter_id, u.id::text AS building_id
      FROM gateways g
      LEFT JOIN buildings u ON u.project_id = g.project_id AND u.id = g.building_id
      WHERE g.project_id = ${projectId}::bigint AND g.retired_at IS NULL
        AND lower(g.name) LIKE ${likePart(q)}`,
  },
  paper: {
    permission: 'sale.read',
    hits: ({ projectId, q }) => sql`
      SELECT f.id::text, f.receipt AS title, ${none} AS title_zh, a.name AS beside,
        a.name_zh AS beside_zh, ${none} AS phone, false AS is_over, f.paper,
        a.id::text AS account_id, ${none} AS meter_id, ${none} AS building_id
      FROM (${papersFound(projectId, q)}) f
      JOIN accounts a ON a.project_id = ${projectId}::bigint AND a.id = f.account_id`,
  },
};

/** Accounts by number and name; by who stands behind them; by where they are told. */
function accountsFound(projectId: string, q: string): SQL {
  const named = sql`
    SELECT id, NULL::text AS digits FROM accounts WHERE project_id = ${projectId}::bigint
      AND lower(number || chr(10) || name || chr(10) || coalesce(name_zh, '')) LIKE ${likePart(q)}`;
  const phone = phoneOf(q);
  if (phone === 'too-short') return named;
  const digits = sql`regexp_replace(coalesce(h.phone, ''), '[^0-9]', '', 'g')`;
  return sql`${named}
    UNION ALL
    SELECT a.id, CASE WHEN ${phone !== null} THEN ${digits} END FROM people h
      JOIN accounts a ON a.project_id = h.project_id AND a.person_id = h.id
      WHERE h.project_id = ${projectId}::bigint
        AND lower(h.name || chr(10) || ${digits}) LIKE ${likePart(phone ?? q)}
    UNION ALL
    SELECT n.account_id, CASE WHEN n.channel = 'sms' THEN n.address END FROM notice_addresses n
      WHERE n.project_id = ${projectId}::bigint AND n.removed_at IS NULL AND n.channel <> 'webhook'
        AND lower(n.address) LIKE ${likePart(phone ?? q)}`;
}

/** The digits of what may be a phone; null: it is none, and a name is looked for. */
function phoneOf(q: string): string | 'too-short' | null {
  if (!/^[+\d\s().-]+$/.test(q)) return null;
  const digits = q.replace(/\D/g, '');
  return digits.length < PHONE_DIGITS_MIN ? 'too-short' : digits;
}

/** Numbers are written in capitals. */
function papersFound(projectId: string, q: string): SQL {
  const here = (column: SQL): SQL =>
    sql`project_id = ${projectId}::bigint AND ${column} LIKE ${likePart(q.toUpperCase(), 'as-it-is')}`;
  const receipt = sql`receipt`;
  return sql`
    SELECT id, receipt, account_id, 'sale' AS paper FROM sales WHERE ${here(receipt)}
    UNION ALL SELECT id, receipt, account_id, 'refund' FROM refunds WHERE ${here(receipt)}
    UNION ALL SELECT id, receipt, account_id, 'deposit' FROM deposits WHERE ${here(receipt)}
    UNION ALL SELECT id, receipt, account_id, 'residual' FROM residual_acts WHERE ${here(receipt)}
    UNION ALL SELECT d.reversal_id, d.receipt, s.account_id, 'reversal' FROM sale_reversal_decisions d
      JOIN sales s ON s.project_id = d.project_id AND s.id = d.sale_id
      WHERE d.project_id = ${projectId}::bigint
        AND d.receipt LIKE ${likePart(q.toUpperCase(), 'as-it-is')}`;
}

const render = (row: Row): Hit => ({
  ...{ id: row.id, title: row.title, titleZh: row.title_zh },
  ...{ beside: row.beside, besideZh: row.beside_zh },
  phone: row.phone === null ? null : `…${row.phone}`,
  isOver: row.is_over,
  paper: papers.find((paper) => paper === row.paper) ?? null,
  ...{ accountId: row.account_id, meterId: row.meter_id, buildingId: row.building_id },
});

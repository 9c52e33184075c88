/** What a person waits for before deciding: the effect on the bills of a thousand days of points, and the queue of exceptions. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { routes as billingRoutes } from '../../billing/routes.ts';
import { settleDue } from '../../billing/settle.ts';
import { writePrices, writeStakes } from '../../billing/stakes.ts';
import { routes as ingestRoutes } from '../../ingest/routes.ts';
import { dayStart, SLOT_MS } from '../../sql/local-day.ts';
import type { RouteEnv } from '../../sql/route.ts';
import type { BenchContext, Part, Row } from './part.ts';
import { type Clone, cloneOf, DAY, makePark, ZONE } from './settlement/park.ts';

export const preview: Part = {
  name: 'preview',
  says: 'effect on the bills of 1,000 days of points; 1,000 exceptions priced and listed',
  run: measure,
};

const POINT_DAYS = 1_000;
const ROUNDS_MAX = 5;
const SLOTS = 96;

async function measure(context: BenchContext): Promise<Row[]> {
  const points = context.quick ? 60 : POINT_DAYS;
  context.say(`${points} points are made and settled`);
  const clone = await cloneOf(await makePark(await context.databases(), points), context.scratch);
  try {
    clone.after(DAY);
    const settled = await settleDue(clone.deps, clone.project);
    if (settled.outcome !== 'settled' || settled.headers !== points) {
      throw new Error(`settled ${JSON.stringify(settled)} instead of ${points} headers`);
    }
    const previewId = await keepPreview(clone);
    const ask = faceOf(clone);
    const effects: number[] = [];
    const cpus: number[] = [];
    const lists: number[] = [];
    const stakes: number[] = [];
    await findOne(clone);
    const terms = { ...clone.project, name: 'P', legalEntityId: '0' };
    const { db } = clone.deps.postgres;
    await writePrices(db, terms, clone.deps.clock());
    for (let round = 0; round < Math.min(context.rounds, ROUNDS_MAX); round++) {
      const spent = await clone.spend(async () => {
        const effect = await ask(`/interval-previews/${previewId}/effect`);
        if (effect.dayCount !== points) throw new Error(JSON.stringify(effect));
      });
      effects.push(spent.wallS * 1000);
      cpus.push(spent.cpuS * 1000);
      stakes.push((await timed(() => writeStakes(db, terms, clone.deps.clock()))).ms);
      const list = await timed(() => ask('/exceptions?limit=1000'));
      if (list.answer.data.length !== points) throw new Error('an exception is lacking');
      lists.push(list.ms);
    }
    const wall = (values: readonly number[]) =>
      ([...values].sort((a, b) => a - b)[values.length >> 1] ?? 0) / 1000;
    const of = `${points} points × 1 day`;
    return [
      {
        ...{
          what: `effect on the bills of ${of}`,
          unit: 's',
          ours: wall(effects),
          target: { max: 2 },
        },
        note: 'settled anew within a transaction, rolled back; through the route, without a socket',
      },
      { what: 'CPU of it, all processes', unit: 's', ours: wall(cpus) },
      { what: `${points} exceptions priced`, unit: 's', ours: wall(stakes), target: { max: 1 } },
      { what: `${points} exceptions listed`, unit: 's', ours: wall(lists), target: { max: 0.5 } },
    ];
  } finally {
    await clone.close();
  }
}

async function timed<Value>(act: () => Promise<Value>): Promise<{ ms: number; answer: Value }> {
  const began = performance.now();
  const answer = await act();
  return { ms: performance.now() - began, answer };
}

/** Each quarter-hour of each point, one base unit more. */
async function keepPreview({ owner, project }: Clone): Promise<string> {
  const start = dayStart(ZONE, DAY);
  const { rows } = await owner.query<{ id: string }>(
    `INSERT INTO interval_previews (project_id, act, changes, made_by)
     SELECT $1, 'bench', jsonb_agg(jsonb_build_object('pointId', p.id::text, 'slots', s.slots)), 'bench'
     FROM points p CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array($2::bigint + slot * $3::bigint, 100 + p.id % 7, 1)) AS slots
       FROM generate_series(0, $4::int) slot) s
     WHERE p.project_id = $1 RETURNING id::text`,
    [project.id, start, SLOT_MS, SLOTS - 1],
  );
  return rows[0]?.id ?? '';
}

/** A finding at each point. */
async function findOne({ owner, project }: Clone): Promise<void> {
  await owner.query(
    `INSERT INTO quality_findings (project_id, rule, point_id, local_day, from_at, to_at, energy)
     SELECT project_id, 'spike', id, $2, $3, $3::timestamptz + interval '1 hour', 1000 + id % 997
     FROM points WHERE project_id = $1`,
    [project.id, DAY, new Date(dayStart(ZONE, DAY))],
  );
}

/** The routes of both rooms, asked in this process. */
function faceOf({ project, deps }: Clone) {
  const app = new OpenAPIHono<RouteEnv>();
  app.use('*', async (c, next) => {
    c.set('traceId', 'bench');
    c.set('access', {
      actor: { kind: 'system', id: 'bench', name: 'bench' },
      may: () => 'allowed',
    });
    await next();
  });
  const { questdb } = deps.source;
  // Listing only reads, which every room may.
  const { db, pool } = deps.postgres;
  const { clock } = deps;
  app.route('/', billingRoutes({ db, pool, questdb, clock }));
  app.route('/', ingestRoutes({ db, questdb, clock }));
  return async (path: string) => {
    const response = await app.request(`/projects/${project.id}${path}`);
    if (!response.ok) throw new Error(await response.text());
    // biome-ignore lint/suspicious/noExplicitAny: looked into by the part alone
    return (await response.json()) as any;
  };
}

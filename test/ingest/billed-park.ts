/** A park whose samples are built into intervals, priced and settled, asked through the routes of both rooms. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { routes as billingRoutes } from '../../billing/routes.ts';
import { type Settled, settleDirty, settleDue } from '../../billing/settle.ts';
import { parseTariff } from '../../billing/tariff.ts';
import { routes as ingestRoutes } from '../../ingest/routes.ts';
import { openPostgres } from '../../sql/postgres.ts';
import { Problem, problems, renderProblem } from '../../sql/problem.ts';
import type { RouteEnv } from '../../sql/route.ts';
import type { Ask } from '../billing/face.ts';
import { PATIENCE_MS } from '../patience.ts';
import { openIntervalPark } from './interval-park.ts';

/** One price all day, so that money is energy: 1.00 per kWh; or dear by day and cheap by night. */
const definitionOf = (prices: 'one' | 'two') => ({
  components: [
    {
      ...{ kind: 'usage', code: 'energy', name: 'Energy' },
      ...(prices === 'one' ? { price: '1' } : { prices: { 2: '2', 4: '0.5' } }),
    },
  ],
  ...(prices === 'two' && {
    calendar: {
      seasons: [
        {
          ...{ name: 'year', from: '01-01', to: '12-31' },
          days: [
            {
              type: 'everyday',
              bands: [
                { from: '00:00', to: '08:00', rank: 4 },
                { from: '08:00', to: '24:00', rank: 2 },
              ],
            },
          ],
        },
      ],
    },
  }),
});

/** Opens it; readings are scheduled every five minutes. */
export async function openBilledPark({
  nowMs,
  prices = 'one',
  zone,
}: {
  nowMs: number;
  prices?: 'one' | 'two';
  zone?: string;
}) {
  const park = await openIntervalPark({ nowMs, ...(zone && { zone }) });
  const { projectId, owner, add, questdb, duckdb, deps } = park;
  await owner.query('UPDATE projects SET poll_seconds = 300 WHERE id = $1', [projectId]);
  const postgres = openPostgres({ url: park.database.urls.billing });
  const tariffId = await add('tariffs', {
    ...{ project_id: projectId, name: 'T', commodity: 'electricity' },
  });
  await add('tariff_versions', {
    ...{ project_id: projectId, tariff_id: tariffId, version: 1, effective_from: '2000-01-01' },
    ...{ definition: JSON.stringify(parseTariff(definitionOf(prices))), created_by: 'test' },
  });
  await add('tariff_assignments', {
    ...{ project_id: projectId, tariff_id: tariffId, commodity: 'electricity' },
    valid_from: '2000-01-01',
  });
  const settlement = {
    postgres,
    source: { questdb, duckdb, folder: deps.folder },
    clock: () => park.clock.now,
    graceMs: 30 * 60_000,
    walDeadlineMs: 30_000,
  };
  const project = { id: projectId, zone: park.zone, currency: 'CNY' };
  let nth = 0;
  /** Days that somebody made dirty and that were not built or rated since. */
  const undone = async () => {
    const { rows } = await owner.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM dirty_days d WHERE d.project_id = $1
       AND (SELECT count(*) FROM dirty_days_done e WHERE e.project_id = d.project_id
         AND e.dirty_id = d.id AND e.consumer IN ('intervals', 'rating')) < 2`,
      [projectId],
    );
    return rows[0]?.count ?? 0;
  };

  return {
    ...park,
    postgres,
    settlement,
    /** A meter at a point that an account pays for. */
    shop: async (fromMs: number, { model = 'DTSY1352', ...more }: Record<string, unknown> = {}) => {
      const pointId = await park.point();
      const meterId = await park.meter({ model });
      const installationId = await park.install(pointId, meterId, fromMs, more);
      const accountId = await add('accounts', {
        ...{ project_id: projectId, number: `N${++nth}`, name: 'Shop', opened_on: '2026-01-01' },
      });
      await add('tenancies', {
        ...{ project_id: projectId, account_id: accountId, point_id: pointId },
        valid_from: new Date(fromMs),
      });
      return { pointId, meterId, installationId, accountId };
    },
    /**
     * Builds and settles until nothing is left to do. Who meets a lock, that of a preview in a page say,
     * does nothing in this round: days that are dirty then are waited for.
     */
    work: async () => {
      const deadline = Date.now() + PATIENCE_MS;
      for (let round = 0; round < 10; ) {
        const built = await park.tick();
        const due = await settleDue(settlement, project);
        const dirty = await settleDirty(settlement, project);
        for (const settled of [due, dirty]) {
          if (settled.outcome !== 'settled') throw new Error(JSON.stringify(settled));
        }
        const changed = built.intervals + built.runs + headersOf(due) + headersOf(dirty);
        const left = changed > 0 ? undefined : await undone();
        if (left === 0) return;
        if (left === undefined) round += 1;
        else if (Date.now() > deadline) {
          throw new Error(`${left} dirty days stay undone: ${JSON.stringify(built.failures)}`);
        } else await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error('it does not come to rest');
    },
    /** What an account has been charged in all, minor units. */
    charged: async (accountId: string) => {
      const { rows } = await owner.query<{ sum: string | null }>(
        'SELECT sum(posted_minor)::text AS sum FROM posted_totals WHERE account_id = $1',
        [accountId],
      );
      return Number(rows[0]?.sum ?? 0);
    },
    /** The routes of both rooms, as a person who may do everything, or a key that the person made. */
    as: (actorId: string, key?: string): Ask => faceOf({ park, postgres, actorId, key }),
    close: async () => {
      await postgres.close();
      await park.close();
    },
  };
}

const headersOf = (settled: Settled) => ('headers' in settled ? settled.headers : 0);

export type BilledPark = Awaited<ReturnType<typeof openBilledPark>>;

function faceOf({
  park,
  postgres,
  actorId,
  key,
}: {
  park: Awaited<ReturnType<typeof openIntervalPark>>;
  postgres: ReturnType<typeof openPostgres>;
  actorId: string;
  key: string | undefined;
}): Ask {
  const app = new OpenAPIHono<RouteEnv>();
  app.use('*', async (c, next) => {
    c.set('traceId', 'trace');
    c.set('access', {
      actor: key
        ? { kind: 'key', id: key, name: `Key of ${actorId}`, person: actorId }
        : { kind: 'user', id: actorId, name: `Name of ${actorId}` },
      may: (projectId) => (projectId === park.projectId ? 'allowed' : 'hidden'),
    });
    await next();
  });
  app.onError((error, c) => {
    if (!(error instanceof Problem)) throw error;
    return c.json(renderProblem(error, 'trace'), problems[error.code].status as 400);
  });
  const { questdb } = park;
  const clock = () => park.clock.now;
  const folders = { dataDir: park.deps.folder };
  app.route('/', ingestRoutes({ db: park.db, questdb, clock, ...folders }));
  app.route('/', billingRoutes({ db: postgres.db, pool: postgres.pool, questdb, clock }));
  return async (method, path, body, headers = {}) => {
    const response = await app.request(`/projects/${park.projectId}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
}

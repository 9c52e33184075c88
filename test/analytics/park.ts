/** A small park for the tests of analytics: two projects, mains and units, accounts, a tariff, intervals. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import pg from 'pg';
import { routes } from '../../analytics/routes.ts';
import { exportProject, type PassReport, type WarehouseParts } from '../../analytics/warehouse.ts';
import { channels } from '../../sql/channels.ts';
import { type Duckdb, openDuckdb } from '../../sql/duckdb.ts';
import { dayNumber, daySpan, type LocalDay, SLOT_MS } from '../../sql/local-day.ts';
import { openPostgres, type Postgres } from '../../sql/postgres.ts';
import { Problem, problems, renderProblem } from '../../sql/problem.ts';
import { openQuestdb, type Questdb } from '../../sql/questdb.ts';
import type { RouteEnv } from '../../sql/route.ts';
import { type FreshDatabase, freshDatabase } from '../servers.ts';

export interface TestInterval {
  point: string;
  day: LocalDay;
  slot: number;
  quantity: number | null;
  quality?: string;
  /** Seconds between the samples around its boundaries. */
  gapS?: number;
  version?: number;
}

export interface TestSample {
  meter: string;
  /** RFC 3339, UTC. */
  at: string;
  /** By channel name; integers where the channel is an integer. */
  values: Record<string, number>;
  quality?: string;
  digest?: number;
}

export interface Park {
  database: FreshDatabase;
  owner: pg.Pool;
  postgres: Postgres;
  questdb: Questdb;
  duckdb: Duckdb;
  dataDir: string;
  parts: WarehouseParts;
  /** The clock that the warehouse and the routes see. */
  setNow: (iso: string) => void;
  insert: (table: string, row: Record<string, unknown>) => Promise<string>;
  project: (zone: string, name?: string) => Promise<string>;
  writeIntervals: (project: string, zone: string, rows: readonly TestInterval[]) => Promise<void>;
  writeSamples: (project: string, rows: readonly TestSample[]) => Promise<void>;
  export: (project: string, zone: string, thorough?: boolean) => Promise<PassReport | undefined>;
  get: (path: string, init?: RequestInit) => Promise<Response>;
  close: () => Promise<void>;
}

export async function openPark(): Promise<Park> {
  const database = await freshDatabase();
  const owner = new pg.Pool({ connectionString: database.urls.owner, max: 3 });
  // The database is dropped by force at the end, under connections that are still closing.
  owner.on('error', () => {});
  const postgres = openPostgres({ url: database.urls.analytics, max: 3 });
  const questdb = openQuestdb({ url: database.questdbUrl });
  const duckdb = await openDuckdb({ memory: '512MB', threads: 2 });
  const dataDir = await mkdtemp(join(tmpdir(), 'wattledger-analytics-'));
  let now = new Date('2026-11-24T06:32:08Z');
  const clock = () => now;
  const parts = { pool: postgres.pool, db: postgres.db, questdb, duckdb, clock, dataDir };

  const insert: Park['insert'] = async (table, row) => {
    const names = Object.keys(row);
    const { rows } = await owner.query<{ id: string }>(
      `INSERT INTO ${table} (${names.join(', ')})
       VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')}) RETURNING *`,
      Object.values(row),
    );
    return rows[0]?.id ?? '';
  };
  const group = await insert('groups', { name: 'Group' });
  const entity = await insert('legal_entities', { group_id: group, name: 'Operator' });

  const app = new OpenAPIHono<RouteEnv>();
  const hidden = new Set<string>();
  app.use('*', async (c, next) => {
    c.set('access', {
      actor: { kind: 'user', id: 'u', name: 'Chen Li' },
      may: (id) => (id && hidden.has(id) ? 'hidden' : 'allowed'),
    });
    await next();
  });
  app.onError((error, c) => {
    if (!(error instanceof Problem)) throw error;
    const status = problems[error.code].status as ContentfulStatusCode;
    return c.json(renderProblem(error, 'trace'), status);
  });
  app.route('/', routes({ db: postgres.db, questdb, clock, dataDir }));

  return {
    database,
    owner,
    postgres,
    questdb,
    duckdb,
    dataDir,
    parts,
    setNow: (iso) => {
      now = new Date(iso);
    },
    insert,
    project: (zone, name = 'Suzhong Mould Park') =>
      insert('projects', {
        group_id: group,
        legal_entity_id: entity,
        name,
        zone,
        currency: 'CNY',
      }),
    writeIntervals: async (project, zone, rows) => {
      const lines = rows.map(
        ({ point, day, slot, quantity, quality = 'measured', gapS = 0, version = 1 }) => {
          const ts = daySpan(zone, day).startMs + slot * SLOT_MS;
          const value = quantity === null ? '' : `quantity=${quantity}i,reverse_quantity=0i,`;
          return `intervals,project=${project},point=${point},quality=${quality} ${value}local_day=${dayNumber(day)}i,local_slot=${slot}i,gap_s=${gapS}i,version=${version}i,known_at=${now.getTime() * 1000}t ${ts}000000`;
        },
      );
      for (let i = 0; i < lines.length; i += 20_000) {
        await questdb.write(`${lines.slice(i, i + 20_000).join('\n')}\n`);
      }
      await questdb.settled(['intervals']);
    },
    writeSamples: async (project, rows) => {
      const whole = new Set(channels.filter((c) => c.type !== 'DOUBLE').map((c) => String(c.name)));
      const lines = rows.map(({ meter, at, values, quality = 'ok', digest = 1 }, i) => {
        const fields = Object.entries(values).map(
          ([name, value]) => `${name}=${value}${whole.has(name) ? 'i' : ''}`,
        );
        const columns = [`digest=${digest * 1_000_003 + i}i`, ...fields].join(',');
        return `samples,project=${project},meter=${meter},quality=${quality} ${columns} ${Date.parse(at)}000000`;
      });
      for (let i = 0; i < lines.length; i += 20_000) {
        await questdb.write(`${lines.slice(i, i + 20_000).join('\n')}\n`);
      }
      await questdb.settled(['samples']);
    },
    export: async (project, zone, thorough = false) => {
      const of = { id: project, zone };
      let report = await exportProject(parts, of, { thorough });
      while (report?.more) report = await exportProject(parts, of, { thorough, goOn: true });
      return report;
    },
    get: async (path, init) => app.request(path, init),
    close: async () => {
      duckdb.close();
      await postgres.close();
      await owner.end();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

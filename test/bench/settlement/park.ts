/**
 * Parks of any number of points whose days have been measured and not settled. Made by two statements in
 * either store within seconds, the same rows each time; a park is cloned for each run that settles it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { SettleDeps } from '../../../billing/settle.ts';
import { openDuckdb } from '../../../sql/duckdb.ts';
import { addDays, dayNumber, daySpan, dayStart, type LocalDay } from '../../../sql/local-day.ts';
import { openPostgres } from '../../../sql/postgres.ts';
import { openQuestdb } from '../../../sql/questdb.ts';
import { jiangsu } from '../../billing/jiangsu.ts';
import { cpuSecondsOf, type Spent } from '../measure.ts';
import type { BenchDatabases } from '../part.ts';

export const ZONE = 'Asia/Shanghai';
export const DAY = '2026-05-06';
export const NEXT_DAY = addDays(DAY, 1);
/** Points of one account, as a shop has them. */
const POINTS_EACH = 3;
const GENERATE_TIMEOUT_MS = 600_000;

export interface Template {
  databases: BenchDatabases;
  projectId: string;
  points: number;
}

/** A park of which days have been measured, two of them unless said otherwise, in a database that nobody is connected to afterwards. */
export async function makePark(
  databases: BenchDatabases,
  points: number,
  days: readonly LocalDay[] = [DAY, NEXT_DAY],
): Promise<Template> {
  const [firstDay = DAY] = days;
  const owner = new pg.Client({ connectionString: databases.urls.owner });
  await owner.connect();
  try {
    const idOf = async (statement: string, parameters: unknown[] = []) =>
      String((await owner.query<{ id: string }>(statement, parameters)).rows[0]?.id);
    const group = await idOf("INSERT INTO groups (name) VALUES ('G') RETURNING id");
    const entity = await idOf(
      "INSERT INTO legal_entities (group_id, name) VALUES ($1, 'L') RETURNING id",
      [group],
    );
    const projectId = await idOf(
      `INSERT INTO projects (group_id, legal_entity_id, name, zone, currency)
       VALUES ($1, $2, 'P', $3, 'CNY') RETURNING id`,
      [group, entity, ZONE],
    );
    const start = new Date(dayStart(ZONE, firstDay));
    const accounts = Math.ceil(points / POINTS_EACH);
    for (const [statement, parameters] of [
      [
        `INSERT INTO points (project_id, code, name, commodity) SELECT $1, i, 'Unit ' || i,
           'electricity' FROM generate_series(1, $2::int) i ORDER BY i`,
        [projectId, points],
      ],
      [
        `INSERT INTO meters (project_id, serial, model) SELECT $1, i, 'DTSY1352-SIM'
         FROM generate_series(1, $2::int) i ORDER BY i`,
        [projectId, points],
      ],
      [
        `INSERT INTO installations (project_id, point_id, meter_id, valid_from)
         SELECT $1, p.id, m.id, $2 FROM points p JOIN meters m ON m.serial = p.code`,
        [projectId, start],
      ],
      [
        `INSERT INTO accounts (project_id, number, name, opened_on) SELECT $1, i, 'Shop ' || i, $3
         FROM generate_series(1, $2::int) i ORDER BY i`,
        [projectId, accounts, firstDay],
      ],
      [
        `INSERT INTO tenancies (project_id, account_id, point_id, valid_from) SELECT $1, a.id, p.id, $2
         FROM points p JOIN accounts a ON a.number = (p.code::int % $3::int + 1)::text`,
        [projectId, start, accounts],
      ],
    ] as const) {
      await owner.query(statement, [...parameters]);
    }
    const tariff = await idOf(
      "INSERT INTO tariffs (project_id, name, commodity) VALUES ($1, 'T', 'electricity') RETURNING id",
      [projectId],
    );
    await owner.query(
      `INSERT INTO tariff_versions (project_id, tariff_id, version, effective_from, definition,
         created_by) VALUES ($1, $2, 1, '2000-01-01', $3, 'bench')`,
      [projectId, tariff, JSON.stringify(jiangsu)],
    );
    await owner.query(
      `INSERT INTO tariff_assignments (project_id, tariff_id, commodity, valid_from)
       VALUES ($1, $2, 'electricity', '2000-01-01')`,
      [projectId, tariff],
    );
    // A park of this size does not come into being at once: its tables have been analyzed.
    await owner.query('VACUUM ANALYZE');
    const template = { databases, projectId, points };
    await measureDays(template, days);
    return template;
  } finally {
    await owner.end();
  }
}

/** Quarter-hours of all points on some days; point ids follow each other. */
export async function measureDays(
  { databases: { urls, questdbUrl }, projectId, points }: Template,
  days: readonly LocalDay[],
): Promise<void> {
  const owner = new pg.Client({ connectionString: urls.owner });
  await owner.connect();
  const { rows } = await owner
    .query<{ first: string }>('SELECT min(id) AS first FROM points')
    .finally(() => owner.end());
  const first = rows[0]?.first;
  const questdb = openQuestdb({ url: questdbUrl });
  for (const day of days) {
    const { startMs, endMs } = daySpan(ZONE, day);
    await questdb.exec(
      `INSERT INTO intervals
       SELECT (${startMs}000L + s.slot * 900000000L)::timestamp, '${projectId}',
         (${first}L + p.i)::string, ${dayNumber(day)}, s.slot::int, (p.i * 37 + s.slot * 53) % 401, 0L,
         'measured', null::int, 1, ${endMs}000L::timestamp
       FROM (SELECT x - 1 AS slot FROM long_sequence(96)) s
       CROSS JOIN (SELECT x - 1 AS i FROM long_sequence(${points})) p`,
      { timeoutMs: GENERATE_TIMEOUT_MS },
    );
  }
  await questdb.settled(['intervals'], { timeoutMs: GENERATE_TIMEOUT_MS });
}

export interface Clone {
  owner: pg.Client;
  /** The addresses of a template's databases, as those of this copy. */
  urls: (of: BenchDatabases['urls']) => BenchDatabases['urls'];
  project: { id: string; zone: string; currency: string };
  deps: SettleDeps;
  /** Turns the clock to the morning after a day. */
  after: (day: LocalDay) => void;
  /** What an act takes of the wall clock, and of all processes that have a part in it. */
  spend: (act: () => Promise<unknown>) => Promise<Spent>;
  close: () => Promise<void>;
}

let clones = 0;

/** A copy of a park's database, with billing's deps on it. Closing drops it. */
export async function cloneOf({ databases, projectId }: Template, scratch: string): Promise<Clone> {
  const template = new URL(databases.urls.owner).pathname.slice(1);
  const name = `${template}_${++clones}`;
  const on = (url: string, database: string) =>
    Object.assign(new URL(url), { pathname: `/${database}` }).toString();
  const books = new pg.Client({ connectionString: on(databases.urls.owner, 'postgres') });
  await books.connect();
  await books.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  // What the copy left to be written would fall into what is measured next.
  await books.query('CHECKPOINT');
  const owner = new pg.Client({ connectionString: on(databases.urls.owner, name) });
  await owner.connect();
  const postgres = openPostgres({ url: on(databases.urls.billing, name) });
  const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
  const folder = await mkdtemp(join(scratch, 'exports-'));
  let now = new Date(0);
  const backends = async () =>
    (
      await owner.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE datname = current_database()',
      )
    ).rows.map(({ pid }) => pid);
  const cpuS = async (before: ReadonlyMap<number, number> = new Map()) => {
    const { user, system } = process.cpuUsage();
    const used = new Map([[process.pid, (user + system) / 1e6]]);
    for (const pid of [databases.questdbPid, ...(await backends())]) {
      used.set(pid, cpuSecondsOf(pid));
    }
    let sum = 0;
    for (const [pid, seconds] of used) sum += seconds - (before.get(pid) ?? 0);
    return { used, sum };
  };
  return {
    owner,
    urls: (of) => ({
      ...of,
      owner: on(of.owner, name),
      billing: on(of.billing, name),
    }),
    project: { id: projectId, zone: ZONE, currency: 'CNY' },
    deps: {
      postgres,
      source: { questdb: openQuestdb({ url: databases.questdbUrl }), duckdb, folder },
      clock: () => now,
      graceMs: 30 * 60_000,
      walDeadlineMs: 30_000,
    },
    after: (day) => {
      now = new Date(daySpan(ZONE, day).endMs + 31 * 60_000);
    },
    spend: async (act) => {
      const { used } = await cpuS();
      const began = performance.now();
      await act();
      const wallS = (performance.now() - began) / 1000;
      return { wallS, cpuS: (await cpuS(used)).sum };
    },
    close: async () => {
      await postgres.close();
      duckdb.close();
      await owner.end();
      await rm(folder, { recursive: true, force: true });
      await books.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await books.end();
    },
  };
}

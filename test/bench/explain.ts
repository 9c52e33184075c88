/**
 * One charge explained over HTTP with a session: a park whose day was read each minute, built and settled by
 * the rooms themselves; each request another point.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { settleDue } from '../../billing/settle.ts';
import { createIntervalBuilder } from '../../ingest/intervals.ts';
import { openDuckdb } from '../../sql/duckdb.ts';
import { dayStart } from '../../sql/local-day.ts';
import { openPostgres } from '../../sql/postgres.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { median, percentile } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';
import { type RunningWeb, startWeb } from './web.ts';

const ZONE = 'Asia/Shanghai';
const PROJECT = '920001';
const DAY = '2026-11-10';
const MINUTE_MS = 60_000;
const P95_MS = 150;
/** Lines of one write. */
const WRITTEN = 50_000;

export const explain: Part = {
  name: 'explain',
  says: 'one charge explained down to its readings, over HTTP',
  run: measure,
};

async function measure(context: BenchContext): Promise<Row[]> {
  const { quick, rounds, say, scratch } = context;
  const points = quick ? 10 : 1_000;
  const warehouse = join(scratch, 'warehouse');
  mkdirSync(warehouse, { recursive: true });
  const web = await startWeb(context, { warehouse, projectIds: [PROJECT], zone: ZONE });
  try {
    const settlements = await makePark(web, { points, say, scratch });
    const times = quick ? 20 : 40 * rounds;
    const ask = async (query: string) => {
      const taken: number[] = [];
      for (let n = 0; n < times; n++) {
        const id = settlements[(n * 7919) % settlements.length] ?? '';
        const began = performance.now();
        const answer = await web.get(`/projects/${PROJECT}/settlements/${id}/explain?${query}`);
        const { agrees } = (await answer.json()) as { agrees: boolean | null };
        taken.push(performance.now() - began);
        if (agrees !== true) throw new Error(`${id} does not agree`);
      }
      return taken;
    };
    await ask('component=energy&period=2');
    const line = await ask('component=energy&period=2');
    const slot = await ask('component=energy&period=2&slot=40');
    const note = `${points} points, a day of readings each minute; ${times} charges in turn`;
    const rows = (what: string, taken: readonly number[]): Row[] => [
      {
        what: `${what}, p95`,
        unit: 'ms',
        ours: percentile(taken, 0.95),
        target: { max: P95_MS },
        note,
      },
      { what: `${what}, median`, unit: 'ms', ours: median(taken) },
    ];
    return [...rows('a charge', line), ...rows('with a quarter-hour’s readings', slot)];
  } finally {
    await web.stop();
  }
}

/** Enters, reads, builds and settles the park; returns its settlements. */
async function makePark(
  { urls, questdbUrl }: RunningWeb,
  { points, say, scratch }: { points: number; say: (line: string) => void; scratch: string },
): Promise<string[]> {
  const owner = new pg.Client({ connectionString: urls.owner });
  await owner.connect();
  const questdb = openQuestdb({ url: questdbUrl });
  const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
  const ingest = openPostgres({ url: urls.ingest });
  const billing = openPostgres({ url: urls.billing });
  try {
    const startMs = dayStart(ZONE, DAY);
    const fromMs = startMs - 30 * MINUTE_MS;
    const untilMs = startMs + 25 * 60 * MINUTE_MS;
    const meters = await enter(owner, { points, fromMs });
    let lines: string[] = [];
    for (let ms = fromMs + 7_000; ms < untilMs; ms += MINUTE_MS) {
      const minute = (ms - fromMs) / MINUTE_MS;
      for (const [n, meter] of meters.entries()) {
        const register = 100_000 + Math.floor(minute) * (10 + (n % 50));
        lines.push(
          `samples,project=${PROJECT},meter=${meter},quality=ok digest=${register}i,active_wh=${register}i ${ms}000000\n`,
        );
      }
      if (lines.length < WRITTEN) continue;
      await questdb.write(lines.join(''));
      lines = [];
    }
    await questdb.write(lines.join(''));
    await questdb.settled(['samples'], { timeoutMs: 120_000 });
    say(`${points} points are read`);
    const clock = () => new Date(untilMs);
    const deps = { db: ingest.db, questdb, duckdb, clock, folder: scratch, limits: {} };
    const builder = createIntervalBuilder(deps);
    for (let built = await builder.tick(); built.runs > 0; ) built = await builder.tick();
    await questdb.settled(['intervals', 'interval_versions'], { timeoutMs: 120_000 });
    const source = { questdb, duckdb, folder: scratch };
    const settled = await settleDue(
      { postgres: billing, source, clock, graceMs: 0, walDeadlineMs: 60_000 },
      { id: PROJECT, zone: ZONE, currency: 'CNY' },
    );
    say(`settled: ${JSON.stringify(settled)}`);
    const { rows } = await owner.query<{ id: string }>(
      'SELECT id::text FROM settlements WHERE project_id = $1 AND local_day = $2 ORDER BY id',
      [PROJECT, DAY],
    );
    if (rows.length !== points) throw new Error(`${rows.length} of ${points} points are settled`);
    return rows.map(({ id }) => id);
  } finally {
    await owner.end();
    await ingest.close();
    await billing.close();
    duckdb.close();
  }
}

const band = (from: string, to: string, rank: number) => ({ from, to, rank });
const definition = {
  calendar: {
    seasons: [
      {
        ...{ name: 'year', from: '01-01', to: '12-31' },
        days: [{ type: 'everyday', bands: [band('00:00', '08:00', 4), band('08:00', '24:00', 2)] }],
      },
    ],
  },
  components: [
    { kind: 'usage', code: 'energy', name: 'Energy', prices: { 2: '1.0638', 4: '0.3124' } },
  ],
};

/** The park's meters, each with a point, an account and one tariff. */
async function enter(
  owner: pg.Client,
  { points, fromMs }: { points: number; fromMs: number },
): Promise<string[]> {
  const of = [PROJECT, points];
  const made = async (text: string, more: readonly unknown[] = of) =>
    (await owner.query<{ id: string }>(`${text} RETURNING id::text`, [...more])).rows.map(
      (r) => r.id,
    );
  const series = 'FROM generate_series(1, $2::int) n';
  const meters = await made(
    `INSERT INTO meters (project_id, serial, model) SELECT $1::bigint, 'S' || n, 'DTSY1352' ${series}`,
  );
  const places = await made(
    `INSERT INTO points (project_id, code, name, commodity)
     SELECT $1::bigint, 'P' || n, 'Point', 'electricity' ${series}`,
  );
  const accounts = await made(
    `INSERT INTO accounts (project_id, number, name, opened_on)
     SELECT $1::bigint, 'N' || n, 'Shop', '2026-01-01' ${series}`,
  );
  const from = new Date(fromMs);
  await made(
    `INSERT INTO installations (project_id, point_id, meter_id, valid_from)
     SELECT $1::bigint, p, m, $4 FROM unnest($2::bigint[], $3::bigint[]) AS t (p, m)`,
    [PROJECT, places, meters, from],
  );
  await made(
    `INSERT INTO tenancies (project_id, account_id, point_id, valid_from)
     SELECT $1::bigint, a, p, $4 FROM unnest($2::bigint[], $3::bigint[]) AS t (a, p)`,
    [PROJECT, accounts, places, from],
  );
  const [tariff] = await made(
    `INSERT INTO tariffs (project_id, name, commodity) VALUES ($1, 'T', 'electricity')`,
    [PROJECT],
  );
  await made(
    `INSERT INTO tariff_versions (project_id, tariff_id, version, effective_from, definition, created_by)
     VALUES ($1, $2, 1, '2000-01-01', $3, 'bench')`,
    [PROJECT, tariff, JSON.stringify(definition)],
  );
  await made(
    `INSERT INTO tariff_assignments (project_id, tariff_id, commodity, valid_from)
     VALUES ($1, $2, 'electricity', '2000-01-01')`,
    [PROJECT, tariff],
  );
  return meters;
}

/** Alarms of places: overload by the newest sample and the ratio in force, loss by what quality found. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { syncLoss, syncOverload } from '../../ingest/point-alarms.ts';
import { openPostgres, type Postgres } from '../../sql/postgres.ts';
import { type FreshDatabase, freshDatabase } from '../servers.ts';

let database: FreshDatabase;
let owner: pg.Pool;
let ingest: Postgres;
let projectId: string;
let point: string;
let meter: string;
const at = new Date('2026-03-02T04:00:00Z');
const minutes = (n: number) => new Date(at.getTime() + n * 60_000);
const value = async (statement: string, ...parameters: unknown[]): Promise<string> =>
  String(Object.values((await owner.query(statement, parameters)).rows[0])[0]);
const alarms = async (kind: string) =>
  (
    await owner.query(
      'SELECT subject_id, detail, cleared_at FROM alarms WHERE kind = $1 ORDER BY id',
      [kind],
    )
  ).rows;

beforeAll(async () => {
  database = await freshDatabase();
  owner = new pg.Pool({ connectionString: database.urls.owner, max: 2 });
  owner.on('error', () => {}); // Whoever drops the database may end it first.
  ingest = openPostgres({ url: database.urls.ingest });
  const group = await value("INSERT INTO groups (name) VALUES ('G') RETURNING id");
  const entity = await value(
    "INSERT INTO legal_entities (group_id, name) VALUES ($1, 'L') RETURNING id",
    group,
  );
  projectId = await value(
    `INSERT INTO projects (group_id, legal_entity_id, name, zone, currency)
     VALUES ($1, $2, 'P', 'Asia/Shanghai', 'CNY') RETURNING id`,
    ...[group, entity],
  );
  point = await value(
    `INSERT INTO points (project_id, code, name, commodity, overload_w)
     VALUES ($1, 'A1', 'A', 'electricity', 30000) RETURNING id`,
    projectId,
  );
  meter = await value(
    "INSERT INTO meters (project_id, serial, model) VALUES ($1, 'S1', 'DTSY1352-SIM') RETURNING id",
    projectId,
  );
  await owner.query(
    `INSERT INTO installations (project_id, point_id, meter_id, valid_from, ct, basis)
     VALUES ($1, $2, $3, '2026-01-01', 20, 'secondary')`,
    [projectId, point, meter],
  );
});
afterAll(async () => {
  await ingest?.close();
  await owner?.end();
  await database?.close();
});

/** A sample of so many watts at the meter, before its ratio of 20. */
const draws = (watts: number, seenAt: Date) =>
  owner.query(
    `INSERT INTO meter_states (project_id, meter_id, last_sample_at, channels) VALUES ($1, $2, $3, $4)
     ON CONFLICT (project_id, meter_id) DO UPDATE SET last_sample_at = excluded.last_sample_at,
       channels = excluded.channels`,
    [projectId, meter, seenAt, { power_w: watts }],
  );

test('overload is raised above the limit and ends clearly below it', async () => {
  const judge = (n: number) => syncOverload(ingest.db, { projectId, at: minutes(n) });
  await draws(1500, minutes(0)); // 30 kW: as much as it may.
  await judge(0);
  expect(await alarms('point.overload')).toEqual([]);
  await draws(1501, minutes(1));
  await judge(1);
  const raised = {
    subject_id: point,
    detail: { code: 'A1', powerW: 30_020, limitW: 30_000 },
    cleared_at: null,
  };
  expect(await alarms('point.overload')).toEqual([raised]);
  await draws(1450, minutes(2)); // Below the limit, not clearly.
  await judge(2);
  expect(await alarms('point.overload')).toEqual([raised]);
  await draws(1425, minutes(3));
  await judge(3);
  expect(await alarms('point.overload')).toEqual([{ ...raised, cleared_at: minutes(3) }]);
  await draws(9000, minutes(4));
  await judge(30); // What is so old says nothing of now.
  expect(await alarms('point.overload')).toHaveLength(1);
  // Unless the meter is read each half hour only: then it holds until the next reading is overdue.
  await owner.query('UPDATE projects SET poll_seconds = 1800 WHERE id = $1', [projectId]);
  for (const n of [30, 45, 60]) await judge(n);
  const seldom = { ...raised, detail: { ...raised.detail, powerW: 180_000 } };
  expect((await alarms('point.overload')).slice(1)).toEqual([seldom]);
  await judge(65);
  expect((await alarms('point.overload')).slice(1)).toEqual([
    { ...seldom, cleared_at: minutes(65) },
  ]);
});

test('what the holder agreed to bounds a point, too, as long as he holds it', async () => {
  const account = await value(
    "INSERT INTO accounts (project_id, number, name, opened_on) VALUES ($1, 'K1', 'K', '2026-01-01') RETURNING id",
    projectId,
  );
  await owner.query(
    `INSERT INTO tenancies (project_id, account_id, point_id, valid_from, valid_to)
     VALUES ($1, $2, $3, $4, $5)`,
    [projectId, account, point, minutes(200), minutes(202)],
  );
  await owner.query(
    `INSERT INTO account_openings (project_id, account_id, state, content, prepared_by, prepared_at,
       changed_by, changed_at) VALUES ($1, $2, 'opened', $3, 'u', $4, 'u', $4)`,
    [projectId, account, { points: [{ pointId: point, overloadW: 20_000 }] }, at],
  );
  const before = (await alarms('point.overload')).length;
  await draws(1200, minutes(200)); // 24 kW: less than the point bears, more than was agreed.
  await syncOverload(ingest.db, { projectId, at: minutes(201) });
  expect((await alarms('point.overload')).slice(before)).toEqual([
    { subject_id: point, detail: { code: 'A1', powerW: 24_000, limitW: 20_000 }, cleared_at: null },
  ]);
  await syncOverload(ingest.db, { projectId, at: minutes(202) });
  expect((await alarms('point.overload')).at(-1)?.cleared_at).toEqual(minutes(202));
});

test('a loss that quality found is an alarm until it is decided or old', async () => {
  const finding = (day: string) =>
    value(
      `INSERT INTO quality_findings (project_id, rule, point_id, local_day, from_at, to_at, energy)
       VALUES ($1, 'main-sub', $2, $3, $4, $4, 12345) RETURNING id`,
      ...[projectId, point, day, at],
    );
  const judge = (n = 0) => syncLoss(ingest.db, { projectId, at: minutes(n) });
  await finding('2026-02-20');
  await judge();
  expect(await alarms('point.loss')).toEqual([]);
  const newest = await finding('2026-03-01');
  await judge();
  await judge();
  expect(await alarms('point.loss')).toEqual([
    {
      subject_id: point,
      detail: { code: 'A1', day: '2026-03-01', unit: 'Wh', quantity: 12_345 },
      cleared_at: null,
    },
  ]);
  await owner.query(
    `INSERT INTO quality_finding_decisions (project_id, finding_id, decision, decided_by, reason)
     VALUES ($1, $2, 'dismissed', 'me', 'a known leak')`,
    [projectId, newest],
  );
  await judge(1);
  expect(await alarms('point.loss')).toMatchObject([{ cleared_at: minutes(1) }]);
});

/** Health: what works, what does not, and why, told to anyone without a name. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../sql/postgres.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { examine } from '../../web/health.ts';
import { furnish } from './furnish.ts';
import { makeProject, openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

const examined = () => examine(rig.rooms.web);

describe('health', () => {
  test('of an empty system is good and caught up', async () => {
    const { status, body } = await rig.anyone('GET', '/api/health');
    expect(body).toMatchObject({ status: 'ok', caughtUp: true });
    expect(Math.abs(body.components.postgres.clockOffsetMs)).toBeLessThan(60_000);
    expect(status).toBe(200);
  });

  test('names the rooms that have meters or customers to look after and say nothing', async () => {
    const project = await makeProject(rig.admin, 'Health Park');
    await furnish(rig, project.id, 'Health');
    const health = await examined();
    expect(health.status).toBe('failed');
    expect(health.components.ingest.reason).toMatch(/has not said anything/);
    expect(health.components.billing.status).toBe('failed');
    expect(health.components.analytics.status).toBe('failed');
    expect(health.caughtUp).toBe(false);
    expect(JSON.stringify(health)).not.toMatch(/Health/);
  });

  test('is good again when they have spoken, and fails when they stop', async () => {
    const { now } = rig.clock;
    const project = (await rig.admin('GET', '/api/v1/projects')).body.data[0];
    await rig.rooms.ingest.db.execute(sql`
      INSERT INTO meter_states (project_id, meter_id)
      SELECT project_id, id FROM meters ON CONFLICT DO NOTHING`);
    await rig.rooms.billing.db.execute(sql`
      INSERT INTO live_balance_generations (project_id, generation, computed_at)
      VALUES (${project.id}::bigint, 1, ${now.toISOString()}::timestamptz)`);
    const folder = join(rig.dataDir, 'warehouse', 'manifest');
    mkdirSync(folder, { recursive: true });
    const manifest = { projectId: project.id, asOf: now.toISOString() };
    writeFileSync(join(folder, `project=${project.id}.json`), JSON.stringify(manifest));
    expect((await examined()).components).toMatchObject({
      ingest: { status: 'ok' },
      billing: { status: 'ok' },
      analytics: { status: 'ok' },
    });
    rig.clock.now = new Date(now.getTime() + 400_000);
    const later = await examined();
    rig.clock.now = now;
    expect(later.components.billing).toMatchObject({ status: 'failed' });
    expect(later.components.billing.reason).toMatch(/not been heard of for 4\d\d s/);
  });

  test('is caught up only when nothing waits and yesterday is settled', async () => {
    await rig.rooms.ingest.db.execute(sql`UPDATE meter_states SET last_sample_at = now()`);
    const before = await examined();
    expect(before.caughtUp).toBe(false);
    expect(before.progress).toMatch(/1 points to be settled.*settled to nowhere yet/);
    await rig.rooms.ingest.db.execute(sql`
      INSERT INTO dirty_days (project_id, point_id, local_day, who, why)
      SELECT project_id, id, '2026-11-01', 'test', 'test' FROM points`);
    const after = await examined();
    expect(after.backlog?.pendingDirtyDays).toEqual({ intervals: 1, rating: 1, export: 1 });
  });

  test('fails with the reason when the host’s clock is far from that of Postgres', async () => {
    const { now } = rig.clock;
    rig.clock.now = new Date(now.getTime() + 3_600_000);
    const { components } = await examined();
    rig.clock.now = now;
    expect(components.postgres.reason).toMatch(/differ by 3[56]\d{5} ms/);
  });

  test('fails in bounded time, as JSON, when both stores are gone', async () => {
    const postgres = openPostgres({ url: 'postgres://nobody:x@127.0.0.1:9/none' });
    const questdb = openQuestdb({ url: 'http://127.0.0.1:9' });
    const health = await examine({ ...rig.rooms.web, db: postgres.db, questdb });
    await postgres.close();
    expect(health.status).toBe('failed');
    expect(health.components.postgres.reason).toMatch(/Postgres does not answer/);
    expect(health.components.questdb.reason).toMatch(/QuestDB does not answer/);
    expect(health.components.ingest.reason).toMatch(/not known/);
  });

  test('is red when QuestDB hides a table, and yellow when a spool fills', async () => {
    const questdb = {
      ...rig.rooms.web.questdb,
      walTables: async () => [{ name: 'samples', suspended: true, lag: 3 }],
    };
    await rig.rooms.ingest.db.execute(sql`
      INSERT INTO alarms (project_id, kind, severity, subject_kind, subject_id, raised_at)
      SELECT id, 'spool.filling', 'warning', 'spool', '1', now() FROM projects`);
    const { components } = await examine({ ...rig.rooms.web, questdb });
    expect(components.questdb).toMatchObject({ status: 'failed', suspended: ['samples'] });
    expect(components.spool).toEqual({ status: 'warning', reason: 'spool.filling' });
  });
});

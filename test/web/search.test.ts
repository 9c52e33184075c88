/** Search from any page, against Postgres: what is found, by whom, in which project, and through its indexes. */
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HITS_MAX } from '../../web/search.ts';
import { furnish } from './furnish.ts';
import { type Ask, makeProject, openRig, type Rig, signInAs } from './rig.ts';

interface Group {
  kind: string;
  more: boolean;
  hits: { id: string; title: string; beside: string | null; phone: string | null }[];
}

let rig: Rig;
let id: string;
let ids: Record<string, string>;
let receipt: string;

beforeAll(async () => {
  rig = await openRig();
  ({ id } = await makeProject(rig.admin, 'Found'));
  const other = await makeProject(rig.admin, 'Other');
  ids = await furnish(rig, id, 'QX');
  await furnish(rig, other.id, 'QXother');
  const { db: ingest } = rig.rooms.ingest;
  const { db: billing } = rig.rooms.billing;
  const here = sql`${id}::bigint`;
  await ingest.execute(sql`INSERT INTO points (project_id, code, name, name_zh, commodity) VALUES
    (${here}, 'A_1%', 'Under_score 50%', '鑫达模具', 'electricity'),
    (${here}, 'AX1Y', 'Plain', '其他', 'water')`);
  await billing.execute(sql`UPDATE people SET phone = '+86 138-0013 8000'
    WHERE project_id = ${here} AND id = ${ids.people}::bigint`);
  await billing.execute(sql`
    INSERT INTO notice_addresses (project_id, account_id, channel, address, created_by)
    VALUES (${here}, ${ids.accounts}::bigint, 'email', 'Boss@shop.example', 'test')`);
  const sold = await rig.admin(
    'POST',
    `/api/v1/projects/${id}/accounts/${ids.accounts}/sales`,
    { amount: { amount: '10.00', currency: 'CNY' }, channel: 'transfer' },
    { 'idempotency-key': 'search-1' },
  );
  if (sold.status !== 201) throw new Error(sold.text);
  receipt = sold.body.receipt;
  const floor = ids.floors;
  const room = await rig.admin('POST', `/api/v1/projects/${id}/floors/${floor}/rooms`, {
    ...{ code: 'R-207', name: 'Corner room', nameZh: '转角间' },
  });
  if (room.status !== 201) throw new Error(room.text);
});
afterAll(() => rig.close());

const searched = async (q: string, ask: Ask = rig.admin, project = id): Promise<Group[]> => {
  const { status, body, text } = await ask(
    'GET',
    `/api/v1/projects/${project}/search?q=${encodeURIComponent(q)}`,
  );
  expect(status, text).toBe(200);
  return body.groups;
};
/** kind: titles. */
const told = (groups: Group[]) =>
  groups.map(({ kind, hits }) => `${kind}: ${hits.map(({ title }) => title).join(', ')}`);

describe('a search', () => {
  test('finds each kind by a part, in any case and in Chinese; nothing of another project', async () => {
    expect(told(await searched('qx-0'))).toEqual(['meter: QX-0001']);
    expect(told(await searched(' QX101 '))).toEqual(['point: QX101']);
    expect(told(await searched('qx ACC'))).toEqual(['account: QX account']);
    expect(told(await searched('QX-1'))).toEqual(['account: QX account']);
    expect(told(await searched('鑫达'))).toEqual(['point: A_1%']);
    expect(told(await searched('转角'))).toEqual(['room: R-207 Corner room']);
    expect(told(await searched('r-207'))).toEqual(['room: R-207 Corner room']);
    expect(told(await searched('qx gate'))).toEqual(['gateway: QX gateway']);
    expect(told(await searched('QX build'))).toEqual(['building: QX building']);
    expect(await searched('QXother')).toEqual([]);
    const all = await searched('qx');
    expect(all.map(({ kind }) => kind)).toEqual([
      'account',
      'meter',
      'point',
      'building',
      'gateway',
    ]);
    expect(JSON.stringify(all)).not.toContain('QXother');
    const { hits } = all[1] as Group;
    expect(hits[0]).toMatchObject({ title: 'QX-0001', beside: 'QX101' });
  });

  test('takes %, _ and \\ as they stand', async () => {
    expect(told(await searched('a_1'))).toEqual(['point: A_1%']);
    expect(told(await searched('50%'))).toEqual(['point: A_1%']);
    expect(await searched('%%')).toEqual([]);
    expect(await searched('a\\_1')).toEqual([]);
    expect(await searched("'; DROP TABLE points; --")).toEqual([]);
  });

  test('finds a receipt by a part of its number', async () => {
    expect(told(await searched(receipt.toLowerCase()))).toEqual([`paper: ${receipt}`]);
    expect(told(await searched(receipt.slice(-6)))).toEqual([`paper: ${receipt}`]);
  });

  test('finds an account by a phone however it is written, and shows no more than its end', async () => {
    for (const q of ['13800138000', '138 0013 8000', '+86 138', '0013-8']) {
      const [group, ...rest] = await searched(q);
      expect([q, rest]).toEqual([q, []]);
      expect(group).toMatchObject({ kind: 'account', hits: [{ phone: '…8000' }] });
      expect(JSON.stringify(group)).not.toContain('0013');
    }
    // Three digits would list everybody of one provider.
    expect(await searched('138')).toEqual([]);
    expect(told(await searched('boss@SHOP'))).toEqual(['account: QX account']);
    expect(told(await searched('qx person'))).toEqual(['account: QX account']);
  });

  test('shows to each what they may read', async () => {
    const analyst = await signInAs(rig, 'analyst', { projectId: id });
    expect(await searched('13800138000', analyst)).toEqual([]);
    expect(await searched(receipt, analyst)).toEqual([]);
    const kinds = (await searched('qx', analyst)).map(({ kind }) => kind);
    expect(kinds).toEqual(['meter', 'point', 'building', 'gateway']);
    const stranger = await signInAs(rig, 'analyst', {
      projectId: (await makeProject(rig.admin, 'Far')).id,
    });
    expect((await stranger('GET', `/api/v1/projects/${id}/search?q=qx`)).status).toBe(404);
    expect((await rig.anyone('GET', `/api/v1/projects/${id}/search?q=qx`)).status).toBe(401);
  });

  test('of nothing or of too much is refused', async () => {
    for (const q of ['', '%20', 'x'.repeat(101)]) {
      const { status, body } = await rig.admin('GET', `/api/v1/projects/${id}/search?q=${q}`);
      expect([status, body.code]).toEqual([400, 'invalid-request']);
    }
  });

  test('of ten thousand points goes through the indexes, best first, and ends', async () => {
    const { id: large } = await makeProject(rig.admin, 'Ten thousand');
    const here = sql`${large}::bigint`;
    const n = sql`generate_series(10001, 20000) AS n`;
    const { db: ingest } = rig.rooms.ingest;
    const { db: billing } = rig.rooms.billing;
    await ingest.execute(sql`INSERT INTO points (project_id, id, code, name, name_zh, commodity)
      SELECT ${here}, 500000000 + n, 'P' || n, 'Point ' || n, '点位' || n, 'electricity' FROM ${n}`);
    await ingest.execute(sql`INSERT INTO meters (project_id, id, serial, model)
      SELECT ${here}, 600000000 + n, '2026' || n * 7919, 'DTSY1352' FROM ${n}`);
    await billing.execute(sql`INSERT INTO people (project_id, id, name, phone)
      SELECT ${here}, 800000000 + n, 'Tenant ' || n, '139' || n * 3571 FROM ${n}`);
    await billing.execute(sql`
      INSERT INTO accounts (project_id, id, number, name, opened_on, person_id)
      SELECT ${here}, 700000000 + n, 'N' || n, 'Shop ' || n, '2026-01-01', 800000000 + n FROM ${n}`);
    // What autovacuum does within a minute, as the owner of the tables.
    const owner = new pg.Client({ connectionString: rig.urls.owner });
    await owner.connect();
    await owner.query('ANALYZE points, meters, accounts, people');
    await owner.end();
    const found = await searched('15000', rig.admin, large);
    expect(told(found.slice(0, 3))).toEqual([
      'account: Shop 15000',
      expect.stringMatching(/^meter: 2026/),
      'point: P15000',
    ]);
    const many = await searched('点位1', rig.admin, large);
    expect(many).toMatchObject([{ kind: 'point', more: true }]);
    expect(many[0]?.hits).toHaveLength(HITS_MAX);
    const phone = String(15_000 * 3571).padStart(8, '0');
    expect(told(await searched(`139${phone}`, rig.admin, large))).toContain('account: Shop 15000');

    const scans = async () => {
      const { rows } = await rig.db.execute<{ name: string }>(sql`
        SELECT indexrelname AS name FROM pg_stat_user_indexes
        WHERE indexrelname LIKE '%\_searched' AND idx_scan > 0`);
      return rows.map(({ name }) => name);
    };
    // What was counted is told about once a second.
    await expect
      .poll(
        async () => {
          await searched(`P1500`, rig.admin, large);
          await searched(`139${phone}`, rig.admin, large);
          return await scans();
        },
        { timeout: 30_000, interval: 500 },
      )
      .toEqual(expect.arrayContaining(['accounts_searched', 'points_searched', 'meters_searched']));
    const took: number[] = [];
    for (const q of ['P1500', '15000', '点位', `139${phone}`, 'zzzz', '9']) {
      const start = performance.now();
      await searched(q, rig.admin, large);
      took.push(performance.now() - start);
    }
    console.log(`search of 10,000 points: ${took.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    expect(Math.max(...took)).toBeLessThan(5000);
  });
});

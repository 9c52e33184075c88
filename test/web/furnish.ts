/** One of everything in a project, written straight into its tables: for tests of who may see what. */
import pg from 'pg';
import type { Rig } from './rig.ts';

/** Ids by table. Every text holds `mark`, so that a leak can be searched for. */
export async function furnish(
  rig: Rig,
  projectId: string,
  mark: string,
): Promise<Record<string, string>> {
  const owner = new pg.Client({ connectionString: rig.urls.owner });
  await owner.connect();
  const ids: Record<string, string> = {};
  const add = async (table: string, values: Record<string, unknown>) => {
    const all = { project_id: projectId, ...values };
    const columns = Object.keys(all);
    const holes = columns.map((_, i) => `$${i + 1}`);
    const { rows } = await owner.query<{ id: string }>(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${holes.join(', ')}) RETURNING id::text`,
      Object.values(all),
    );
    ids[table] = rows[0]?.id ?? '';
    return ids[table];
  };
  try {
    const building = await add('buildings', { code: `B${mark}`, name: `${mark} building` });
    const floor = await add('floors', { building_id: building, level: 1, name: `${mark} floor` });
    const gateway = await add('gateways', { name: `${mark} gateway`, building_id: building });
    const bus = await add('buses', {
      gateway_id: gateway,
      name: `${mark} bus`,
      framing: 'tcp',
      host: '127.0.0.1',
      port: 9,
    });
    const meter = await add('meters', {
      serial: `${mark}-0001`,
      model: 'DTSY1352',
      bus_id: bus,
      unit: 1,
    });
    const point = await add('points', {
      code: `${mark}101`,
      name: `${mark} point`,
      commodity: 'electricity',
      building_id: building,
      floor_id: floor,
    });
    const since = '2026-10-01T00:00:00+08:00';
    await add('commands', {
      meter_id: meter,
      sequence: 1,
      function: 'read-now',
      reason: `${mark} reason`,
      actor_kind: 'system',
      actor_id: 'test',
      actor_name: `${mark} actor`,
      requested_at: since,
      expires_at: '2026-10-01T00:05:00+08:00',
    });
    await add('model_functions', {
      model: 'DTSY1352',
      function: 'issue-price',
      enabled: true,
      source: `${mark} source`,
      decided_by: 'test',
    });
    await add('schedules', { meter_id: meter, valid_from: since, seconds: 60 });
    await add('installations', { point_id: point, meter_id: meter, valid_from: since });
    const person = await add('people', { name: `${mark} person`, phone: `${mark}-phone` });
    const account = await add('accounts', {
      number: `${mark}-1`,
      name: `${mark} account`,
      person_id: person,
      opened_on: '2026-10-01',
    });
    await add('tenancies', { account_id: account, point_id: point, valid_from: since });
    await add('shifts', {
      ...{ cashier_id: 'test', cashier: `${mark} cashier`, opened_at: since, float_minor: 0 },
    });
    const tariff = await add('tariffs', { name: `${mark} tariff`, commodity: 'electricity' });
    const definition = {
      components: [{ kind: 'usage', code: 'energy', name: `${mark} energy`, price: '0.6' }],
    };
    await add('tariff_versions', {
      tariff_id: tariff,
      version: 1,
      effective_from: '2026-10-01',
      definition: JSON.stringify(definition),
      created_by: 'test',
    });
    await add('tariff_assignments', {
      tariff_id: tariff,
      commodity: 'electricity',
      valid_from: '2026-10-01',
    });
    await add('quarantines', { meter_id: meter, point_id: point, rule: 'reset', at: since });
    await add('alarms', {
      kind: 'meter.silent',
      severity: 'warning',
      subject_kind: 'meter',
      subject_id: meter,
      raised_at: since,
      detail: JSON.stringify({ mark }),
    });
    const role = await owner.query("SELECT id::text FROM roles WHERE code = 'analyst'");
    await add('api_keys', {
      role_id: role.rows[0].id,
      name: `${mark} key`,
      prefix: 'wl_xxxxxx',
      hash: `${mark}-hash`,
      created_by: 'test',
    });
    const user = await owner.query('SELECT id FROM users LIMIT 1');
    await add('grants', { user_id: user.rows[0].id, role_id: role.rows[0].id });
    await add('saved_views', {
      user_id: user.rows[0].id,
      name: `${mark} view`,
      path: `/energy?mark=${mark}`,
      is_shared: true,
    });
    return ids;
  } finally {
    await owner.end();
  }
}

/** The park of the bench of commands: meters at units 1, 2, … of one bus a gateway, each at a point. */
import pg from 'pg';

/** Twelve digits, as the meter says them. */
export const serialOf = (gateway: number, unit: number): string =>
  `77${String(gateway).padStart(6, '0')}${String(unit).padStart(4, '0')}`;

/** Enters it set-based; returns the project and every meter's id. */
export async function enterPark(
  ownerUrl: string,
  { ports, metersEach, pollS }: { ports: readonly number[]; metersEach: number; pollS: number },
): Promise<{ projectId: string; meterIds: string[] }> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      `WITH g AS (INSERT INTO groups (name) VALUES ('Bench') RETURNING id),
        e AS (INSERT INTO legal_entities (group_id, name) SELECT id, 'Bench' FROM g RETURNING group_id, id)
       INSERT INTO projects (group_id, legal_entity_id, name, zone, currency, poll_seconds)
       SELECT group_id, id, 'Bench', 'Asia/Shanghai', 'CNY', $1 FROM e RETURNING id::text`,
      [pollS],
    );
    const projectId = rows[0]?.id ?? '';
    await client.query(
      `WITH g AS (INSERT INTO gateways (project_id, name)
         SELECT $1, 'G' || n FROM generate_series(0, $2::int - 1) n RETURNING id, name)
       INSERT INTO buses (project_id, gateway_id, name, framing, host, port, request_timeout_ms)
       SELECT $1, g.id, g.name, 'tcp', '127.0.0.1', ($3::int[])[substr(g.name, 2)::int + 1], 2000 FROM g`,
      [projectId, ports.length, ports],
    );
    const lines = ports.flatMap((_, gateway) =>
      Array.from({ length: metersEach }, (__, i) => ({
        ...{ bus: `G${gateway}`, unit: i + 1, serial: serialOf(gateway, i + 1) },
      })),
    );
    const meters = await client.query<{ id: string }>(
      `INSERT INTO meters (project_id, serial, model, bus_id, unit)
       SELECT $1, t.serial, 'DTSY1352-SIM', b.id, t.unit
       FROM jsonb_to_recordset($2::jsonb) AS t (bus text, unit int, serial text)
       JOIN buses b ON b.project_id = $1 AND b.name = t.bus RETURNING id::text`,
      [projectId, JSON.stringify(lines)],
    );
    await client.query(
      `WITH p AS (INSERT INTO points (project_id, code, name, commodity)
         SELECT project_id, serial, serial, 'electricity' FROM meters WHERE project_id = $1
         RETURNING project_id, id, code)
       INSERT INTO installations (project_id, point_id, meter_id, valid_from)
       SELECT p.project_id, p.id, m.id, now() - interval '1 day'
       FROM p JOIN meters m ON m.project_id = p.project_id AND m.serial = p.code`,
      [projectId],
    );
    await client.query('ANALYZE');
    return { projectId, meterIds: meters.rows.map(({ id }) => id) };
  } finally {
    await client.end();
  }
}

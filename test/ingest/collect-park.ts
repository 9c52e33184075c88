/**
 * A small park in Postgres and on sockets, for tests of the whole ingest process: gateways whose
 * registers count every reply they serve, so that what was said and what was stored can be compared.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { answer, dtsyWords, type Gateway, openGateway } from './gateway.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Park {
  projectId: string;
  gateways: Gateway[];
  busIds: string[];
  /** By meter id: every raw register value that was served, in order. */
  served: Map<string, number[]>;
  query: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  /** Adds a meter to a bus, as the API would. */
  addMeter: (bus: number, unit: number) => Promise<string>;
  close: () => Promise<void>;
}

/** Enters a project with `buses` × `meters` read every `seconds` and opens its gateways. */
export async function openPark(
  ownerUrl: string,
  { buses, meters, seconds = 1 }: { buses: number; meters: number; seconds?: number },
): Promise<Park> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  const query: Park['query'] = async (text, values) => (await client.query(text, values)).rows;
  const insert = async (text: string, values: unknown[]) =>
    String((await query(`${text} RETURNING id::text`, values))[0]?.id);
  const groupId = await insert('INSERT INTO groups (name) VALUES ($1)', ['Group']);
  const entityId = await insert('INSERT INTO legal_entities (group_id, name) VALUES ($1, $2)', [
    groupId,
    'Entity',
  ]);
  const projectId = await insert(
    `INSERT INTO projects (group_id, legal_entity_id, name, zone, currency, poll_seconds)
     VALUES ($1, $2, 'Park', 'Asia/Shanghai', 'CNY', $3)`,
    [groupId, entityId, seconds],
  );
  const gatewayId = await insert('INSERT INTO gateways (project_id, name) VALUES ($1, $2)', [
    projectId,
    'G1',
  ]);
  const served: Park['served'] = new Map();
  const meterAt = new Map<string, string>();
  const gateways: Gateway[] = [];
  const busIds: string[] = [];

  const addMeter: Park['addMeter'] = async (bus, unit) => {
    const meterId = await insert(
      'INSERT INTO meters (project_id, serial, model, bus_id, unit) VALUES ($1, $2, $3, $4, $5)',
      [projectId, `${bus}-${unit}`, 'DTSY1352-SIM', busIds[bus], unit],
    );
    served.set(meterId, []);
    meterAt.set(`${bus}-${unit}`, meterId);
    return meterId;
  };

  for (let bus = 0; bus < buses; bus++) {
    const framing = bus % 2 === 0 ? 'tcp' : 'rtu-over-tcp';
    const gateway = await openGateway(framing, (seen) => {
      const said = served.get(meterAt.get(`${bus}-${seen.unit}`) ?? '');
      if (!said) return undefined;
      said.push(said.length + 1);
      return answer(framing, seen, dtsyWords(said.length));
    });
    gateways.push(gateway);
    // Every gateway answers: a reply that is thrown away as late would be one that was served in vain.
    busIds.push(
      await insert(
        `INSERT INTO buses (project_id, gateway_id, name, framing, host, port, request_timeout_ms)
         VALUES ($1, $2, $3, $4, '127.0.0.1', $5, 10000)`,
        [projectId, gatewayId, `B${bus}`, framing, gateway.port],
      ),
    );
    for (let unit = 1; unit <= meters; unit++) await addMeter(bus, unit);
  }
  return {
    projectId,
    gateways,
    busIds,
    served,
    query,
    addMeter,
    close: async () => {
      await client.end();
      for (const gateway of gateways) await gateway.close();
    },
  };
}

export interface Running {
  child: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

/** Starts ingest/main.ts as the launcher does; resolves when it says `ready`. */
export async function runIngest({
  databaseUrl,
  questdbUrl,
  dataFolder,
}: {
  databaseUrl: string;
  questdbUrl: string;
  dataFolder: string;
}): Promise<Running> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'ingest/main.ts'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      TZ: 'UTC',
      DATABASE_URL_INGEST: databaseUrl,
      QUESTDB_URL: questdbUrl,
      DATA_DIR: dataFolder,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const log = createWriteStream(join(dataFolder, 'ingest.log'), { flags: 'a' });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'gone'));
  });
  await Promise.race([
    new Promise((resolve) => child.once('message', resolve)),
    ended.then((how) => {
      throw new Error(`ingest ended with ${how} before it was ready: see ${dataFolder}/ingest.log`);
    }),
  ]);
  return { child, ended };
}

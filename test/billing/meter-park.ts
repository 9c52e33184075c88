/** An account in meter mode: billing's park with simulated meters on real sockets behind a proxy, and ingest over them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMeterRound } from '../../billing/meter-round.ts';
import type { Device } from '../../ingest/simulator/device.ts';
import { remainingAt } from '../../ingest/simulator/prepayment.ts';
import { localDayOf } from '../../sql/local-day.ts';
import { openPostgres } from '../../sql/postgres.ts';
import {
  enterMeters,
  type Ingest,
  type Lossy,
  type Meters,
  openMeters,
  openProxy,
  startIngest,
} from '../ingest/command-park.ts';
import { type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { openPark, type Park } from './park.ts';

export interface MeterPark {
  park: Park;
  meters: Meters;
  proxy: Lossy;
  ingest: Ingest;
  ask: Ask;
  /** By label: its id, its point, the account that holds it. */
  of: (label: string) => { device: Device; meterId: string; pointId: string; accountId: string };
  /** Billing's round of meter mode. */
  round: () => Promise<void>;
  /** What a poll would have stored of a meter's money, as of now. */
  sample: (label: string) => Promise<void>;
  post: (path: string, body: object, key?: string) => ReturnType<Ask>;
  close: () => Promise<void>;
}

let keys = 0;

/** One account for each label, open since today, at 0.70 a kWh. */
export async function openMeterPark(labels: readonly string[]): Promise<MeterPark> {
  const park = await openPark({ points: 1, definition: flat('0.7') });
  const folder = mkdtempSync(join(tmpdir(), 'meters-'));
  const meters = await openMeters(labels, folder);
  const proxy = await openProxy(meters.port);
  const projectId = park.project.id;
  const entered = await enterMeters(park.urls.owner, {
    ...{ projectId, port: proxy.port },
    meters: labels.map((label) => deviceOf(label).meter),
  });
  await entered.query('UPDATE projects SET poll_seconds = 1 WHERE id = $1', [projectId]);
  const accounts = new Map<string, string>();
  const today = localDayOf(park.project.zone, Date.now());
  for (const label of labels) {
    const [row] = await park.rows(
      `INSERT INTO accounts (project_id, number, name, opened_on) VALUES ($1, $2, $2, $3) RETURNING id`,
      [projectId, `N-${label}`, today],
    );
    await park.rows(
      `INSERT INTO tenancies (project_id, account_id, point_id, valid_from)
       VALUES ($1, $2, $3, $4::timestamp AT TIME ZONE 'Asia/Shanghai')`,
      [projectId, row?.id, entered.points.get(label), today],
    );
    accounts.set(label, String(row?.id));
  }
  const ingestDb = openPostgres({ url: park.urls.ingest });
  const clock = () => new Date();
  const ingest = await startIngest(ingestDb.db, clock);
  const round = createMeterRound({
    ...{ db: park.postgres.db, source: park.deps.source, clock },
    log: {
      info: () => {},
      warn: () => {},
      error: (...told: unknown[]) => {
        throw new Error(JSON.stringify(told, Object.getOwnPropertyNames(told[0])));
      },
    },
  });
  const face = openFace(park);
  const ask: Ask = (...asked) => {
    park.now = new Date();
    return face(...asked);
  };

  function deviceOf(label: string): Device {
    const device = meters.devices.get(label);
    if (!device) throw new Error(`no ${label}`);
    return device;
  }
  const of: MeterPark['of'] = (label) => ({
    device: deviceOf(label),
    meterId: entered.meters.get(label) ?? '',
    pointId: entered.points.get(label) ?? '',
    accountId: accounts.get(label) ?? '',
  });
  return {
    ...{ park, meters, proxy, ingest, ask, of, round },
    sample: async (label) => {
      const { device, meterId } = of(label);
      const at = Date.now();
      await park.questdb.write(
        `samples,project=${projectId},meter=${meterId},quality=ok remaining_minor=${remainingAt(device, at)}i,purchase_count=${device.own.counter}i,digest=${at}i ${at}000000\n`,
      );
      await park.questdb.settled(['samples'], { timeoutMs: 20_000 });
    },
    post: (path, body, key = `meter-${++keys}`) =>
      ask('POST', path, body, { 'idempotency-key': key }),
    close: async () => {
      await ingest.stop();
      await ingestDb.close();
      await proxy.close();
      await meters.close();
      await entered.close();
      await park.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

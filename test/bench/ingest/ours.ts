/**
 * The ingest process as ingest/main.ts composes it - collect, decode, spool, deliver, late days, states -
 * over meters that are read far more often than a schedule allows. Without the builder of intervals.
 */
import { join } from 'node:path';
import { takeReading } from '../../../ingest/blocks.ts';
import type { BusConfig } from '../../../ingest/bus.ts';
import { createCollector } from '../../../ingest/collect.ts';
import { startDelivery } from '../../../ingest/delivery.ts';
import { lateMarker } from '../../../ingest/dirty.ts';
import { openMeterStates } from '../../../ingest/meter-states.ts';
import { openSpool } from '../../../ingest/spool.ts';
import { startTicks } from '../../../ingest/ticks.ts';
import { systemClock as clock } from '../../../sql/clock.ts';
import { openPostgres } from '../../../sql/postgres.ts';
import { openQuestdb } from '../../../sql/questdb.ts';
import type { IngestPlan } from './plan.ts';
import { measureWindow } from './window.ts';

const STATES_MS = 3_000;
const SPOOL_BYTES_MAX = 256 * 2 ** 20;

// The parent's own words.
const plan = JSON.parse(process.argv[2] ?? '') as IngestPlan;
const postgres = openPostgres({ url: plan.databaseUrl, onError: console.error });
const questdb = openQuestdb({ url: plan.questdbUrl });
const told = (alarm: object) => console.error('alarm', alarm);

const spool = await openSpool({
  ...{ dir: join(plan.folder, 'spool'), clock, onAlarm: told },
  ...{ maxBytes: SPOOL_BYTES_MAX, keepMs: 0 },
});
const delivery = startDelivery({
  spool,
  write: questdb.write,
  beforeRelease: lateMarker(postgres.db),
  rejectedFile: join(plan.folder, 'rejected.txt'),
  random: Math.random,
  onAlarm: told,
});
const states = openMeterStates(postgres.db);
const ticks = startTicks({ onError: (name, error) => console.error(name, error) });

let samples = 0;
let failed = 0;
const collector = createCollector({
  clock,
  random: Math.random,
  onReading: (reading) => {
    const { sample, kept } = takeReading(reading, spool);
    states.heard(sample, clock().getTime());
    if (kept) samples++;
    else failed++;
  },
  onFailure: (failure) => {
    failed++;
    states.failed(failure);
  },
});

const buses = plan.ports.map(
  (port, gateway): BusConfig => ({
    ...{ id: `B${gateway}`, projectId: plan.projectId, gatewayId: `G${gateway}` },
    endpoint: {
      ...{ framing: 'tcp', host: '127.0.0.1', port },
      ...{ connectTimeoutMs: 3_000, requestTimeoutMs: 1_500 },
    },
    meters: Array.from({ length: plan.metersEach }, (_, i) => ({
      id: plan.meterIds[gateway * plan.metersEach + i] ?? '',
      ...{ projectId: plan.projectId, model: 'DTSY1352-SIM', zone: 'Asia/Shanghai' },
      ...{ unit: i + 1, seconds: plan.periodS },
    })),
  }),
);
await collector.apply(buses);
ticks.every(STATES_MS, 'meter states', states.write);

await measureWindow(plan, {
  samples: () => samples,
  acknowledged: () => delivery.stats().deliveredRows,
  failed: () => failed,
  skipped: () => [...collector.stats().values()].reduce((sum, bus) => sum + bus.skippedSlots, 0),
  drain: async () => {
    await collector.stop();
    await spool.flush();
    await delivery.drained();
  },
});
await ticks.stop();
await delivery.stop();
await spool.close();
await postgres.close();
process.disconnect?.();

/**
 * What one would build from the libraries in an afternoon: modbus-serial reads the same registers, and
 * @questdb/nodejs-client writes one row with the same columns. No spool, no digest, no late days, no
 * states, no checks but the libraries' own.
 */
import { Sender } from '@questdb/nodejs-client';
import ModbusRTU from 'modbus-serial';
import { models, type Register } from '../../../ingest/models.ts';
import { channels } from '../../../sql/channels.ts';
import type { IngestPlan } from './plan.ts';
import { measureWindow } from './window.ts';

const ADDRESS = 0x200;
const WORDS = 48;
const TIMEOUT_MS = 1_500;
const FLUSH_MS = 500;

// The parent's own words.
const plan = JSON.parse(process.argv[2] ?? '') as IngestPlan;
const { hostname, port, username, password } = new URL(plan.questdbUrl);
const sender = await Sender.fromConfig(
  `http::addr=${hostname}:${port};username=${username};password=${decodeURIComponent(password)};` +
    'protocol_version=2;auto_flush=off;retry_timeout=60000;max_buf_size=104857600',
);

const doubles = new Set(channels.filter(({ type }) => type === 'DOUBLE').map(({ name }) => name));
const registers = models.DTSY1352.registers.map((register) => ({
  ...register,
  isDouble: doubles.has(register.channel),
}));

let samples = 0;
let acknowledged = 0;
let failed = 0;
let stopped = false;

/** The bare value, as the vendor's table says it. */
function scaled({ address, type, times, over }: Register, data: readonly number[]): number {
  const at = address - ADDRESS;
  const high = data[at] ?? 0;
  const low = data[at + 1] ?? 0;
  let value = high;
  if (type === 'uint32') value = high * 0x10000 + low;
  else if (type === 'int32') value = (high << 16) | low;
  else if (type === 'int16') value = (high << 16) >> 16;
  return times === undefined ? (over === undefined ? value : value / over) : value * times;
}

async function readGateway(gateway: number): Promise<void> {
  const client = new ModbusRTU();
  client.setTimeout(TIMEOUT_MS);
  await client.connectTCP('127.0.0.1', { port: plan.ports[gateway] ?? 0 });
  while (!stopped) {
    for (let unit = 1; unit <= plan.metersEach && !stopped; unit++) {
      client.setID(unit);
      const { data } = await client.readHoldingRegisters(ADDRESS, WORDS);
      const at = Date.now();
      const meter = plan.meterIds[gateway * plan.metersEach + unit - 1] ?? '';
      const row = sender
        .table('samples')
        .symbol('project', plan.projectId)
        .symbol('meter', meter)
        .symbol('quality', 'ok')
        .intColumn('digest', 0);
      for (const register of registers) {
        const value = scaled(register, data);
        if (register.isDouble) row.floatColumn(register.channel, value);
        else row.intColumn(register.channel, value);
      }
      const [year = 0, day = 0, hour = 0, second = 0] = data.slice(0x28, 0x2c);
      const clock = Date.UTC(2000 + (year >> 8), (year & 255) - 1, day >> 8, hour >> 8, hour & 255);
      row.timestampColumn('device_clock', clock + (second >> 8) * 1000, 'ms');
      await row.at(at, 'ms');
      samples++;
    }
  }
  client.close(() => {});
}

async function flush(): Promise<void> {
  // The client copies its buffer when it begins to send: rows added meanwhile go with the next one.
  const rows = samples;
  await sender.flush();
  acknowledged = rows;
}

async function flushAgain(): Promise<void> {
  while (!stopped) {
    await flush();
    await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
  }
}

const reading = Promise.all(
  plan.ports.map((_, gateway) =>
    readGateway(gateway).catch((error) => {
      failed++;
      console.error('floor', error);
    }),
  ),
);
const flushing = flushAgain();
await measureWindow(plan, {
  samples: () => samples,
  acknowledged: () => acknowledged,
  failed: () => failed,
  skipped: () => 0,
  drain: async () => {
    stopped = true;
    await reading;
    await flushing;
    await flush();
  },
});
await sender.close();
process.disconnect?.();

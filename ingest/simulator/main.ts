/**
 * The simulator's process: opens the park's buses on loopback, writes the commissioning sheet, says `ready`.
 * DATA_DIR, SIMULATOR_SEED, SIMULATOR_PORT (15020), SIMULATOR_LATENCY_MS (5-20), SIMULATOR_TRUTH (a file, for fault tests),
 * SIMULATOR_HISTORY_DAYS (35), SIMULATOR_MINUTE_HOURS (48): of a park that begins now.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../../sql/process.ts';
import { bridgedAtFirst, type DeviceState, devicesOf } from './device.ts';
import { buildPark, DEFAULT_SEED } from './park.ts';
import type { Own } from './prepayment.ts';
import { curvesOf } from './profile.ts';
import { loadReadings } from './readings.ts';
import { runPark } from './running.ts';
import { HISTORY_DAYS_MIN, type HistoryLength, sheetOf, USUAL_HISTORY } from './sheet.ts';
import { openTruth } from './truth.ts';

const HOST = '127.0.0.1';

const environment = z.object({
  DATA_DIR: z.string().min(1).default('./data'),
  SIMULATOR_SEED: z.string().min(1).max(100).optional(),
  SIMULATOR_PORT: z.coerce.number().int().min(1).max(65_000).default(15_020),
  SIMULATOR_LATENCY_MS: z
    .string()
    .regex(/^\d{1,4}(-\d{1,4})?$/, 'one or two numbers of milliseconds, as in 5-20')
    .default('5-20'),
  SIMULATOR_TRUTH: z.string().min(1).optional(),
  SIMULATOR_HISTORY_DAYS: z.coerce
    .number()
    .int()
    .min(HISTORY_DAYS_MIN)
    .max(USUAL_HISTORY.days)
    .default(USUAL_HISTORY.days),
  SIMULATOR_MINUTE_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(USUAL_HISTORY.minuteHours)
    .default(USUAL_HISTORY.minuteHours),
});

/** What the simulator keeps over restarts: the park must find its ports and its open relays again. */
const stateShape = z.object({
  version: z.literal(1),
  seed: z.string(),
  startedAt: z.number(),
  /** An older state has none. */
  history: z.object({ days: z.number(), minuteHours: z.number() }).default(USUAL_HISTORY),
  ports: z.record(z.string(), z.number()),
  devices: z.record(
    z.string(),
    z.object({
      force: z.object({ enabled: z.number(), trip: z.number() }),
      outages: z.array(z.object({ from: z.number(), to: z.number().nullable() })),
      // Written by this simulator alone and taken as it was written; an older state has none.
      own: z.custom<Own>((value) => typeof value === 'object' && value !== null).optional(),
      bypass: z.object({ from: z.number(), share: z.number() }).optional(),
    }),
  ),
});
type State = z.infer<typeof stateShape>;

const env = environment.safeParse(process.env);
if (!env.success) {
  console.error(`simulator: ${z.prettifyError(env.error)}`);
  process.exit(2);
}
await main(env.data);

async function main(env: z.infer<typeof environment>) {
  const folder = join(env.DATA_DIR, 'simulator');
  const stateFile = join(folder, 'state.json');
  mkdirSync(folder, { recursive: true });
  const state = openState(stateFile, {
    seed: env.SIMULATOR_SEED,
    history: { days: env.SIMULATOR_HISTORY_DAYS, minuteHours: env.SIMULATOR_MINUTE_HOURS },
  });
  const park = buildPark(state.seed);
  const readings = loadReadings();
  const curves = curvesOf(readings);
  const devices = devicesOf(park, { curves, readings, kept: state.devices });
  const truth = env.SIMULATOR_TRUTH ? openTruth(env.SIMULATOR_TRUTH) : undefined;
  const running = await runPark(park, {
    devices,
    host: HOST,
    ports: state.ports,
    basePort: env.SIMULATOR_PORT,
    startedAt: state.startedAt,
    clock: Date.now,
    latencyMs: latencyOf(env.SIMULATOR_LATENCY_MS),
    keep: (kept: Record<string, DeviceState>) => {
      state.devices = kept;
      writeJson(stateFile, state);
    },
    truth,
  });
  state.ports = running.ports;
  writeJson(stateFile, state);
  const { ports, notes } = running;
  const { startedAt, history } = state;
  const sheet = sheetOf(park, { devices, host: HOST, ports, startedAt, notes, history });
  writeJson(join(folder, 'park.json'), sheet);
  for (const note of notes) console.log(`simulator: ${note}`);
  console.log(`simulator: ${park.meters.length} meters on ${Object.keys(ports).length} buses`);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await running.close();
    truth?.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // The parent is gone (killed): nothing is left behind on the ports.
  process.once('disconnect', stop);
  process.send?.('ready');
}

/** The kept state, or a new one that begins now. A park that was begun keeps its seed. */
function openState(
  file: string,
  { seed, history }: { seed: string | undefined; history: HistoryLength },
): State {
  const found = readJson(file);
  if (found === undefined) {
    const begun = { version: 1 as const, seed: seed ?? DEFAULT_SEED, startedAt: Date.now() };
    const devices = bridgedAtFirst(buildPark(begun.seed), begun.startedAt);
    return { ...begun, history, ports: {}, devices };
  }
  const kept = stateShape.safeParse(found);
  if (!kept.success) {
    console.error(`simulator: ${file} is not a state of this simulator: ${kept.error.message}`);
    process.exit(2);
  }
  if (seed && kept.data.seed !== seed) {
    console.error(`simulator: the park in ${file} was begun with seed ${kept.data.seed}`);
    process.exit(2);
  }
  return kept.data;
}

/** `5-20`: between 5 and 20 ms; `60`: always 60 ms. */
function latencyOf(text: string): () => number {
  const [low = 0, high = low] = text.split('-').map(Number);
  return () => low + Math.random() * (high - low);
}

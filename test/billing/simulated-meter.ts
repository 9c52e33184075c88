/** A simulated meter without a bus, which takes commands as ingest writes them, at any instant. */
import { commandMapOf } from '../../ingest/command-maps.ts';
import { planOf } from '../../ingest/command-plan.ts';
import { requestFrame } from '../../ingest/frame.ts';
import { models } from '../../ingest/models.ts';
import { type Device, devicesOf } from '../../ingest/simulator/device.ts';
import { serve } from '../../ingest/simulator/meter.ts';
import { buildPark, DEFAULT_SEED } from '../../ingest/simulator/park.ts';
import { remainingAt } from '../../ingest/simulator/prepayment.ts';
import { curvesOf } from '../../ingest/simulator/profile.ts';
import { loadReadings } from '../../ingest/simulator/readings.ts';
import type { CommandFunction } from '../../sql/command-functions.ts';

/** Before the function code of a frame over TCP. */
const HEADER_BYTES = 7;

/** The meter of the simulated park at a point. */
export function simulated(label: string): Device {
  const readings = loadReadings();
  const devices = devicesOf(buildPark(DEFAULT_SEED), { curves: curvesOf(readings), readings });
  const device = [...devices.values()].find(({ meter }) => meter.label === label);
  if (!device) throw new Error(`no ${label}`);
  return device;
}

/** Writes to it what a command means at an instant; throws when the meter refuses a frame. */
export function write(
  device: Device,
  { name, args, at }: { name: CommandFunction; args: object; at: Date },
): void {
  const { serial, ct, pt } = device.meter;
  const model = models['DTSY1352-SIM'];
  const target = { model, map: commandMapOf(model), serial, zone: 'Asia/Shanghai', ratio: ct * pt };
  const plan = planOf(name, { ...args }, target);
  const seen = {
    ...{ counter: device.own.counter, remainingMinor: remainingAt(device, at.getTime()) },
  };
  const intent = plan?.intend(seen, { nowMs: at.getTime(), attempts: 0 });
  if (intent?.do !== 'send') throw new Error(`${name}: nothing to write`);
  for (const frame of intent.writes) {
    const asked = requestFrame('tcp', { ...frame, unit: 1 }, 1);
    const { kind } = serve(device, asked.subarray(HEADER_BYTES), at.getTime());
    if (kind !== 'write') throw new Error(`${name}: ${kind}`);
  }
}

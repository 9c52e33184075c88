/**
 * The park on its ports: every bus opened, every request answered as of the clock, what masters change kept on disk
 * before they hear of it.
 */
import { type Device, type DeviceState, stateOf } from './device.ts';
import { type Served, serve } from './meter.ts';
import type { Park, ParkBus } from './park.ts';
import { type Bus, openBus } from './server.ts';
import { silentFromOf } from './sheet.ts';
import type { Truth } from './truth.ts';

export interface RunningOptions {
  devices: ReadonlyMap<string, Device>;
  host: string;
  /** Ports of an earlier run, by bus code; they are taken again when free. */
  ports: Readonly<Record<string, number>>;
  /** Where the search for further ports begins. */
  basePort: number;
  startedAt: number;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** How long the next reply takes, ms. */
  latencyMs: () => number;
  /** Keeps the state of all devices; must have it on disk when it returns. */
  keep: (states: Record<string, DeviceState>) => void;
  truth?: Truth;
}

export interface RunningPark {
  ports: Record<string, number>;
  /** Ports that had to change, in words. */
  notes: string[];
  close: () => Promise<void>;
}

const PORT_TRIES = 500;

/** Opens all buses; throws when no free port is found within 500 of the base. */
export async function runPark(park: Park, options: RunningOptions): Promise<RunningPark> {
  const ports: Record<string, number> = {};
  const notes: string[] = [];
  const opened: Bus[] = [];
  const reserved = new Set(Object.values(options.ports));
  let next = options.basePort;
  for (const bus of park.gateways.flatMap(({ buses }) => buses)) {
    const remembered = options.ports[bus.code];
    const server =
      (remembered && (await tryBus(bus, remembered))) || (await firstFree(bus, remembered));
    ports[bus.code] = server.port;
    opened.push(server);
  }
  return {
    ports,
    notes,
    close: async () => {
      await Promise.all(opened.map((bus) => bus.close()));
    },
  };

  async function firstFree(bus: ParkBus, wanted: number | undefined): Promise<Bus> {
    const first = next;
    while (next < first + PORT_TRIES && next < 65_536) {
      const port = next++;
      if (reserved.has(port)) continue;
      const server = await tryBus(bus, port);
      if (!server) {
        notes.push(`port ${port} is taken by another program`);
        continue;
      }
      if (wanted) notes.push(`${bus.code} moved from port ${wanted} to ${server.port}`);
      return server;
    }
    throw new Error(`simulator: no free port from ${first} for bus ${bus.code}`);
  }

  async function tryBus(bus: ParkBus, port: number): Promise<Bus | null> {
    const { host, latencyMs } = options;
    const answer = answerOf(park, bus.code, options);
    return openBus({ host, port, framing: bus.framing, answer, latencyMs }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE' || error.code === 'EACCES') return null;
        throw error;
      },
    );
  }
}

/** What the units of a bus say. */
function answerOf(park: Park, bus: string, options: RunningOptions) {
  const { devices, clock, truth, startedAt } = options;
  const units = new Map<number, Device>();
  for (const meter of park.meters) {
    const device = devices.get(meter.serial);
    if (device && meter.bus === bus) units.set(meter.unit, device);
  }
  return (unit: number, pdu: Buffer): Buffer | null => {
    const device = units.get(unit);
    if (!device) return null;
    const at = clock();
    const silentFrom = silentFromOf(device.meter, startedAt);
    if (silentFrom !== null && at >= silentFrom) return null;
    const served: Served = serve(device, pdu, at);
    if (served.kind === 'write' || (served.kind === 'read' && served.moved)) {
      options.keep(statesOf(devices));
    }
    if (served.kind !== 'refused') truth?.record({ ...served, serial: device.meter.serial, at });
    return served.reply;
  };
}

function statesOf(devices: ReadonlyMap<string, Device>): Record<string, DeviceState> {
  return Object.fromEntries(
    [...devices].flatMap(([serial, device]) => {
      const state = stateOf(device);
      return state ? [[serial, state]] : [];
    }),
  );
}

/**
 * Building A of the simulated park on two buses of its own, with forty meters and one in store, as of a clock that a
 * test moves; and what their registers say, to be held against bills.
 */

import { type Device, devicesOf } from '../../ingest/simulator/device.ts';
import { registersAt, serve } from '../../ingest/simulator/meter.ts';
import { buildPark, DEFAULT_SEED, type ParkMeter } from '../../ingest/simulator/park.ts';
import { curvesOf } from '../../ingest/simulator/profile.ts';
import { loadReadings } from '../../ingest/simulator/readings.ts';
import { openBus } from '../../ingest/simulator/server.ts';
import { type Lossy, openProxy } from '../ingest/command-park.ts';

export interface Place {
  bus: number;
  unit: number;
}

export interface SimulatedBuilding {
  /** What hangs on the walls, in the order of a list; the meter in store is not among them. */
  meters: (ParkMeter & { place: Place })[];
  spare: ParkMeter & { place: Place };
  /** In front of each bus: loses answers when it is told to. */
  buses: Lossy[];
  device: (label: string) => Device;
  /** What the display of a meter says at an instant: Wh or litres, before CT and PT. */
  register: (label: string, atMs: number) => number;
  /** The one in store is put in: from now on it counts what is used where the other one stood. */
  putIn: (atMs: number) => void;
  /** Writes that meters have carried out, by label. */
  writes: (label: string) => number;
  close: () => Promise<void>;
}

const PER_BUS = 20;
const SPARE = 'SPARE';
/** The shop that gets it. */
const SPARE_FOR = 'A103';
const READ = 3;

/** Opens both buses. Registers stand at zero when `installedOn` begins. */
export async function openBuilding({
  installedOn,
  clock,
}: {
  installedOn: string;
  clock: { now: Date };
}): Promise<SimulatedBuilding> {
  const units = buildPark(DEFAULT_SEED).meters.filter(
    ({ building, role }) => building === 'A' && (role === 'tenant' || role === 'water'),
  );
  const meters = units.map((meter, i) => ({
    ...{ ...meter, installedOn, silentBeforeMinutes: null },
    place: { bus: Math.floor(i / PER_BUS), unit: (i % PER_BUS) + 1 },
  }));
  const alike = meters.find(({ label }) => label === SPARE_FOR);
  if (!alike || meters.length !== 2 * PER_BUS) throw new Error('building A has forty meters');
  // It counts from when it is put in: `place`.
  const spare = {
    ...{ ...alike, label: SPARE, serial: '240165199999', installedOn: '2099-01-01' },
    place: { bus: 0, unit: PER_BUS + 1 },
  };
  const readings = loadReadings();
  const devices = [
    ...devicesOf(
      { seed: DEFAULT_SEED, buildings: [], gateways: [], meters: [...meters, spare] },
      { curves: curvesOf(readings), readings },
    ).values(),
  ];
  const byLabel = new Map(devices.map((device) => [device.meter.label, device]));
  const device = (label: string): Device => {
    const found = byLabel.get(label);
    if (!found) throw new Error(`there is no ${label}`);
    return found;
  };
  const places = [...meters, spare];
  const written = new Map<string, number>();
  const opened = await Promise.all(
    [0, 1].map(async (n) => {
      const here = new Map(
        places.filter(({ place }) => place.bus === n).map((m) => [m.place.unit, m.label]),
      );
      const bus = await openBus({
        ...{ host: '127.0.0.1', port: 0, framing: 'tcp' },
        latencyMs: () => 0,
        answer: (unit, pdu) => {
          const label = here.get(unit);
          if (label === undefined) return null;
          const served = serve(device(label), pdu, clock.now.getTime());
          if (served.kind === 'write' && pdu[0] !== READ) {
            written.set(label, (written.get(label) ?? 0) + 1);
          }
          return served.reply;
        },
      });
      return { bus, proxy: await openProxy(bus.port) };
    }),
  );
  return {
    ...{ meters, spare, device },
    buses: opened.map(({ proxy }) => proxy),
    register: (label, at) => displayOf(device(label), at),
    putIn: (atMs) => {
      const [consumer] = device(SPARE).consumers;
      if (consumer) consumer.since = atMs;
    },
    writes: (label) => written.get(label) ?? 0,
    close: async () => {
      for (const { bus, proxy } of opened) {
        await proxy.close();
        await bus.close();
      }
    },
  };
}

/** Two words at 0000H: hundredths of a kWh, or litres. */
function displayOf(device: Device, at: number): number {
  const words = registersAt(device, { address: 0, count: 2, at });
  if (!words) throw new Error(`${device.meter.label} has no register`);
  const [high = 0, low = 0] = words;
  return (high * 65_536 + low) * (device.meter.commodity === 'water' ? 1 : 10);
}

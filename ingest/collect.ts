/**
 * All buses at once, from configuration given as data. A new configuration is compared with the one
 * in force: what changed is started, updated or stopped, everything else polls on undisturbed.
 */
import { type Bus, type BusConfig, type BusHooks, type Errand, startBus } from './bus.ts';
import type { BusStats } from './bus-stats.ts';
import { createGate, type Gate } from './gate.ts';

export interface Collector {
  /** Makes the running buses equal to `configs`. */
  apply: (configs: readonly BusConfig[]) => Promise<void>;
  /** Puts an errand before the next poll of a bus; false when that bus does not run. */
  enter: (busId: string, errand: Errand) => boolean;
  stats: () => Map<string, BusStats>;
  stop: () => Promise<void>;
}

/** No bus runs until the first `apply`. Buses of a framing that cannot be opened are refused there. */
export function createCollector(hooks: Omit<BusHooks, 'gate'> & { gate?: Gate }): Collector {
  const gate = hooks.gate ?? createGate();
  const running = new Map<string, { config: BusConfig; bus: Bus }>();

  async function apply(configs: readonly BusConfig[]): Promise<void> {
    const wanted = new Map(configs.map((config) => [config.id, config]));
    const ending: Promise<void>[] = [];
    for (const [id, { config, bus }] of running) {
      const next = wanted.get(id);
      if (next && same(config.endpoint, next.endpoint)) continue;
      running.delete(id);
      ending.push(bus.stop());
    }
    // A changed endpoint is reached only after the old connection is closed.
    await Promise.all(ending);
    for (const [id, config] of wanted) {
      const known = running.get(id);
      if (!known) running.set(id, { config, bus: startBus(config, { ...hooks, gate }) });
      else if (!same(known.config, config)) {
        known.config = config;
        known.bus.update(config);
      }
    }
  }

  return {
    apply,
    enter: (busId, errand) => {
      const found = running.get(busId);
      found?.bus.enter(errand);
      return found !== undefined;
    },
    stats: () => new Map([...running].map(([id, { bus }]) => [id, bus.stats()])),
    stop: async () => {
      await Promise.all([...running.values()].map(({ bus }) => bus.stop()));
      running.clear();
    },
  };
}

/** Configurations are plain data from one place, always built in the same order. */
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

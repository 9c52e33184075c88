/** Work that is done again and again: each kind one at a time, its failures told and tried again. */
import { inTrace, newTrace } from '../sql/trace.ts';

export interface Ticks {
  /** Runs `act` now and then `ms` after each end, until stopped. */
  every: (ms: number, name: string, act: () => Promise<void>) => void;
  /** Waits for what is running. */
  stop: () => Promise<void>;
}

/** @example ticks.every(2_000, 'configuration', configure) */
export function startTicks({
  onError,
}: {
  onError: (name: string, error: unknown) => void;
}): Ticks {
  const running = new Set<Promise<void>>();
  const wakes = new Set<() => void>();
  let stopped = false;

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      wakes.add(wake);
    });

  async function repeat(ms: number, name: string, act: () => Promise<void>): Promise<void> {
    while (!stopped) {
      await inTrace(newTrace(), () => act().catch((error) => onError(name, error)));
      if (!stopped) await pause(ms);
    }
  }

  return {
    every: (ms, name, act) => {
      running.add(repeat(ms, name, act));
    },
    stop: async () => {
      stopped = true;
      for (const wake of [...wakes]) wake();
      await Promise.all(running);
    },
  };
}

/** Who may make a file now: so many at once, one of each asker, the others in the order they came. */
import { Counter, Gauge } from 'prom-client';
import { registry } from '../metrics.ts';
import type { Actor } from '../permission.ts';
import { Problem } from '../problem.ts';
import { progress } from './progress.ts';

/** Files made at once; one more for the job that is under way, which takes no place of theirs. */
const FILES_MAX = 2;
const WAITING_MAX = 20;
const WAIT_MS = 20_000;

const running = new Gauge({
  name: 'wattledger_files_running',
  help: 'Files that are being made',
  registers: [registry],
});
const refused = new Counter({
  name: 'wattledger_files_refused_total',
  help: 'Files refused because too many were asked for',
  registers: [registry],
});

export interface Lanes {
  /**
   * Resolves with what to call when the file is out. Throws Problem `too-many-requests` when too many
   * wait or none became free in 20 s, and the reason of `signal` when the asker has gone.
   */
  enter: (actor: Actor, signal: AbortSignal) => Promise<() => void>;
}

interface Waiting {
  asker: string;
  isJob: boolean;
  go: () => void;
}

/** Opens the lanes of a store that makes files. */
export function openLanes({ waitMs = WAIT_MS }: { waitMs?: number } = {}): Lanes {
  const inside = new Map<string, boolean>();
  const waiting = new Set<Waiting>();
  const isFree = ({ asker, isJob }: Waiting) =>
    !inside.has(asker) &&
    [...inside.values()].filter((job) => job === isJob).length < (isJob ? 1 : FILES_MAX);
  const admit = () => {
    for (const next of waiting) {
      if (!isFree(next)) continue;
      waiting.delete(next);
      inside.set(next.asker, next.isJob);
      next.go();
    }
  };
  return {
    enter: async ({ kind, id }, signal) => {
      signal.throwIfAborted();
      if (waiting.size >= WAITING_MAX) throw crowded();
      const isJob = progress.getStore() !== undefined;
      const asker = isJob ? 'the job' : `${kind} ${id}`;
      await new Promise<void>((resolve, reject) => {
        const settle = (end: () => void) => {
          waiting.delete(next);
          clearTimeout(timer);
          signal.removeEventListener('abort', gone);
          end();
        };
        const next: Waiting = { asker, isJob, go: () => settle(resolve) };
        const gone = () => settle(() => reject(signal.reason));
        const timer = setTimeout(() => settle(() => reject(crowded())), waitMs);
        signal.addEventListener('abort', gone);
        waiting.add(next);
        admit();
      });
      let isOut = false;
      running.inc();
      return () => {
        if (isOut) return;
        isOut = true;
        running.dec();
        inside.delete(asker);
        admit();
      };
    },
  };
}

const crowded = () => {
  refused.inc();
  return new Problem(
    'too-many-requests',
    'Other files are being made; try again soon, or as a job.',
    {
      retryAfterS: 10,
    },
  );
};

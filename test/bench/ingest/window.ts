/** The window of a measured process: warmed up first, told to the parent, then everything drained and counted. */
import { peakMemoryOf, spend } from '../measure.ts';
import type { IngestMessage, IngestPlan } from './plan.ts';

export interface Counters {
  samples: () => number;
  acknowledged: () => number;
  failed: () => number;
  skipped: () => number;
  /** Ends reading and waits until QuestDB has acknowledged what was read. */
  drain: () => Promise<void>;
}

const pause = (s: number) => new Promise((resolve) => setTimeout(resolve, s * 1000));
// Started by the parent with a channel; without one nobody would hear.
const tell = (message: IngestMessage) => process.send?.(message);

export async function measureWindow(plan: IngestPlan, counters: Counters): Promise<void> {
  await pause(plan.warmS);
  tell({ kind: 'begins' });
  const [samples, acknowledged] = [counters.samples(), counters.acknowledged()];
  const { cpuS, wallS } = await spend(() => pause(plan.measureS));
  const window = {
    ...{ cpuS, wallS },
    samples: counters.samples() - samples,
    acknowledged: counters.acknowledged() - acknowledged,
  };
  tell({ kind: 'ends' });
  const skipped = counters.skipped();
  await counters.drain();
  tell({
    kind: 'figures',
    figures: {
      ...window,
      ...{ total: counters.samples(), totalAcknowledged: counters.acknowledged() },
      ...{ peakMb: peakMemoryOf('self'), skipped, failed: counters.failed() },
    },
  });
}

/** One meter asked once: its planned reads, one after the other, as one reading or one failure. */

import type { Connection } from './connection.ts';
import type { Block } from './decode.ts';
import type { Framing } from './frame.ts';
import type { MeterModel } from './models.ts';
import { planReads } from './plan.ts';

export type PollOutcome =
  /** `atMs`: when the words of the billing register arrived. */
  | { outcome: 'read'; blocks: Block[]; atMs: number }
  /** `isTransient`: asking again may help. */
  | { outcome: 'failed'; kind: string; isTransient: boolean };

/** A line needs 3.5 characters of silence between frames; a gateway that wraps them adds its own. */
export const GAP_MS = { tcp: 0, 'rtu-over-tcp': 5, 'rtu-serial': 5 } as const;

const plans = new Map<MeterModel, ReturnType<typeof planReads>>();

/** Never throws. A block that the meter refuses is left out unless it holds the billing register. */
export async function pollMeter(
  connection: Pick<Connection, 'ask'>,
  model: MeterModel,
  { unit, framing, clock }: { unit: number; framing: Framing; clock: () => Date },
): Promise<PollOutcome> {
  const reads = plans.get(model) ?? planReads(model);
  plans.set(model, reads);
  const billing = model.registers.find(({ channel }) => channel === model.billing)?.address ?? -1;
  const blocks: Block[] = [];
  let atMs = 0;
  for (const { address, words } of reads) {
    if (blocks.length > 0 && GAP_MS[framing] > 0) await pause(GAP_MS[framing]);
    const outcome = await connection.ask({ kind: 'read', unit, address, words });
    const isBilling = billing >= address && billing < address + words;
    switch (outcome.outcome) {
      case 'words':
        blocks.push({ address, words: outcome.words });
        if (isBilling) atMs = clock().getTime();
        break;
      case 'exception':
        if (isBilling) return failed(`exception:${outcome.code}`, BUSY.has(outcome.code));
        break;
      case 'violation':
        return failed(`violation:${outcome.kind}`, true);
      case 'written':
      case 'masked':
        throw new Error('a read was answered as a write');
      default:
        return failed(outcome.outcome, true);
    }
  }
  return { outcome: 'read', blocks, atMs };
}

/** Acknowledge, busy: the only exceptions that say "later". */
const BUSY: ReadonlySet<number> = new Set([5, 6]);

const failed = (kind: string, isTransient: boolean): PollOutcome => ({
  outcome: 'failed',
  kind,
  isTransient,
});

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** How long a test waits for what must come: a bound for a machine that is busy, never a proof. */
import { waitUntil } from '../sql/process.ts';

export const PATIENCE_MS = 60_000;

/** Resolves once the condition holds. Throws when it does not within PATIENCE_MS. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  if (await waitUntil(condition, PATIENCE_MS)) return;
  throw new Error(`not within ${PATIENCE_MS / 1000} s: ${condition}`);
}

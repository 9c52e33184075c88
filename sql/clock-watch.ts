/**
 * The server's own clock against one that only counts: when the two drift apart at once, somebody or something has put
 * the clock. For a while then nobody can know which time is right, and what is booked by the clock had better wait.
 */
import type { Clock } from './clock.ts';

/** Time servers slew a clock by 1.8 s an hour at the most; what is more between two looks is a jump. */
export const CLOCK_JUMP_MS = 60_000;
/** So long after a jump the clock is in doubt; from then on it is taken as it is. */
export const CLOCK_DOUBT_MS = 1_800_000;

export interface ClockDoubt {
  /** How far the clock is from where it would be, above zero when it was put on. */
  jumpMs: number;
  /** When it was seen, by the clock as it is now. */
  seenAt: Date;
}

/**
 * Prepares looks at a clock; each tells whether it is in doubt now. A jump that is undone ends the doubt at once, also
 * when it is undone by several. `monotonicMs` never goes back and is never put, like `performance.now()`.
 * @example const doubt = watchClock({ clock: systemClock, monotonicMs: () => performance.now() })
 */
export function watchClock({
  clock,
  monotonicMs,
}: {
  clock: Clock;
  monotonicMs: () => number;
}): () => ClockDoubt | undefined {
  const offsetNow = () => clock().getTime() - monotonicMs();
  let trusted = offsetNow();
  let last = trusted;
  let jumped: { atMs: number; seenAt: Date } | undefined;
  return () => {
    const offset = offsetNow();
    if (Math.abs(offset - last) > CLOCK_JUMP_MS) jumped = { atMs: monotonicMs(), seenAt: clock() };
    last = offset;
    const isUndone = Math.abs(offset - trusted) <= CLOCK_JUMP_MS;
    if (!jumped || isUndone || monotonicMs() - jumped.atMs >= CLOCK_DOUBT_MS) {
      trusted = offset;
      jumped = undefined;
      return undefined;
    }
    return { jumpMs: Math.round(offset - trusted), seenAt: jumped.seenAt };
  };
}

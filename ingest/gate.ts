/** A gate for connection attempts: so many at once, so many a second, over all buses together. */

export interface Gate {
  /** Runs `act` when it is its turn. */
  enter: <T>(act: () => Promise<T>) => Promise<T>;
}

/** Attempts at gateways that swallow the first packet each last for the whole connect deadline. */
const AT_ONCE_MAX = 256;
/** A thousand gateways that return together are reached within ten seconds. */
const PER_SECOND_MAX = 100;

/** @example const gate = createGate(); await gate.enter(() => connection.open()); */
export function createGate({ atOnce = AT_ONCE_MAX, perSecond = PER_SECOND_MAX } = {}): Gate {
  let inside = 0;
  let ticking = false;
  const waiting: (() => void)[] = [];

  function admit(): void {
    if (ticking || inside >= atOnce) return;
    const next = waiting.shift();
    if (!next) return;
    inside++;
    ticking = true;
    setTimeout(() => {
      ticking = false;
      admit();
    }, 1000 / perSecond);
    next();
  }

  return {
    enter: async (act) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        admit();
      });
      try {
        return await act();
      } finally {
        inside--;
        admit();
      }
    },
  };
}

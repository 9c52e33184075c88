/** Writes that come while one is under way go together in the next one: one commit for many. */

interface Asked<T, R> {
  item: T;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/**
 * A function of one item out of one of many, which returns a result for each in their order. One write is under
 * way at a time, with `most` items at the most; `lingerMs` waits for others before it begins. Where the data of
 * one are refused, each of them is written by itself: only that one fails.
 * @example const send = together((jobs) => markSent(db, jobs), { most: 500 }); await send(job);
 */
export function together<T, R>(
  write: (items: readonly T[]) => Promise<readonly R[]>,
  { most, lingerMs = 0 }: { most: number; lingerMs?: number },
): (item: T) => Promise<R> {
  const asked: Asked<T, R>[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    while (asked.length > 0) {
      // What asks in the same turn of the loop goes along in any case.
      await new Promise((done) => setTimeout(done, lingerMs));
      await attempt(asked.splice(0, most));
    }
    isRunning = false;
  }

  async function attempt(group: readonly Asked<T, R>[]): Promise<void> {
    try {
      const results = await write(group.map(({ item }) => item));
      if (results.length !== group.length) throw new Error('a result for each item is wanted');
      for (const [i, { resolve }] of group.entries()) resolve(results[i] as R); // There is one for each.
    } catch (error) {
      if (group.length > 1 && isOfData(error)) for (const each of group) await attempt([each]);
      else for (const { reject } of group) reject(error);
    }
  }

  return (item) =>
    new Promise<R>((resolve, reject) => {
      asked.push({ item, resolve, reject });
      if (!isRunning) void run();
    });
}

/** Postgres' classes of what is wrong with the values themselves, not with the server or its state. */
function isOfData(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    const { code } = e as { code?: string };
    if (code?.startsWith('22') || code?.startsWith('23')) return true;
  }
  return false;
}

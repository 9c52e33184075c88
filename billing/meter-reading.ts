/** What meters last showed of their money: remaining amount and purchase counter, out of their samples. */
import type { Questdb } from '../sql/questdb.ts';

export interface MoneyReading {
  at: Date;
  remainingMinor: number;
  counter: number;
}

/** Meters that one question names. */
const METERS_MAX = 500;

/** The newest good reading of each meter after an instant; meters without one are left out. */
export async function readMoney(
  questdb: Questdb,
  { projectId, meters, since }: { projectId: string; meters: readonly string[]; since: Date },
): Promise<Map<string, MoneyReading>> {
  const read = new Map<string, MoneyReading>();
  for (let i = 0; i < meters.length; i += METERS_MAX) {
    const named = meters.slice(i, i + METERS_MAX).map((meter) => `'${meter}'`);
    const { rows } = await questdb.exec(
      `SELECT meter, ts, remaining_minor, purchase_count FROM samples
       WHERE project = '${projectId}' AND meter IN (${named.join()}) AND quality = 'ok'
         AND ts > '${since.toISOString()}' AND remaining_minor IS NOT NULL
         AND purchase_count IS NOT NULL
       LATEST ON ts PARTITION BY meter`,
    );
    for (const [meter, at, remaining, counter] of rows) {
      read.set(String(meter), {
        at: new Date(String(at)),
        remainingMinor: Number(remaining),
        counter: Number(counter),
      });
    }
  }
  return read;
}

/** One report over HTTP and its bare statement in DuckDB, asked in turn. */
import type { DuckDBConnection } from '../../../sql/duckdb.ts';
import { cpuSecondsOf, percentile } from '../measure.ts';
import type { Row, Target } from '../part.ts';
import type { RunningWeb } from '../web.ts';
import { filesText } from './warehouse.ts';

/** The floor of a year by month × rank: the bare statement over the roll-up. */
export const yearByMonth = (files: readonly string[]) =>
  `SELECT month(local_day) AS month, rank, sum(quantity) FROM read_parquet(${filesText(files)}) GROUP BY ALL ORDER BY ALL`;

/** Asks over HTTP and bare in turn; p50 and p95 of both, and the CPU of the process behind each. */
export async function compare({
  what,
  web,
  connection,
  times,
  path,
  bare,
  note,
  target,
  say,
}: {
  what: string;
  web: RunningWeb;
  connection: DuckDBConnection;
  times: number;
  /** Of the question; a function when each turn asks another. */
  path: string | (() => string);
  bare: string;
  note?: string | undefined;
  target?: Target;
  say: (line: string) => void;
}): Promise<Row[]> {
  const ours: number[] = [];
  const floor: number[] = [];
  let bytes = 0;
  let bareCpuS = 0;
  let cpuS = 0;
  for (let time = -2; time < times; time++) {
    const before = cpuSecondsOf(web.pid);
    const asked = typeof path === 'string' ? path : path();
    let began = performance.now();
    bytes = (await (await web.get(asked)).arrayBuffer()).byteLength;
    const oursMs = performance.now() - began;
    const spentS = cpuSecondsOf(web.pid) - before;
    const cpu = process.cpuUsage();
    began = performance.now();
    await connection.runAndReadAll(bare);
    const floorMs = performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    if (time < 0) continue; // The first two warm both up.
    ours.push(oursMs);
    floor.push(floorMs);
    cpuS += spentS;
    bareCpuS += (user + system) / 1e6;
  }
  say(
    `${what}: ${percentile(ours, 0.5).toFixed(1)} ms, bare ${percentile(floor, 0.5).toFixed(1)} ms`,
  );
  const at = (share: number) => ({
    ours: percentile(ours, share),
    floor: percentile(floor, share),
  });
  return [
    {
      what: `${what}, p50`,
      unit: 'ms',
      ...at(0.5),
      ...(target && { target }),
      against: 'DuckDB in process, same files',
      note: [note, `${bytes} bytes of JSON`].filter(Boolean).join('; '),
    },
    { what: `${what}, p95`, unit: 'ms', ...at(0.95), ...(target && { target }) },
    {
      what: `${what}, CPU`,
      unit: 'ms',
      ours: (1000 * cpuS) / times,
      floor: (1000 * bareCpuS) / times,
    },
  ];
}

/**
 * Measuring on a shared machine: CPU seconds beside wall time, ours and the floor in turn, medians.
 * Ratios of CPU seconds are what to trust while others work.
 */
import { readFileSync } from 'node:fs';

/** What one run took. */
export interface Spent {
  wallS: number;
  /** User and system time of the process that did the work, its threads included. */
  cpuS: number;
}

/** Runs `act` in this process and tells what it took. */
export async function spend(act: () => Promise<unknown>): Promise<Spent> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await act();
  const { user, system } = process.cpuUsage(cpu);
  return { wallS: (performance.now() - began) / 1000, cpuS: (user + system) / 1e6 };
}

/**
 * Takes `ours` and `floor` in turn, the one first in even rounds and the other in odd ones, and returns
 * the median of each figure. The first round of each only warms up when there is more than one.
 */
export async function alternate({
  rounds,
  ours,
  floor,
}: {
  rounds: number;
  ours: () => Promise<Spent>;
  floor: () => Promise<Spent>;
}): Promise<{ ours: Spent; floor: Spent }> {
  const taken = { ours: [] as Spent[], floor: [] as Spent[] };
  const total = rounds > 1 ? rounds + 1 : 1;
  for (let round = 0; round < total; round++) {
    for (const [name, act] of round % 2
      ? ([
          ['floor', floor],
          ['ours', ours],
        ] as const)
      : ([
          ['ours', ours],
          ['floor', floor],
        ] as const)) {
      const spent = await act();
      if (round > 0 || total === 1) taken[name].push(spent);
    }
  }
  const middle = (spent: readonly Spent[]): Spent => ({
    wallS: median(spent.map(({ wallS }) => wallS)),
    cpuS: median(spent.map(({ cpuS }) => cpuS)),
  });
  return { ours: middle(taken.ours), floor: middle(taken.floor) };
}

/** The nearest-rank percentile; throws of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new Error('a percentile of nothing');
  return found;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Linux counts the time of processes in hundredths of a second, whatever the kernel's own tick. */
const TICKS_PER_S = 100;

/** CPU seconds that a process and its threads have used so far. Linux only: throws elsewhere. */
export function cpuSecondsOf(pid: number): number {
  // Behind the name in brackets, which may hold spaces: user time is word 11, system time word 12.
  const words = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(words[11]) + Number(words[12])) / TICKS_PER_S;
}

/** The most memory that a process has had resident since it began, MB (10^6). Linux only. */
export function peakMemoryOf(pid: number | 'self'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`no peak memory of process ${pid}`);
  return (Number(kib) * 1024) / 1e6;
}

/**
 * Runs parts one after the other, each with an empty scratch folder, and keeps what they measured. A
 * part that fails costs the others nothing.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../sql/refusal.ts';
import { createStores, type Stores } from './databases.ts';
import type { BenchContext, Part } from './part.ts';
import { judge, type PartReport, type Report } from './table.ts';

export interface BenchOptions {
  parts: readonly Part[];
  quick: boolean;
  rounds: number;
  /** Generated data lie in `bench/` below it, beside what else was fetched once. */
  cacheFolder: string;
  say: (line: string) => void;
  signal: AbortSignal;
}

/** Measures; throws only when the machine does not even let us begin. */
export async function runBench(options: BenchOptions): Promise<Report> {
  const { parts, quick, rounds, cacheFolder, say } = options;
  const [cpu] = cpus();
  const report: Report = {
    startedAt: new Date().toISOString(),
    quick,
    rounds,
    machine: {
      cpus: cpus().length,
      model: cpu?.model ?? 'unknown',
      memoryGb: Math.round(totalmem() / 1e9),
      node: process.version,
    },
    parts: [],
  };
  const scratch = mkdtempSync(join(tmpdir(), 'wattledger-bench-'));
  const stores = createStores({ folder: join(scratch, 'stores'), cacheFolder, say });
  try {
    for (const part of parts) {
      if (options.signal.aborted) break;
      report.parts.push(await runPart(part, { ...options, scratch, stores }));
    }
  } finally {
    await stores.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
  return report;
}

async function runPart(
  part: Part,
  {
    quick,
    rounds,
    cacheFolder,
    signal,
    ...options
  }: BenchOptions & { scratch: string; stores: Stores },
): Promise<PartReport> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const say = (line: string) =>
    options.say(`${seconds().toFixed(0).padStart(5)} s  ${part.name}: ${line}`);
  const scratch = join(options.scratch, part.name);
  mkdirSync(scratch);
  const [loadBefore = 0] = loadavg();
  const context: BenchContext = {
    ...{ quick, rounds, say, scratch, signal },
    kept: (name, make) => keep(join(cacheFolder, 'bench', name), make, say),
    databases: options.stores.fresh,
  };
  say(part.says);
  const told = { name: part.name, says: part.says };
  try {
    const rows = (await part.run(context)).map(judge);
    return { ...told, seconds: seconds(), load: [loadBefore, loadavg()[0] ?? 0], rows };
  } catch (error) {
    options.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const [failure = ''] = messageOf(error).split('\n');
    return {
      ...told,
      seconds: seconds(),
      load: [loadBefore, loadavg()[0] ?? 0],
      rows: [],
      failure,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Made under another name and put in place by rename, so that half a data set never counts. */
async function keep(
  folder: string,
  make: (folder: string) => Promise<void>,
  say: (line: string) => void,
): Promise<string> {
  if (existsSync(folder)) return folder;
  say(`generating data, once: ${folder}`);
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  await make(part);
  renameSync(part, folder);
  return folder;
}

/** Writes the report into the folder, named by when it began; returns the file. */
export function saveReport(report: Report, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${report.startedAt.replaceAll(':', '-').slice(0, 19)}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

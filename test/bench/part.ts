/**
 * What a part of the bench is: one file that exports a Part, listed in parts.ts. It measures ours and a
 * floor in the same run and hands over rows; the harness judges, prints and keeps them.
 */
import type { Room } from '../../sql/owners.ts';

export interface Part {
  /** One word, as given on the command line. */
  name: string;
  /** What is measured, in one line. */
  says: string;
  /** May throw: the part is then told as failed, the others go on, the exit code is 1. */
  run: (context: BenchContext) => Promise<Row[]>;
}

/** One figure, beside its floor where it has one. */
export interface Row {
  /** `CPU a sample, one ingest process` */
  what: string;
  /** Of both figures: s, ms, µs, rows/s, MB … */
  unit: string;
  /** Number.MAX_SAFE_INTEGER where nothing came: shown as refused. */
  ours: number;
  floor?: number;
  /** What the floor is, in words. */
  against?: string;
  target?: Target;
  /** What the reader must know: sizes, shares, what was left out and why. */
  note?: string;
}

export type Target =
  /** ours ≤ ratioMax × floor, or ours ≤ floor + addedMax (in the row's unit). */
  { ratioMax: number; addedMax?: number } | { max: number } | { min: number };

export interface BenchContext {
  /** Small sizes: a smoke check whose figures mean nothing. Every part ends within seconds. */
  quick: boolean;
  /** How often ours and the floor are taken in turn; the medians count. */
  rounds: number;
  /** Tells how far it is; a line on the console. */
  say: (line: string) => void;
  /** Of this part, empty, removed when it ends. */
  scratch: string;
  /**
   * A folder of generated data, made once and kept outside of git. The name holds everything that the
   * data depend on (sizes, version of the generator); `make` fills the folder, a torn one is made anew.
   * @example await kept('intervals-10000x1440-1', (folder) => generate(folder))
   */
  kept: (name: string, make: (folder: string) => Promise<void>) => Promise<string>;
  /**
   * Real PostgreSQL and QuestDB with the settings of production, started once; each call gives a new,
   * migrated, empty database whose ids never come twice, so that QuestDB may be shared.
   */
  databases: () => Promise<BenchDatabases>;
  /** Ends when the bench is told to stop. */
  signal: AbortSignal;
}

export interface BenchDatabases {
  urls: Record<Room | 'owner', string>;
  questdbUrl: string;
  /** For `cpuSecondsOf` and `peakMemoryOf`. */
  questdbPid: number;
}

/** Intervals from QuestDB as a matrix: a row for each point on each day, a column for each quarter-hour. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBVector, listValue } from '@duckdb/node-api';
import { type Duckdb, question } from '../sql/duckdb.ts';
import { dayFromNumber, dayNumber, daySpan, type LocalDay } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';
import { SLOTS_MAX } from './rate.ts';

/** 0: QuestDB has no such interval (yet). */
export const NONE = 0;
export const MEASURED = 1;
export const ESTIMATED = 2;
export const EDITED = 3;
export const MISSING = 4;

/** Cells are row × SLOTS_MAX + local slot. */
export interface Matrix {
  /** Base units; NaN where missing. */
  quantities: Float64Array;
  /** NONE to MISSING. */
  qualities: Uint8Array;
  /** Per row: the newest `known_at` among its cells, epoch ms; 0 for an empty row. */
  knownMs: Float64Array;
  rowOf: (point: string, day: LocalDay) => number;
}

export interface IntervalSource {
  questdb: Questdb;
  /** For more than ROWS_ASKED_MAX rows; the process of web has neither and reads few. */
  duckdb: Duckdb;
  /** A folder for exports; each is removed once it is read. */
  folder: string;
}

/** Up to this many rows QuestDB answers in JSON; above it, Parquet through DuckDB costs less. */
export const ROWS_ASKED_MAX = 600;

/** Points that a statement names, at most: it is part of an address, which QuestDB takes up to 64 KiB of. */
const POINTS_NAMED_MAX = 1500;
/**
 * Exports of named points, at most, before the whole project is taken. Each looks at all names once, which
 * is cheap; what is exported and not wanted is not.
 */
const EXPORTS_MAX = 16;

/**
 * Reads what QuestDB shows now; the caller has waited until its WAL is applied. An interval that is
 * there twice cannot be (it is the key), so cells do not depend on the order of rows.
 */
export async function readIntervals(
  { questdb, duckdb, folder }: Pick<IntervalSource, 'questdb'> & Partial<IntervalSource>,
  {
    projectId,
    zone,
    points,
    days,
    pointsOfProject = 0,
  }: {
    projectId: string;
    zone: string;
    points: readonly string[];
    days: readonly LocalDay[];
    /** How many there are, where it is known: half of them or more are not asked for by name. */
    pointsOfProject?: number;
  },
): Promise<Matrix> {
  const rows = points.length * days.length;
  const quantities = new Float64Array(rows * SLOTS_MAX).fill(Number.NaN);
  const qualities = new Uint8Array(rows * SLOTS_MAX);
  const knownMs = new Float64Array(rows);
  const pointIndex = new Map(points.map((point, i) => [point, i]));
  const dayIndex = new Map(days.map((day, i) => [day, i]));
  const rowOf = (point: string, day: LocalDay): number => {
    const [p, d] = [pointIndex.get(point), dayIndex.get(day)];
    if (p === undefined || d === undefined) throw new Error(`no row for ${point} on ${day}`);
    return d * points.length + p;
  };
  if (rows === 0) return { quantities, qualities, knownMs, rowOf };

  const named = listsOf(points, pointsOfProject);
  const queries = named.map((names) => exportOf({ projectId, zone, points, days, names }));
  const matrix = { quantities, qualities, knownMs, rowOf };
  if (duckdb && folder && rows > ROWS_ASKED_MAX) {
    for (const query of queries) {
      await readParquet({ questdb, duckdb, folder }, { query, points, days }, matrix);
    }
    return matrix;
  }
  const answers: Awaited<ReturnType<Questdb['exec']>>['rows'] = [];
  for (const query of queries) {
    answers.push(...(await questdb.exec(query, { timeoutMs: ASK_TIMEOUT_MS })).rows);
  }
  for (const [point, day, slot, quantity, quality, known] of answers) {
    const [p, d] = [pointIndex.get(String(point)), dayIndex.get(dayFromNumber(Number(day)))];
    if (p === undefined || d === undefined) continue;
    const row = d * points.length + p;
    const mark = quantity === null ? MISSING : markOf(String(quality));
    qualities[row * SLOTS_MAX + Number(slot)] = mark;
    if (mark !== MISSING) quantities[row * SLOTS_MAX + Number(slot)] = Number(quantity);
    const knownAtMs = known === null ? 0 : Date.parse(String(known));
    knownMs[row] = Math.max(knownMs[row] as number, knownAtMs); // row is in range
  }
  return matrix;
}

const ASK_TIMEOUT_MS = 60_000;

/** As sql/duckdb/settlement-intervals.sql says it. */
function markOf(quality: string): number {
  if (quality === 'missing') return MISSING;
  if (quality === 'measured') return MEASURED;
  return quality === 'edited' ? EDITED : ESTIMATED;
}

async function readParquet(
  { questdb, duckdb, folder }: IntervalSource,
  { query, points, days }: { query: string; points: readonly string[]; days: readonly LocalDay[] },
  { quantities, qualities, knownMs }: Matrix,
): Promise<void> {
  const place = await mkdtemp(join(folder, 'intervals-'));
  const connection = await duckdb.connect();
  try {
    const source = join(place, 'intervals.parquet');
    await questdb.exportParquet(query, source);
    // Not streamed: a stream that fails on its way ends as if it were whole, and a charge would lack it.
    const result = await connection.run(await question('settlement-intervals'), {
      source,
      points: listValue(points.map(BigInt)),
      days: listValue(days.map(dayNumber)),
    });
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      const column = (i: number) => chunk.getColumnVector(i) as DuckDBVector<number>; // as the question says
      const [cells, amounts, marks, known] = [column(0), column(1), column(2), column(3)];
      // The question has no nulls. Asking a chunk for its size is a call into the library: once a chunk.
      const count = chunk.rowCount;
      for (let i = 0; i < count; i++) {
        const cell = cells.getItem(i) as number;
        quantities[cell] = amounts.getItem(i) as number;
        qualities[cell] = marks.getItem(i) as number;
        const row = Math.floor(cell / SLOTS_MAX);
        const knownAtMs = known.getItem(i) as number;
        if (knownAtMs > (knownMs[row] as number)) knownMs[row] = knownAtMs; // row is in range as cell is
      }
    }
  } finally {
    connection.closeSync();
    await rm(place, { recursive: true, force: true });
  }
}

/** The points as lists to be asked for one after the other; null is all of the project. */
function listsOf(points: readonly string[], pointsOfProject: number): (readonly string[] | null)[] {
  const count = Math.ceil(points.length / POINTS_NAMED_MAX);
  if (count > 1 && (count > EXPORTS_MAX || 2 * points.length >= pointsOfProject)) return [null];
  return Array.from({ length: count }, (_, n) =>
    points.slice(n * POINTS_NAMED_MAX, (n + 1) * POINTS_NAMED_MAX),
  );
}

function exportOf({
  projectId,
  zone,
  points,
  days,
  names,
}: {
  projectId: string;
  zone: string;
  points: readonly string[];
  days: readonly LocalDay[];
  names: readonly string[] | null;
}): string {
  // What follows goes into a statement that takes no parameters.
  for (const id of [projectId, ...points]) if (!/^\d{1,19}$/.test(id)) throw new Error('not an id');
  const sorted = [...days].sort();
  const from = new Date(daySpan(zone, sorted[0] as LocalDay).startMs).toISOString(); // days is not empty
  const to = new Date(daySpan(zone, sorted.at(-1) as LocalDay).endMs).toISOString();
  const named = names ? ` AND point IN (${names.map((p) => `'${p}'`).join()})` : '';
  return `SELECT point, local_day, local_slot, quantity, quality, known_at FROM intervals
    WHERE project = '${projectId}' AND ts >= '${from}' AND ts < '${to}'${named}`;
}

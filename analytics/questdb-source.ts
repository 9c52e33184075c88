/**
 * What the warehouse takes from QuestDB: intervals and samples, by its Parquet export. Which days may
 * have changed is told by the row counts of its partitions, and whether they did by a fingerprint, so
 * that what is still is not read.
 */
import { channels } from '../sql/channels.ts';
import {
  addDays,
  dayFromNumber,
  daySpan,
  dayStart,
  daysBetween,
  type LocalDay,
  localDayOf,
} from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';

/** Local day → a text that differs when its source has changed. */
export type Fingerprints = Map<LocalDay, string>;

export type QuestdbTable = 'intervals' | 'samples';

/** UTC day → rows of all projects in its partition. Rows are only added, so another count is news. */
export type PartitionRows = Record<string, number>;

/**
 * Days looked at in one statement: QuestDB takes a reader for each of its parts, and a reader maps every
 * column of its days (some fifty of a day of samples) out of the 65,530 maps that Linux gives a process.
 */
const DAYS_A_STATEMENT = 8;

/** The rows of one SELECT a day, each with its own range of time so that only its partitions are read. */
export async function rowsOfDays(
  questdb: Questdb,
  days: readonly LocalDay[],
  select: (day: LocalDay) => string,
) {
  const found: Awaited<ReturnType<Questdb['exec']>>['rows'] = [];
  for (let i = 0; i < days.length; i += DAYS_A_STATEMENT) {
    const some = days.slice(i, i + DAYS_A_STATEMENT).map(select);
    found.push(...(await questdb.exec(some.join(' UNION ALL '))).rows);
  }
  return found;
}

/** Throws unless it is an id: what follows goes into a statement that takes no parameters. */
export function checkedId(projectId: string): string {
  if (!/^\d{1,19}$/.test(projectId)) throw new Error('not a project id');
  return projectId;
}

/** How many rows each partition of a table has: asked of QuestDB's books, without a scan. */
export async function partitionRows(questdb: Questdb, table: QuestdbTable): Promise<PartitionRows> {
  const { rows } = await questdb.exec(`SELECT name, numRows FROM table_partitions('${table}')`);
  return Object.fromEntries(rows.map(([name, count]) => [String(name), Number(count)]));
}

/** Local days of a zone that lie in partitions whose count is not the one that was `seen`. */
export function daysToLookAt(
  zone: string,
  { seen, now }: { seen: PartitionRows; now: PartitionRows },
): LocalDay[] {
  const days = new Set<LocalDay>();
  for (const [utcDay, count] of Object.entries(now)) {
    if (seen[utcDay] === count) continue;
    const startMs = Date.parse(`${utcDay.slice(0, 10)}T00:00:00Z`);
    const last = localDayOf(zone, startMs + 86_400_000 - 1);
    for (const day of daysBetween(localDayOf(zone, startMs), addDays(last, 1))) days.add(day);
  }
  return [...days].sort();
}

/** Fingerprints of the intervals of a project's days; a day without any has none. */
export async function intervalFingerprints(
  questdb: Questdb,
  { projectId, zone, days }: { projectId: string; zone: string; days: readonly LocalDay[] },
): Promise<Fingerprints> {
  const found: Fingerprints = new Map();
  for (const { from, to } of runsOf(days)) {
    const { rows } = await questdb.exec(
      `SELECT local_day, count(), max(known_at), sum(version) FROM intervals
       WHERE project = '${checkedId(projectId)}' AND ${within(dayStart(zone, from), dayStart(zone, to))}
       GROUP BY local_day`,
    );
    for (const [day, ...rest] of rows) found.set(dayFromNumber(Number(day)), rest.join('/'));
  }
  return found;
}

/** Fingerprints of the samples of a project's days; a day without any has none. */
export async function sampleFingerprints(
  questdb: Questdb,
  { projectId, zone, days }: { projectId: string; zone: string; days: readonly LocalDay[] },
): Promise<Fingerprints> {
  const found: Fingerprints = new Map();
  const rows = await rowsOfDays(questdb, days, (day) => {
    const { startMs, endMs } = daySpan(zone, day);
    // The sum of the digests wraps around at 64 bits; as text, since it is no exact number of JSON.
    return `SELECT '${day}' AS day, count(), sum(digest)::string FROM samples
      WHERE project = '${checkedId(projectId)}' AND ${within(startMs, endMs)}`;
  });
  for (const [day, count, digests] of rows) {
    if (Number(count) > 0) found.set(String(day), `${count}/${digests}`);
  }
  return found;
}

/** Exports the intervals of a project's local day into a Parquet file of QuestDB's own shape. */
export async function exportIntervals(
  questdb: Questdb,
  { projectId, zone, day }: { projectId: string; zone: string; day: LocalDay },
  file: string,
): Promise<void> {
  const { startMs, endMs } = daySpan(zone, day);
  await questdb.exportParquet(
    `SELECT ts, point, local_day, local_slot, quantity, reverse_quantity, quality, gap_s, version,
       known_at FROM intervals
     WHERE project = '${checkedId(projectId)}' AND ${within(startMs, endMs)}`,
    file,
  );
}

/** What registers and electrical days are made of. */
const someChannels = [
  ...channels.filter(({ unit }) => unit === 'Wh' || unit === 'varh' || unit === 'l'),
  ...channels.filter(({ name }) => /^(voltage|current)_._|^power_w$|^factor$/.test(name)),
].map(({ name }) => name);

/** Exports the samples of a project's local day, with all channels or with those that are always kept. */
export async function exportSamples(
  questdb: Questdb,
  {
    projectId,
    zone,
    day,
    whole,
  }: { projectId: string; zone: string; day: LocalDay; whole: boolean },
  file: string,
): Promise<void> {
  const { startMs, endMs } = daySpan(zone, day);
  const columns = whole ? [...channels.map(({ name }) => name), 'device_clock'] : someChannels;
  await questdb.exportParquet(
    `SELECT ts, meter, digest, quality, ${columns.join(', ')} FROM samples
     WHERE project = '${checkedId(projectId)}' AND ${within(startMs, endMs)}`,
    file,
  );
}

/** A condition on `ts`, half-open. */
export const within = (fromMs: number, toMs: number): string =>
  `ts >= '${new Date(fromMs).toISOString()}' AND ts < '${new Date(toMs).toISOString()}'`;

/** Days as runs without a gap, half-open. */
function runsOf(days: readonly LocalDay[]): { from: LocalDay; to: LocalDay }[] {
  const runs: { from: LocalDay; to: LocalDay }[] = [];
  for (const day of [...days].sort()) {
    const last = runs.at(-1);
    if (last?.to === day) last.to = addDays(day, 1);
    else if (!last || last.to < day) runs.push({ from: day, to: addDays(day, 1) });
  }
  return runs;
}

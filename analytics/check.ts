/**
 * Is the warehouse what QuestDB and Postgres say? Every file is held against the manifest, every day of
 * every table against its source, a month at a time, and what differs is named. A day that differs is
 * doubted, so that the next pass writes it anew.
 */
import { addDays, daySpan, type LocalDay, localDayOf } from '../sql/local-day.ts';
import { type CheckReport, type Difference, readCheck, writeCheck } from './check-store.ts';
import { damagesOf } from './damage.ts';
import { leaveDoubt } from './doubt.ts';
import {
  type Facts,
  factNames,
  factsOfFiles,
  factsOfIntervals,
  factsOfPostings,
  factsOfSamples,
} from './facts.ts';
import { filesOf } from './files.ts';
import {
  type DayTable,
  dayContent,
  daysOf,
  dayTables,
  dimensionTables,
  filesIn,
  type Manifest,
  monthOfDay,
  readManifest,
  warehouseDir,
} from './manifest.ts';
import { dimensionFingerprint } from './postgres-source.ts';
import { intervalFingerprints, sampleFingerprints } from './questdb-source.ts';
import { HOT_DAYS, type Project, type WarehouseParts } from './warehouse.ts';

/** Local days that a light check compares. */
const LIGHT_DAYS = 3;
/** Differences that are listed; the others are counted. */
const DIFFERENCES_MAX = 200;
/** Files held against the manifest before others get their turn. */
const FILES_A_SLICE = 200;

/**
 * Checks the warehouse of a project and keeps the report. `full` reads every file and compares every day
 * but today; otherwise lengths and the newest days. `between` is called every few seconds, so that a long
 * check keeps nothing waiting; it may put another version in force. `catchUp` brings the warehouse up to
 * date: what differs only because it has just changed is no difference. Returns undefined before the
 * first version.
 */
export async function checkWarehouse(
  parts: WarehouseParts,
  project: Project,
  {
    full,
    between,
    catchUp,
  }: { full: boolean; between: () => Promise<void>; catchUp: () => Promise<void> },
): Promise<CheckReport | undefined> {
  const dir = warehouseDir(parts.dataDir);
  const begun = performance.now();
  const { id: projectId } = project;
  const manifest = readManifest(dir, projectId);
  if (!manifest) return undefined;

  const { differences, filesChecked } = await checkFiles(dir, manifest, { full, between });
  const bad = new Set(differences.map(({ table, day }) => `${table}/${day}`));
  const today = localDayOf(project.zone, parts.clock().getTime());
  const days = [...new Set(dayTables.flatMap((table) => daysOf(manifest, table)))]
    .filter((day) => day < today && (full || day >= addDays(today, -LIGHT_DAYS)))
    .sort();
  for (const month of new Set(days.map(monthOfDay))) {
    await between();
    const ofMonth = days.filter((day) => monthOfDay(day) === month);
    let found = await compareDays(parts, project, { days: ofMonth, bad });
    if (found.length > 0) {
      await catchUp();
      found = await compareDays(parts, project, { days: ofMonth, bad });
    }
    differences.push(...found);
  }
  differences.push(...(await compareDimensions(parts, project, catchUp)));

  for (const { table, day, what } of differences) {
    if (what === 'lost') continue;
    const rewrite = what !== 'file';
    await leaveDoubt(dir, projectId, { table, part: day ?? undefined, rewrite });
  }
  const at = parts.clock().toISOString();
  const report: CheckReport = {
    at,
    full,
    fullAt: full ? at : (readCheck(dir, projectId)?.fullAt ?? null),
    filesChecked,
    daysChecked: days.length,
    differenceCount: differences.length,
    differences: differences.slice(0, DIFFERENCES_MAX),
    tookMs: Math.round(performance.now() - begun),
  };
  writeCheck(dir, projectId, report);
  return report;
}

async function checkFiles(
  dir: string,
  manifest: Manifest,
  { full, between }: { full: boolean; between: () => Promise<void> },
): Promise<{ differences: Difference[]; filesChecked: number }> {
  const named = [...filesIn(manifest)];
  const differences: Difference[] = [];
  for (let i = 0; i < named.length; i += FILES_A_SLICE) {
    await between();
    const damages = await damagesOf(dir, named.slice(i, i + FILES_A_SLICE), { anew: full });
    // What the pass in between has replaced is not read by anybody.
    const current = new Set(
      [...filesIn(readManifest(dir, manifest.projectId) ?? manifest)].map((f) => f.name),
    );
    for (const { table, part, what, found, expected, name } of damages) {
      if (!current.has(name)) continue;
      differences.push({
        table,
        day: part ?? null,
        what: what === 'lost' ? 'lost' : 'file',
        ours: found ?? what,
        theirs: expected,
      });
    }
  }
  return { differences, filesChecked: named.length };
}

/** Compares every table on these days, which lie in one month. */
async function compareDays(
  { pool, questdb, duckdb, dataDir, clock, hotDays = HOT_DAYS }: WarehouseParts,
  { id: projectId, zone }: Project,
  { days, bad }: { days: readonly LocalDay[]; bad: ReadonlySet<string> },
): Promise<Difference[]> {
  const dir = warehouseDir(dataDir);
  const manifest = readManifest(dir, projectId);
  if (!manifest) return [];
  const place = { projectId, zone };
  const intervals = await factsOfIntervals(questdb, place, days);
  const samples = await factsOfSamples(questdb, place, days);
  const theirs: Record<DayTable, Facts> = {
    intervals,
    energy_days: intervals,
    calendars: calendarFacts(zone, days),
    registers: samples,
    samples,
    electrical_days: samples,
    charges: await factsOfPostings(pool, 'charges', place, days),
    entries: await factsOfPostings(pool, 'entries', place, days),
    sales: await factsOfPostings(pool, 'sales', place, days),
  };
  const marks = {
    intervals: await intervalFingerprints(questdb, { ...place, days }),
    registers: await sampleFingerprints(questdb, { ...place, days }),
  };
  const coldBefore = addDays(localDayOf(zone, clock().getTime()), -hotDays);

  const differences: Difference[] = [];
  const connection = await duckdb.connect();
  try {
    for (const table of dayTables) {
      const wanted = days.filter(
        (day) =>
          !bad.has(`${table}/${day}`) &&
          !bad.has(`${table}/${monthOfDay(day)}`) &&
          !manifest.days[table][day]?.lost,
      );
      const due = wanted.filter((day) => isKept(manifest, table, day));
      if (due.length === 0) continue;
      const files = await filesOf(dir, manifest).days(table, due);
      const ours = await factsOfFiles(connection, table, { files, days: due });
      for (const day of due) {
        const content = dayContent(manifest, table, day);
        const mark =
          table === 'intervals' || table === 'registers' ? marks[table].get(day) : undefined;
        const source = theirs[table].get(day);
        const own = ours.get(day);
        if (day < coldBefore && isOfQuestdb(table) && holdsLess(manifest, table, day, source))
          continue;
        if (mark !== undefined && mark !== content?.fingerprint) {
          differences.push({
            table,
            day,
            what: 'fingerprint',
            ours: content?.fingerprint ?? null,
            theirs: mark,
          });
          continue;
        }
        differences.push(...differencesOf(table, day, own, source));
      }
    }
  } finally {
    connection.closeSync();
  }
  return differences;
}

/** What a day of a table has otherwise than its source. */
function differencesOf(
  table: DayTable,
  day: LocalDay,
  own: Record<string, string> = {},
  source: Record<string, string> = {},
): Difference[] {
  return factNames(table).flatMap((what) => {
    const [ours, theirs] = [own[what] ?? '0', source[what] ?? '0'];
    return ours === theirs ? [] : [{ table, day, what, ours, theirs }];
  });
}

/** All channels are kept of days that have left the hot time, a calendar of days that have intervals. */
function isKept(manifest: Manifest, table: DayTable, day: LocalDay): boolean {
  if (table !== 'samples' && table !== 'calendars') return true;
  return dayContent(manifest, table === 'samples' ? table : 'intervals', day) !== undefined;
}

const isOfQuestdb = (table: DayTable): boolean =>
  table !== 'calendars' && table !== 'charges' && table !== 'entries' && table !== 'sales';

/** QuestDB may have dropped what has left the hot time: then there is nothing to compare with. */
function holdsLess(
  manifest: Manifest,
  table: DayTable,
  day: LocalDay,
  source: Record<string, string> = {},
): boolean {
  const base = table === 'intervals' || table === 'energy_days' ? 'intervals' : 'registers';
  return Number(source.rows ?? 0) < (dayContent(manifest, base, day)?.rows ?? 0);
}

/** A calendar has a row for each quarter-hour of a day that has one, for electricity and for water. */
function calendarFacts(zone: string, days: readonly LocalDay[]): Facts {
  return new Map(days.map((day) => [day, { rows: String(2 * daySpan(zone, day).slots) }]));
}

async function compareDimensions(
  { pool, dataDir }: WarehouseParts,
  { id: projectId }: Project,
  catchUp: () => Promise<void>,
): Promise<Difference[]> {
  const dir = warehouseDir(dataDir);
  const compare = async (): Promise<Difference[]> => {
    const found: Difference[] = [];
    for (const table of dimensionTables) {
      const ours = readManifest(dir, projectId)?.dimensions[table]?.fingerprint ?? null;
      const theirs = await dimensionFingerprint(pool, table, projectId);
      if (ours !== theirs) found.push({ table, day: null, what: 'fingerprint', ours, theirs });
    }
    return found;
  };
  const found = await compare();
  if (found.length === 0) return found;
  await catchUp();
  return compare();
}

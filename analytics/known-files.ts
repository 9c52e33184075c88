/**
 * The warehouse's files as they were known at a position: where something of a file came later, a file
 * that was put together anew stands in its place, so that every question is answered by its own statement.
 * What nobody else changed is read as it lies.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBValue, listValue } from '@duckdb/node-api';
import { type DuckDBConnection, question, rowsOf } from '../sql/duckdb.ts';
import { addDays, daySpan, type LocalDay } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { list } from './columns.ts';
import type { DayFile, Files } from './files.ts';
import {
  type Cut,
  exportVersions,
  type LaterHolding,
  readLaterHoldings,
  readLaterSettlements,
} from './known-source.ts';
import { type DayTable, dayContent, type Manifest } from './manifest.ts';
import { readReportingCalendar } from './reporting-calendar.ts';

interface Parts {
  db: Db;
  questdb: Questdb;
  connection: DuckDBConnection;
  /** Where the files go that take the place of others. */
  folder: string;
  manifest: Manifest;
  /** Those of the manifest. */
  files: Files;
  cut: Cut;
}

/** An open end of a holding, as `postgres-source.ts` writes it. */
const FAR = 4_000_000_000;

/** What stands in the place of a file, of the days asked so far. */
interface Made {
  days: Set<LocalDay>;
  files: DayFile[];
}

/** Files of the manifest as they were known at the cut. */
export async function knownFiles(parts: Parts): Promise<Files> {
  const { db, connection, folder, manifest, files, cut } = parts;
  const { projectId, zone } = manifest;
  const later = { last: BigInt(cut.last), late: list(cut.late.map(BigInt)) };
  const known_at = timestamp(cut.sealedAt);
  const calendar = await readReportingCalendar(db, { projectId, zone, last: cut.last });
  const changes = await openChanges(parts, known_at);
  const made = new Map<string, Made>();
  let tenancies: Promise<string> | undefined;
  let number = 0;

  /** Writes what a statement selects of the days into a file of its own. */
  async function put(
    name: string,
    days: readonly LocalDay[],
    values: Record<string, DuckDBValue>,
  ): Promise<DayFile> {
    const place = join(folder, `${++number}.parquet`);
    const target = { ...values, target: place };
    const [copied] = await rowsOf<{ Count: bigint }>(connection, await question(name), target);
    return { place, rows: Number(copied?.Count ?? 0), days: [...days] };
  }

  /** Of the files those that hold something of the days which came later. */
  async function touched(
    name: string,
    some: readonly DayFile[],
    values: Record<string, DuckDBValue>,
  ): Promise<Set<string>> {
    const rows = await rowsOf<{ place: string }>(connection, await question(name), {
      ...values,
      files: listValue(some.map(({ place }) => place)),
    });
    return new Set(rows.map(({ place }) => place));
  }

  /** Whether the calendar of a day is another one now than it was. */
  const isRecut = (day: LocalDay): boolean =>
    dayContent(manifest, 'calendars', day)?.fingerprint !== calendar.sourceOn(day);

  /** What stands in the place of a file, for its days that are asked. */
  type Remake = (file: DayFile) => Promise<DayFile[]>;

  /** How the files of a table are made anew; of those that stay as they are nothing. */
  const remakers: Partial<Record<DayTable, (some: DayFile[]) => Promise<Remake>>> = {
    intervals: async (some) => {
      await changes.lookAt(some.flatMap(({ days }) => days));
      return async (file) =>
        file.days.some((day) => changes.days.has(day))
          ? [
              await put('known-intervals', file.days, {
                known_at,
                source: file.place,
                dates: list(file.days),
              }),
            ]
          : [file];
    },
    calendars: async () => async (file) => {
      const recut = file.days.filter(isRecut);
      if (recut.length === 0) return [file];
      const still = file.days.filter((day) => !isRecut(day));
      const whole = { source: file.place, dates: list(still) };
      const found = still.length > 0 ? [await put('known-calendars', still, whole)] : [];
      for (const local_day of recut) {
        const { ranks, minutes } = calendar.on(local_day);
        const values = { local_day, ranks: list(ranks), minutes: list(minutes) };
        found.push(await put('warehouse-calendars', [local_day], values));
      }
      return found;
    },
    energy_days: async (some) => {
      await changes.lookAt(some.flatMap(({ days }) => days));
      return async (file) => {
        const recut = file.days.filter(isRecut);
        const anew = file.days.filter((day) => changes.days.has(day) || isRecut(day));
        if (anew.length === 0) return [file];
        const values = {
          source: file.place,
          dates: list(file.days),
          recut: list(recut),
          anew: list(anew),
          intervals: await daysOf('intervals', anew),
          calendars: await daysOf('calendars', anew),
          points: await files.dimension('points'),
        };
        return [await put('known-energy-days', file.days, values)];
      };
    },
    charges: async (some) => {
      const days = some.flatMap((file) => file.days).sort();
      const [from, last] = [days[0], days.at(-1)];
      if (!from || !last) return async (file) => [file];
      const range = { projectId, cut, from, to: addDays(last, 1) };
      const superseded = await readLaterSettlements(db, range);
      return async (file) => {
        const found = file.days.filter((day) => superseded.has(day));
        if (found.length === 0) return [file];
        const ids = found.flatMap((day) => superseded.get(day) ?? []);
        const values = { ...later, superseded: list(ids.map(BigInt)), dates: list(file.days) };
        return [await put('known-charges', file.days, { source: file.place, ...values })];
      };
    },
    entries: (some) => remakePostings(some),
    sales: (some) => remakePostings(some),
  };

  async function remakePostings(some: readonly DayFile[]): Promise<Remake> {
    const places = some.length > 0 ? await touched('known-later', some, later) : new Set();
    return async (file) => {
      if (!places.has(file.place)) return [file];
      return [await put('known-postings', file.days, { ...later, source: file.place })];
    };
  }

  async function dayFiles(table: DayTable, days: readonly LocalDay[]): Promise<DayFile[]> {
    const remaker = remakers[table];
    if (!remaker) {
      throw new Problem(
        'not-known-then',
        'Readings are not kept as they were known at a position.',
      );
    }
    const some = await files.dayFiles(table, days);
    const nameOf = ({ place }: DayFile) => `${table} ${place}`;
    const isMade = (file: DayFile) => {
      const before = made.get(nameOf(file));
      return before !== undefined && file.days.every((day) => before.days.has(day));
    };
    const missing = some
      .filter((file) => !isMade(file))
      .map((file) => {
        const before = made.get(nameOf(file))?.days ?? [];
        return { ...file, days: [...new Set([...before, ...file.days])].sort() };
      });
    const remake = await remaker(missing);
    for (const file of missing) {
      made.set(nameOf(file), { days: new Set(file.days), files: await remake(file) });
    }
    return some.flatMap((file) => made.get(nameOf(file))?.files ?? []);
  }

  const daysOf: Files['days'] = async (table, days) => {
    const places = (await dayFiles(table, days)).map(({ place }) => place);
    return places.length > 0 ? listValue(places) : files.days(table, []);
  };

  async function tenanciesThen(): Promise<string> {
    const source = await files.dimension('tenancies');
    const holdings = await readLaterHoldings(db, { projectId, cut });
    if (holdings.length === 0) return source;
    const column = (pick: (row: LaterHolding) => DuckDBValue) => list(holdings.map(pick));
    const { place } = await put('known-tenancies', [], {
      source,
      points: column(({ point }) => BigInt(point)),
      accounts: column(({ account }) => BigInt(account)),
      from_quarters: column(({ fromQuarter }) => BigInt(fromQuarter)),
      // What was not there ends before it begins.
      to_quarters: column(({ toQuarter }) =>
        toQuarter === undefined ? -1n : BigInt(toQuarter ?? FAR),
      ),
    });
    return place;
  }

  return {
    dimension: (table) => {
      if (table !== 'tenancies') return files.dimension(table);
      tenancies ??= tenanciesThen();
      return tenancies;
    },
    days: daysOf,
    dayFiles,
    opened: files.opened,
    asOf: () => new Date(cut.sealedAt),
  };
}

interface Changes {
  /** Days looked at of which an interval became known only later. */
  days: Set<LocalDay>;
  /** Finds what of the days became known later, and what stood there before: `known_changes`, `known_before`. */
  lookAt: (days: readonly LocalDay[]) => Promise<void>;
}

async function openChanges(
  { questdb, connection, folder, manifest, files }: Parts,
  known_at: string,
): Promise<Changes> {
  await connection.run(await question('known-tables'));
  const looked = new Set<LocalDay>();
  const days = new Set<LocalDay>();
  return {
    days,
    lookAt: async (asked) => {
      const fresh = [...new Set(asked)].filter((day) => !looked.has(day)).sort();
      if (fresh.length === 0) return;
      for (const day of fresh) looked.add(day);
      await connection.run(await question('known-changes'), {
        known_at,
        files: await files.days('intervals', fresh),
        dates: list(fresh),
      });
      const found = await rowsOf<{ day: LocalDay; points: string[] }>(
        connection,
        `SELECT CAST(local_day AS VARCHAR) AS day, list(DISTINCT CAST(point AS VARCHAR))
           FILTER (version > 1) AS points
         FROM known_changes WHERE list_contains($dates::DATE[], local_day) GROUP BY local_day`,
        { dates: list(fresh) },
      );
      for (const { day, points } of found) {
        days.add(day);
        if (!points?.length) continue;
        const { startMs: fromMs, endMs: toMs } = daySpan(manifest.zone, day);
        const source = join(folder, `versions-${day}.parquet`);
        const { projectId } = manifest;
        await exportVersions(questdb, { projectId, points, fromMs, toMs }, source);
        const lost = await rowsOf<{ slots: bigint }>(connection, await question('known-lost'), {
          source,
          local_day: day,
        });
        if (lost[0]?.slots !== 0n) {
          throw new Problem(
            'not-known-then',
            `What the intervals of ${day} had been is not kept any more.`,
          );
        }
        await connection.run(await question('known-before'), { source, known_at });
        await rm(source);
      }
    },
  };
}

/** An instant as DuckDB's TIMESTAMP. */
const timestamp = (iso: string): string => iso.replace('T', ' ').replace('Z', '');

/** Where the files are that a manifest names, for whoever reads them. */
import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { listValue } from '@duckdb/node-api';
import type { LocalDay } from '../sql/local-day.ts';
import {
  type DayTable,
  type DimensionTable,
  fileName,
  type Manifest,
  monthOfDay,
  type NamedFile,
  type Part,
  type WarehouseFile,
  type WarehouseTable,
} from './manifest.ts';

export interface DayFile {
  place: string;
  /** As the manifest says. */
  rows: number;
  /** Those of the days asked for that it holds. */
  days: LocalDay[];
}

export interface Files {
  dimension: (table: DimensionTable) => Promise<string>;
  /**
   * Files that hold the days which there are; a file without rows when there is none of them, for its
   * columns. A file may hold more days than asked for: a statement says by `local_day` (entries by
   * `accounting_date`) which it wants.
   */
  days: (table: DayTable, days: readonly LocalDay[]) => Promise<DuckDBValue>;
  /** The same files one by one; none when there is none of these days. */
  dayFiles: (table: DayTable, days: readonly LocalDay[]) => Promise<DayFile[]>;
  /** The files handed out so far. */
  opened: () => NamedFile[];
  /** When the table was last known to be as its source: what is made from samples may be older today. */
  asOf: (table: WarehouseTable) => Date;
}

/** The files of a manifest in the warehouse folder `dir`. */
export function filesOf(dir: string, manifest: Manifest): Files {
  const { projectId } = manifest;
  const opened = new Map<string, NamedFile>();
  const handOut = (table: WarehouseTable, file: WarehouseFile, part?: Part): string => {
    const name = fileName(table, { projectId, part, version: file.version });
    opened.set(name, { table, part, file, name });
    return join(dir, name);
  };
  const dayFiles: Files['dayFiles'] = async (table, days) => {
    const found = new Map<WarehouseFile, DayFile>();
    for (const day of days) {
      const own = manifest.days[table][day];
      const month = monthOfDay(day);
      const shared = manifest.months[table][month];
      const file = own ?? (shared?.days[day] && shared);
      if (!file) continue;
      const before = found.get(file);
      if (before) before.days.push(day);
      else {
        const place = handOut(table, file, own ? day : month);
        found.set(file, { place, rows: file.rows, days: [day] });
      }
    }
    return [...found.values()];
  };
  return {
    dimension: async (table) => {
      const file = manifest.dimensions[table];
      if (!file) throw new Error(`the manifest names no ${table}`);
      return handOut(table, file);
    },
    dayFiles,
    days: async (table, days) => {
      const places = (await dayFiles(table, days)).map(({ place }) => place);
      const { [table]: empty } = manifest.empty;
      if (places.length === 0 && empty) places.push(handOut(table, empty, 'empty'));
      if (places.length === 0) throw new Error(`the manifest names no ${table}`);
      return listValue(places);
    },
    opened: () => [...opened.values()],
    asOf: (table) => new Date(isOfSamples(table) ? manifest.samplesAsOf : manifest.asOf),
  };
}

const isOfSamples = (table: WarehouseTable): boolean =>
  table === 'registers' || table === 'electrical_days' || table === 'samples';

/** Where the files are that a manifest names, for whoever reads them. */
import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { listValue } from '@duckdb/node-api';
import type { LocalDay } from '../sql/local-day.ts';
import { type DayTable, type DimensionTable, fileName, type Manifest } from './manifest.ts';

export interface Files {
  dimension: (table: DimensionTable) => string;
  /** Files of the days that have one; any file of the table when none has, for its columns. */
  days: (table: DayTable, days: readonly LocalDay[]) => DuckDBValue;
}

/** The files of a manifest in the warehouse folder `dir`. */
export function filesOf(dir: string, manifest: Manifest): Files {
  const { projectId } = manifest;
  const place = (table: DayTable | DimensionTable, version: number, day?: string) =>
    join(dir, fileName(table, { projectId, day, version }));
  return {
    dimension: (table) => {
      const file = manifest.dimensions[table];
      if (!file) throw new Error(`the manifest names no ${table}`);
      return place(table, file.version);
    },
    days: (table, days) => {
      const there = manifest.days[table];
      const names = [...new Set(days)].filter((day) => there[day]);
      const any = Object.keys(there)[0];
      const read = names.length > 0 ? names : any ? [any] : [];
      if (read.length === 0) throw new Error(`the manifest names no ${table}`);
      return listValue(read.map((day) => place(table, there[day]?.version ?? 0, day)));
    },
  };
}

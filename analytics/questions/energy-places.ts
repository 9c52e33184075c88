/**
 * The points of a project and their installations as an energy report needs them, read once for each
 * version of their files: to ask DuckDB for them anew costs more than a month of energy.
 */
import { type DuckDBConnection, question, rowsOf } from '../../sql/duckdb.ts';
import { marksOf } from '../disk.ts';
import type { Files } from '../files.ts';

/** What a point counts for: a building, a floor or itself. */
export interface Place {
  /** 0: none. */
  key: number;
  code: string;
  label: string;
  labelZh: string | null;
  /** In the order of the report's rows; equal for equal names. */
  place: number;
}

export interface PlacedPoint {
  point: number;
  commodity: string;
  role: string;
  /** Null: in use. */
  retiredQuarter: number | null;
  building: Place;
  floor: Place;
  self: Place;
}

export interface Places {
  points: PlacedPoint[];
  /** Of each point, when a meter stood there: [from, to) in quarter-hours since 1970. */
  installations: Map<number, { fromQuarter: number; toQuarter: number }[]>;
}

/** Most points remembered, of all projects together: some 60 MB. */
const REMEMBERED_MAX = 100_000;

/** By files and how the disk knows them, in the order of their last use. */
const remembered = new Map<string, Places>();

/** The points and installations of the files in force. */
export async function placesOf(connection: DuckDBConnection, files: Files): Promise<Places> {
  const [points, installations] = [
    await files.dimension('points'),
    await files.dimension('installations'),
  ];
  // A file that was damaged and put back has the same name, but not the same marks.
  const mark = [points, installations].map((file) => `${file} ${marksOf(file)}`).join(' ');
  const found = remembered.get(mark) ?? (await read(connection, { points, installations }));
  remembered.delete(mark);
  remembered.set(mark, found);
  let count = [...remembered.values()].reduce((sum, places) => sum + places.points.length, 0);
  for (const [oldest, places] of remembered) {
    if (count <= REMEMBERED_MAX) break;
    remembered.delete(oldest);
    count -= places.points.length;
  }
  return found;
}

async function read(
  connection: DuckDBConnection,
  { points, installations }: { points: string; installations: string },
): Promise<Places> {
  const found = await rowsOf<{
    point: bigint;
    commodity: string;
    role: string;
    building: bigint | null;
    floor: bigint | null;
    retired_quarter: bigint | null;
    code: string;
    label: string;
    label_zh: string | null;
    place: bigint;
    building_code: string;
    building_label: string;
    building_label_zh: string | null;
    building_place: bigint;
    floor_code: string;
    floor_label: string;
    floor_place: bigint;
  }>(connection, await question('energy-places'), { points });
  const stood = await rowsOf<{ point: bigint; from_quarter: bigint; to_quarter: bigint }>(
    connection,
    'SELECT point, from_quarter, to_quarter FROM read_parquet($installations::VARCHAR)',
    { installations },
  );
  const byPoint: Places['installations'] = new Map();
  for (const { point, from_quarter, to_quarter } of stood) {
    const one = { fromQuarter: Number(from_quarter), toQuarter: Number(to_quarter) };
    const before = byPoint.get(Number(point));
    if (before) before.push(one);
    else byPoint.set(Number(point), [one]);
  }
  return {
    installations: byPoint,
    points: found.map((row) => ({
      point: Number(row.point),
      commodity: row.commodity,
      role: row.role,
      retiredQuarter: row.retired_quarter === null ? null : Number(row.retired_quarter),
      building: {
        key: Number(row.building ?? 0n),
        code: row.building_code,
        label: row.building_label,
        labelZh: row.building_label_zh,
        place: Number(row.building_place),
      },
      floor: {
        key: Number(row.floor ?? 0n),
        code: row.floor_code,
        label: row.floor_label,
        labelZh: null,
        place: Number(row.floor_place),
      },
      self: {
        key: Number(row.point),
        code: row.code,
        label: row.label,
        labelZh: row.label_zh,
        place: Number(row.place),
      },
    })),
  };
}

/**
 * The common energy report, in which every local day lies in one cell and belongs to one key: the same
 * answer as `energy.sql` gives, at a tenth of its price, which is mostly that of planning it. DuckDB only
 * adds up; keys, cells and what is missing are put together here.
 */

import { type DuckDBConnection, question } from '../../sql/duckdb.ts';
import type { LocalDay } from '../../sql/local-day.ts';
import { list, readColumns, type Table } from '../columns.ts';
import type { Files } from '../files.ts';
import { type Axis, type AxisDay, BEYOND } from '../periods.ts';
import type { EnergyKey, EnergyQuestion } from './energy.ts';
import { type Chosen, ROWS_MAX, rowsOf, sumsOf } from './energy-kept.ts';
import { type Place, type PlacedPoint, type Places, placesOf } from './energy-places.ts';

/** Points × cells that are added up by point: about 100 MB with their ranks and both sides. */
const POINT_SUMS_MAX = 150_000;
/** Widest range of ids that is written as bits; ids of one project lie together. */
const BITS_MAX = 1_000_000;
const RANKS = 6;

export interface Whole {
  keys: Map<string, EnergyKey>;
  /** Of all of them, also of those that have no row. */
  points: number;
  /** The columns of `energy.sql` for the axis or a part of it; its number of cells is in bounds. */
  read: (axis: Axis) => Promise<Table>;
}

/** Undefined when only `energy.sql` can answer: hours, accounts, very many cells by point. */
export async function wholeEnergy(
  connection: DuckDBConnection,
  {
    axis,
    dueQuarter,
    files,
    asked,
    isInParts = false,
    rowsMax = ROWS_MAX,
  }: {
    axis: Axis;
    dueQuarter: number;
    files: Files;
    asked: EnergyQuestion;
    /** True: the axis will be read part by part, each in bounds. */
    isInParts?: boolean;
    /** Most rows that are added up here and not by DuckDB; the answer is the same. */
    rowsMax?: number | undefined;
  },
): Promise<Whole | undefined> {
  const { by, accountId } = asked;
  if (by === 'account' || accountId !== null) return undefined;
  if (axis.days.some(({ period }) => period === undefined)) return undefined;
  const places = await placesOf(connection, files);
  const members = membersOf(places, asked, axis);
  const sums = members.length * axis.periods.length;
  if (by !== 'project' && !isInParts && sums > POINT_SUMS_MAX) return undefined;
  const chosen = bitsOf(members);
  if (!chosen) return undefined;
  const rows = rowsOfKeys(members, asked);
  const namesOf = (part: Axis) => [...new Set(part.days.map(({ day }) => day))];
  await files.dayFiles('energy_days', namesOf(axis)); // Whatever a part will read is opened now.
  return {
    keys: new Map(
      rows.map(({ key, code, label, labelZh }) => [
        `${key}`,
        { id: key === 0 ? null : `${key}`, code, label, labelZh },
      ]),
    ),
    points: members.length,
    read: async (part) => {
      const cells = openCells(rows, part);
      const { days } = part;
      const names = namesOf(part);
      const adding = { connection, files, names, days, dueQuarter, cells, chosen, rowsMax };
      if (by === 'project') await addByDay(adding);
      else if (!(await addRows(adding, members, asked))) await addByPoint(adding, members, asked);
      addMissing(cells, { axis: part, dueQuarter, members, places, asked });
      return cells.table();
    },
  };
}

const placeOf = (point: PlacedPoint, { by }: EnergyQuestion): Place => {
  if (by === 'project') return { key: 0, code: '', label: '', labelZh: null, place: 0 };
  if (by === 'building') return point.building;
  return by === 'floor' ? point.floor : point.self;
};

function membersOf({ points }: Places, asked: EnergyQuestion, { span }: Axis): PlacedPoint[] {
  const { commodity, buildingId, floorId, pointId } = asked;
  const role = asked.role ?? (pointId ? null : 'unit');
  const isAsked = (id: string | null, key: number) => id === null || id === `${key}`;
  return points.filter(
    (p) =>
      p.commodity === commodity &&
      (role === null || p.role === role) &&
      isAsked(buildingId, p.building.key) &&
      isAsked(floorId, p.floor.key) &&
      isAsked(pointId, p.point) &&
      (p.retiredQuarter === null || p.retiredQuarter > span.fromQuarter),
  );
}

/** The points as bits from the one before the first to the one after the last, which are 0. */
function bitsOf(members: readonly PlacedPoint[]): Chosen | undefined {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const { point } of members) {
    first = Math.min(first, point);
    last = Math.max(last, point);
  }
  if (members.length === 0) first = 1;
  if (last - first > BITS_MAX) return undefined;
  const bits = Buffer.alloc(Math.max(0, last - first) + 3, '0');
  for (const { point } of members) bits[point - first + 1] = ONE;
  return {
    chosen: bits.toString('latin1'),
    first_point: BigInt(first - 1),
    last_bit: BigInt(bits.length - 1),
  };
}

const ONE = '1'.charCodeAt(0);

/** The keys in the order of the report. */
function rowsOfKeys(members: readonly PlacedPoint[], asked: EnergyQuestion): Place[] {
  const found = new Map<number, Place>();
  for (const point of members) {
    const place = placeOf(point, asked);
    const other = found.get(place.key);
    if (!other) {
      found.set(place.key, place);
    } else if (other.code !== place.code) {
      // Points without a floor may stand in several buildings: named by the last, placed by the first.
      const isLater = Buffer.compare(Buffer.from(place.code), Buffer.from(other.code)) > 0;
      const named = isLater ? place : other;
      found.set(place.key, { ...named, place: Math.min(place.place, other.place) });
    }
  }
  return [...found.values()].sort((a, b) => a.place - b.place || a.key - b.key);
}

interface Cells {
  /** Adds a row of figures to the cell of a key and a day; `place` is the key's, as placeOf says. */
  add: (place: number, day: AxisDay, isDue: boolean, figures: Figures, row: number) => void;
  placeOf: (key: number) => number;
  addExpected: (key: number, period: number, slots: number) => void;
  table: () => Table;
}

/** Columns of figures; NaN: nothing is known, or no rank. */
interface Figures {
  rank: Column;
  quantity: Column;
  estimatedQuantity: Column;
  measured: Column;
  estimated: Column;
  missing: Column;
}
type Column = Float64Array;

/** Cells of all keys and periods in the order of energy.sql, and after them what the range before had beyond. */
function openCells(rows: readonly Place[], { periods }: Axis): Cells {
  const places = new Map(rows.map(({ key }, i) => [key, i]));
  const whole = rows.length * periods.length;
  const size = whole + rows.length;
  const known = () => new Float64Array(size).fill(Number.NaN);
  const quantity = known();
  const ranks = Array.from({ length: RANKS }, known);
  const estimatedQuantity = known();
  const previous = known();
  const [measured, estimated, missing, due, expected] = Array.from(
    { length: 5 },
    () => new Float64Array(size),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]; // As long as said.
  const placeOf = (key: number): number => {
    const place = places.get(key);
    if (place === undefined) throw new Error(`no row of the report is about ${key}`);
    return place;
  };
  const at = (place: number, period: number): number =>
    (period === BEYOND ? periods.length : period) * rows.length + place;
  const addKnown = (column: Float64Array | undefined, cell: number, value: number) => {
    if (!column || Number.isNaN(value)) return;
    const before = column[cell] as number;
    column[cell] = Number.isNaN(before) ? value : before + value;
  };
  const addTo = (column: Float64Array, cell: number, value: number) => {
    column[cell] = (column[cell] as number) + value;
  };
  return {
    placeOf,
    add: (place, { side, period }, isDue, figures, row) => {
      const cell = at(place, period ?? BEYOND);
      const value = figures.quantity[row] as number;
      if (side === 'before') {
        addKnown(previous, cell, value);
        return;
      }
      const rank = figures.rank[row] as number;
      const slots = {
        measured: figures.measured[row] as number,
        estimated: figures.estimated[row] as number,
        missing: figures.missing[row] as number,
      };
      addKnown(quantity, cell, value);
      addKnown(ranks[Number.isNaN(rank) ? 0 : rank], cell, value);
      addKnown(estimatedQuantity, cell, figures.estimatedQuantity[row] as number);
      addTo(measured, cell, slots.measured);
      addTo(estimated, cell, slots.estimated);
      addTo(missing, cell, slots.missing);
      if (isDue) addTo(due, cell, slots.measured + slots.estimated + slots.missing);
    },
    addExpected: (key, period, slots) => addTo(expected, at(placeOf(key), period), slots),
    table: () => {
      for (let cell = 0; cell < size; cell++) {
        const [wanted = 0, there = 0] = [expected[cell], due[cell]];
        addTo(missing, cell, Math.max(0, wanted - there));
      }
      const columns = new Map<string, Float64Array>([
        ['period', Float64Array.from({ length: size }, (_, i) => periodAt(i, rows.length, whole))],
        ['key', Float64Array.from({ length: size }, (_, i) => rows[i % rows.length]?.key ?? 0)],
        ['quantity', quantity],
        ...ranks.map((column, rank): [string, Float64Array] => [`rank_${rank}`, column]),
        ['estimated_quantity', estimatedQuantity],
        ['measured', measured],
        ['estimated', estimated],
        ['missing', missing],
        ['previous', previous],
      ]);
      for (const [name, column] of columns) demandExact(name, column);
      return { rowCount: size, columns };
    },
  };
}

const periodAt = (cell: number, rows: number, whole: number): number =>
  cell >= whole ? BEYOND : Math.floor(cell / rows);

/** A sum past 2^53 must not be rounded in silence. */
function demandExact(name: string, column: Float64Array): void {
  for (const value of column) {
    if (!Number.isNaN(value) && !Number.isSafeInteger(value)) {
      throw new Error(`${name}: ${value} is no exact integer`);
    }
  }
}

interface Adding {
  connection: DuckDBConnection;
  files: Files;
  /** Of the local days, each once. */
  names: readonly LocalDay[];
  days: readonly AxisDay[];
  dueQuarter: number;
  cells: Cells;
  chosen: Chosen;
  rowsMax: number;
}

const dayNumberOf = (day: LocalDay): number => Date.parse(day) / 86_400_000;

/** The project as a whole: a row for each day and rank. A day may lie in both ranges. */
async function addByDay({ connection, files, names, chosen, ...adding }: Adding): Promise<void> {
  const tables = await sumsOf(connection, await files.dayFiles('energy_days', names), chosen);
  addTables(tables, () => () => 0, adding);
}

/** Keys that are made of points, when there are few rows; false when there are many. */
async function addRows(
  { connection, files, names, rowsMax, ...adding }: Adding,
  members: readonly PlacedPoint[],
  asked: EnergyQuestion,
): Promise<boolean> {
  const tables = await rowsOf(connection, await files.dayFiles('energy_days', names), rowsMax);
  if (!tables) return false;
  const places = new Map(
    members.map((point) => [point.point, adding.cells.placeOf(placeOf(point, asked).key)]),
  );
  addTables(
    tables,
    (table) => {
      const points = columnOf(table, 'point');
      return (row) => places.get(points[row] as number);
    },
    adding,
  );
  return true;
}

/** Adds rows with a day each; days that were not asked for and rows without a place are passed over. */
function addTables(
  tables: readonly Table[],
  placesIn: (table: Table) => (row: number) => number | undefined,
  { days, dueQuarter, cells }: Pick<Adding, 'days' | 'dueQuarter' | 'cells'>,
): void {
  const byNumber = groupedBy(
    days.map((day) => ({ day, isDue: day.toQuarter <= dueQuarter })),
    ({ day }) => dayNumberOf(day.day),
  );
  for (const table of tables) {
    const figures = figuresOf(table);
    const numbers = columnOf(table, 'day');
    const placeAt = placesIn(table);
    for (let row = 0; row < table.rowCount; row++) {
      const found = byNumber.get(numbers[row] as number);
      const place = found && placeAt(row);
      if (place === undefined) continue;
      for (const { day, isDue } of found ?? []) cells.add(place, day, isDue, figures, row);
    }
  }
}

/** Keys that are made of points: days that lie in the same cells are added up together. */
async function addByPoint(
  { connection, files, names, days, dueQuarter, cells, chosen }: Adding,
  members: readonly PlacedPoint[],
  asked: EnergyQuestion,
): Promise<void> {
  const isDue = (day: AxisDay) => day.toQuarter <= dueQuarter;
  const alike = new Map<string, AxisDay[]>();
  const cellOf: number[] = [];
  const numbers = new Map<string, number>();
  const byDay = groupedBy(days, ({ day }) => day);
  for (const both of byDay.values()) {
    const name = both.map((d) => `${d.side} ${d.period} ${isDue(d)}`).join();
    if (!alike.has(name)) {
      numbers.set(name, alike.size);
      alike.set(name, both);
    }
    cellOf.push(numbers.get(name) ?? 0);
  }
  const table = await readColumns(connection, await question('energy-whole-points'), {
    ...chosen,
    energy_days: await files.days('energy_days', names),
    day_dates: list([...byDay.keys()]),
    day_cells: list(cellOf),
  });
  const places = new Map(
    members.map((point) => [point.point, cells.placeOf(placeOf(point, asked).key)]),
  );
  const groups = [...alike.values()];
  const points = columnOf(table, 'point');
  const figures = figuresOf(table);
  const numbersOfCells = columnOf(table, 'cell');
  for (let row = 0; row < table.rowCount; row++) {
    const place = places.get(points[row] as number);
    if (place === undefined) throw new Error('energy came of a point that was not asked for');
    for (const day of groups[numbersOfCells[row] as number] ?? []) {
      cells.add(place, day, isDue(day), figures, row);
    }
  }
}

function groupedBy<Day, Key>(days: readonly Day[], keyOf: (day: Day) => Key): Map<Key, Day[]> {
  const groups = new Map<Key, Day[]>();
  for (const day of days) {
    const group = groups.get(keyOf(day));
    if (group) group.push(day);
    else groups.set(keyOf(day), [day]);
  }
  return groups;
}

function columnOf({ columns }: Table, name: string): Float64Array {
  const found = columns.get(name);
  if (!found) throw new Error(`energy-whole has no column ${name}`);
  return found;
}

const figuresOf = (table: Table): Figures => ({
  rank: columnOf(table, 'rank'),
  quantity: columnOf(table, 'quantity'),
  estimatedQuantity: columnOf(table, 'estimated_quantity'),
  measured: columnOf(table, 'measured'),
  estimated: columnOf(table, 'estimated'),
  missing: columnOf(table, 'missing'),
});

/** Slots in which a meter stood there and which ought to be known by now, of each key and cell. */
function addMissing(
  cells: Cells,
  {
    axis: { periods },
    dueQuarter,
    members,
    places,
    asked,
  }: {
    axis: Axis;
    dueQuarter: number;
    members: readonly PlacedPoint[];
    places: Places;
    asked: EnergyQuestion;
  },
): void {
  const due = periods.map(({ fromQuarter, toQuarter }) => ({
    fromQuarter,
    toQuarter: Math.max(fromQuarter, Math.min(toQuarter, dueQuarter)),
  }));
  const [first, last] = [due[0], due.at(-1)];
  if (!first || !last) return;
  /** By key, how many meters stood there all the time: most of them, who need not be looked at cell by cell. */
  const throughout = new Map<number, number>();
  for (const point of members) {
    const { key } = placeOf(point, asked);
    for (const { fromQuarter, toQuarter } of places.installations.get(point.point) ?? []) {
      if (fromQuarter <= first.fromQuarter && toQuarter >= last.toQuarter) {
        throughout.set(key, (throughout.get(key) ?? 0) + 1);
        continue;
      }
      for (const [number, period] of due.entries()) {
        const slots =
          Math.min(period.toQuarter, toQuarter) - Math.max(period.fromQuarter, fromQuarter);
        if (slots > 0) cells.addExpected(key, number, slots);
      }
    }
  }
  for (const [key, meters] of throughout) {
    for (const [number, period] of due.entries()) {
      cells.addExpected(key, number, meters * (period.toQuarter - period.fromQuarter));
    }
  }
}

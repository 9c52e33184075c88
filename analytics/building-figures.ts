/** The figures of a building's summary from those of its points. Pure. */
import type { SummaryDays } from './building-summary.ts';

/** A row of building-points.sql: Wh or litres, null where nothing is known; slots. */
export type BuildingPoint = {
  point: bigint;
  code: string;
  name: string;
  name_zh: string | null;
  role: 'unit' | 'building-main';
  floor: bigint | null;
  level: number | null;
  floor_name: string | null;
  today: bigint | null;
  yesterday: bigint | null;
  yesterday_so_far: bigint | null;
  month: bigint | null;
  month_before: bigint | null;
  estimated_today: bigint;
  missing_today: bigint;
  estimated_month: bigint;
  missing_month: bigint;
};

const TOP = 5;

type Figure = Exclude<
  {
    [K in keyof BuildingPoint]: BuildingPoint[K] extends bigint | null ? K : never;
  }[keyof BuildingPoint],
  'point' | 'floor'
>;

/** The sum of what is known; null when nothing is. Throws when it is not exact in a number. */
function sumOf(points: readonly BuildingPoint[], figure: Figure): number | null {
  let sum: bigint | null = null;
  for (const point of points) {
    const value = point[figure];
    if (value !== null) sum = (sum ?? 0n) + value;
  }
  return sum === null ? null : exact(sum);
}

function exact(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`${value} is no exact integer`);
  return number;
}

/** Figures of the building, its floors, its main meter and the units that used most. */
export function figuresOf(points: readonly BuildingPoint[], days: SummaryDays) {
  const units = points.filter(({ role }) => role === 'unit');
  const mains = points.filter(({ role }) => role === 'building-main');
  const month = sumOf(units, 'month');
  const slots = (figure: Figure) => sumOf(units, figure) ?? 0;
  return {
    points: units.length,
    today: {
      day: days.today,
      quantity: sumOf(units, 'today'),
      estimated: slots('estimated_today'),
      missing: slots('missing_today'),
    },
    yesterday: {
      day: days.yesterday,
      quantity: sumOf(units, 'yesterday'),
      toSameTime: sumOf(units, 'yesterday_so_far'),
    },
    month: {
      from: days.monthFrom,
      quantity: month,
      estimated: slots('estimated_month'),
      missing: slots('missing_month'),
    },
    monthBefore: { from: days.beforeFrom, toSameDay: sumOf(units, 'month_before') },
    main:
      mains.length === 0
        ? null
        : {
            points: mains.map(({ point, code }) => ({ id: String(point), code })),
            today: againstOf(mains, units, ['today', 'missing_today']),
            month: againstOf(mains, units, ['month', 'missing_month']),
          },
    floors: floorsOf(units),
    top: [...units]
      .filter((unit) => unit.month !== null)
      .sort((a, b) => Number((b.month ?? 0n) - (a.month ?? 0n)) || (a.code < b.code ? -1 : 1))
      .slice(0, TOP)
      .map((unit) => ({
        pointId: String(unit.point),
        code: unit.code,
        label: unit.name,
        labelZh: unit.name_zh,
        today: sumOf([unit], 'today'),
        month: sumOf([unit], 'month'),
        share: month ? exact(unit.month ?? 0n) / month : null,
      })),
  };
}

function againstOf(
  mains: readonly BuildingPoint[],
  units: readonly BuildingPoint[],
  [figure, missing]: [Figure, Figure],
) {
  const main = sumOf(mains, figure);
  const parts = sumOf(units, figure);
  const difference = main === null || parts === null ? null : main - parts;
  return {
    main,
    units: parts,
    difference,
    share: difference === null || !main ? null : difference / main,
    mainMissing: sumOf(mains, missing) ?? 0,
    unitsMissing: sumOf(units, missing) ?? 0,
  };
}

/** In order of level; what stands on no floor comes last, as the rows come. */
function floorsOf(units: readonly BuildingPoint[]) {
  const floors = new Map<string | null, BuildingPoint[]>();
  for (const unit of units) {
    const floorId = unit.floor === null ? null : String(unit.floor);
    const there = floors.get(floorId);
    if (there) there.push(unit);
    else floors.set(floorId, [unit]);
  }
  return [...floors].map(([floorId, there]) => ({
    floorId,
    level: there[0]?.level ?? null,
    name: there[0]?.floor_name ?? null,
    points: there.length,
    today: sumOf(there, 'today'),
    month: sumOf(there, 'month'),
    missingToday: sumOf(there, 'missing_today') ?? 0,
    missingMonth: sumOf(there, 'missing_month') ?? 0,
  }));
}

/** Losses: a main meter against the sum of its parts, by day or month, and when that is suspicious. */
import { z } from '@hono/zod-openapi';
import { question } from '../../sql/duckdb.ts';
import { addDays, wallMinutes } from '../../sql/local-day.ts';
import { daySchema, idSchema } from '../../sql/route.ts';
import { list } from '../columns.ts';
import { type Axis, type AxisDay, axisOf } from '../periods.ts';
import { checkPlaces, commodities } from '../places.ts';
import { checkRange, type Report, type ReportPlace } from '../report.ts';
import { dueQuarterOf, makeDays, makeTable, periodLists } from '../scope.ts';

const DAYS_MAX = { day: 400, month: 3_700, total: 3_700 } as const;

/** A baseline is the median of the days before; so many are looked at, and so few make none. */
const BASELINE_DAYS = 14;
const BASELINE_DAYS_MIN = 5;
/** Share of its quarter-hours that has to be known for a day to count there. */
const BASELINE_KNOWN_SHARE = 0.5;
/** The night, of which losses are also looked at apart, ends at this minute of the wall clock. */
const NIGHT_END_MINUTE = 5 * 60;

/** Thresholds of suspicion. Shares are of what the main measured, 0 to 1. */
export const LOSS_THRESHOLDS = {
  /** With more than this share of the quarter-hours missing nothing is judged. */
  missing_max: 0.2,
  /** Wh or litres; smaller differences are no matter. */
  quantity_min: 1_000n,
  /** The parts count more than the main: a CT or PT is wrong, or a part is under another main. */
  negative_watch: 0.005,
  negative_suspect: 0.02,
  /** Above the baseline, by both a share and a multiple of its usual spread. */
  jump_watch: 0.02,
  jump_suspect: 0.05,
  jump_spreads_watch: 3,
  jump_spreads_suspect: 6,
  /** Loss share at night above that by day, beyond what is usual there. */
  night_watch: 0.05,
  night_suspect: 0.1,
  /** Whatever it was before. */
  high_watch: 0.1,
  high_suspect: 0.2,
} as const;

const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  unit: z.enum(['day', 'month', 'total']).default('day').openapi({ description: 'A period' }),
  mainId: idSchema.optional().openapi({ description: 'The point of one main' }),
  commodity: z.enum(commodities).optional().openapi({
    description: 'Of the main when one is asked for, else electricity',
  }),
};

/** Of suspicion, as many rows as have each are told. */
const levels = ['suspect', 'watch', 'incomplete'] as const;

export const losses: Report<typeof query> = {
  name: 'losses',
  summary: 'Main meters against the sum of their parts',
  description: `Each main with what its parts do not account for. Both sides are added up over the quarter-hours in which the main and every part that has a meter are known; the others count as missing. The parts of a main are the points that name it; a unit that names none belongs to the main of its building, else of the park. The baseline is the median loss share of the ${BASELINE_DAYS} days before. Ranges: by day at most ${DAYS_MAX.day} days, else ${DAYS_MAX.total}.`,
  query,
  columns: ({ commodity }) => {
    const unit = commodity === 'water' ? 'L' : 'Wh';
    return [
      { name: 'period', type: 'text', title: 'Period' },
      { name: 'main_id', type: 'id', title: 'Main' },
      { name: 'code', type: 'text', title: 'Code' },
      { name: 'label', type: 'text', title: 'Name' },
      { name: 'label_zh', type: 'text', title: 'Name (Chinese)' },
      { name: 'role', type: 'text', title: 'Role' },
      {
        ...{ name: 'main_quantity', type: 'integer', unit, title: 'Main' },
        says: 'Where both sides are known',
      },
      {
        ...{ name: 'sub_quantity', type: 'integer', unit, title: 'Parts' },
        says: 'Where both sides are known',
      },
      {
        ...{ name: 'sub_count', type: 'integer', title: 'Number of parts' },
        says: 'Parts that had a meter, most at one time',
      },
      { name: 'difference', type: 'integer', unit, title: 'Difference' },
      { name: 'loss_share', type: 'number', title: 'Loss', says: 'Difference by main, 0 to 1' },
      {
        ...{ name: 'baseline_share', type: 'number', title: 'Usual loss' },
        says: `Median of the ${BASELINE_DAYS} days before; null with fewer than ${BASELINE_DAYS_MIN}`,
      },
      {
        ...{ name: 'missing', type: 'integer', unit: 'slot', title: 'Missing' },
        says: 'Quarter-hours in which a side is not known',
      },
      {
        ...{ name: 'estimated', type: 'integer', unit: 'slot', title: 'Estimated' },
        says: 'Of the quarter-hours that are known, those in which a meter is estimated',
      },
      {
        ...{ name: 'suspicion', type: 'text', title: 'Suspicion' },
        says: 'none, watch, suspect, incomplete',
      },
      {
        ...{ name: 'reason', type: 'text', title: 'Reason' },
        says: 'negative-loss, loss-jump, night-loss, high-loss; no-parts, nothing-known, missing; null for none',
      },
    ];
  },
  tallies: levels.map((name) => ({ name, sql: `suspicion = '${name}'` })),
  totals: (sums) => Object.fromEntries(levels.map((name) => [name, Number(sums.of(name) ?? 0n)])),
  relation: async (connection, asked, place) => {
    const { unit, mainId } = asked;
    checkRange({ from: asked.from, to: asked.to, daysMax: DAYS_MAX[unit] });
    const commodity =
      asked.commodity ??
      (await checkPlaces(place.db, place.projectId, { pointId: mainId })) ??
      'electricity';
    const { files, asOf, zone } = place;
    const axis = lossAxis(place, asked);
    const first = axis.days[0]?.fromQuarter ?? 0;
    const last = axis.days.at(-1)?.toQuarter ?? 0;
    await makeDays(connection, axis.days);
    await makeTable(connection, 'parts', 'loss-parts', {
      points: await files.dimension('points'),
      commodity,
      main: mainId ?? null,
      from_quarter: BigInt(axis.periods[0]?.fromQuarter ?? 0),
    });
    await makeTable(connection, 'segments', 'loss-segments', {
      installations: await files.dimension('installations'),
      from_quarter: BigInt(first),
      to_quarter: BigInt(last),
    });
    await makeTable(connection, 'loss_days', 'loss-days', {
      intervals: await files.days(
        'intervals',
        axis.days.map((d) => d.day),
      ),
      day_from: list(axis.days.map((d) => BigInt(d.fromQuarter))),
      night_to: list(axis.days.map((d) => BigInt(nightEnd(zone, d)))),
      due_quarter: BigInt(dueQuarterOf(zone, asOf)),
    });
    return {
      statement: await question('losses'),
      parameters: {
        points: await files.dimension('points'),
        period_labels: list(axis.periods.map((p) => p.label)),
        ...periodLists(axis.periods),
        baseline_quarters: BigInt(BASELINE_DAYS * 96),
        baseline_days: BASELINE_DAYS_MIN,
        known_share: BASELINE_KNOWN_SHARE,
        ...LOSS_THRESHOLDS,
      },
    };
  },
};

/** The days of the range with their periods, and those before that a baseline needs. */
function lossAxis(
  { zone }: Pick<ReportPlace, 'zone'>,
  { from, to, unit }: { from: string; to: string; unit: keyof typeof DAYS_MAX },
): Pick<Axis, 'periods' | 'days'> {
  const own = axisOf({ zone, from, to, unit: unit === 'total' ? 'range' : unit, against: 'none' });
  const before = axisOf({
    ...{ zone, from: addDays(from, -BASELINE_DAYS), to: from },
    ...{ unit: 'range', against: 'none' },
  } as const);
  return {
    periods: own.periods,
    days: [...before.days.map((d) => ({ ...d, period: undefined })), ...own.days],
  };
}

/** The quarter-hour at which the night of a day ends, in quarter-hours since 1970. */
function nightEnd(zone: string, { day, fromQuarter, slots }: AxisDay): number {
  const usual = 96;
  const nightSlots =
    slots.length === usual
      ? NIGHT_END_MINUTE / 15
      : wallMinutes(zone, day).findIndex((minute) => minute >= NIGHT_END_MINUTE);
  return fromQuarter + nightSlots;
}

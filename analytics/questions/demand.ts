/** Demand peaks: the highest quarter-hour power of each key in each month or day, and when it was. */
import { z } from '@hono/zod-openapi';
import { question } from '../../sql/duckdb.ts';
import { daySchema } from '../../sql/route.ts';
import { list } from '../columns.ts';
import { checkPower } from '../load.ts';
import { axisOf } from '../periods.ts';
import { placesQuery } from '../places.ts';
import { checkRange, type Report } from '../report.ts';
import { openScope, periodLists } from '../scope.ts';

const DAYS_MAX = { month: 3_700, day: 400 } as const;

const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  by: z.enum(['project', 'building', 'floor', 'account', 'point']).default('project'),
  per: z.enum(['month', 'day']).default('month').openapi({ description: 'Length of a period' }),
  ...placesQuery,
};

export const demand: Report<typeof query> = {
  name: 'demand',
  summary: 'Highest power of each month or day',
  description: `The highest quarter-hour average power (a fixed window of 15 minutes) that the points of a key had together, and the first quarter-hour with it. What is missing of a point is not in the sum and is counted. Ranges: ${Object.entries(
    DAYS_MAX,
  )
    .map(([per, days]) => `by ${per} at most ${days} days`)
    .join(', ')}.`,
  query,
  columns: () => [
    { name: 'period', type: 'text', title: 'Period' },
    { name: 'key', type: 'id', title: 'Key' },
    { name: 'code', type: 'text', title: 'Code' },
    { name: 'label', type: 'text', title: 'Name' },
    { name: 'label_zh', type: 'text', title: 'Name (Chinese)' },
    { name: 'demand_w', type: 'integer', unit: 'W', title: 'Demand' },
    {
      ...{ name: 'at', type: 'instant', title: 'At' },
      says: 'Start of the first quarter-hour with it',
    },
    { name: 'quantity', type: 'integer', unit: 'Wh', title: 'Energy', sum: true },
    {
      ...{ name: 'load_factor', type: 'number', title: 'Load factor' },
      says: 'Average power over what is known, by the demand: 0 to 1',
    },
    {
      ...{ name: 'slots', type: 'integer', unit: 'slot', title: 'Known' },
      says: 'Quarter-hours of which something is known',
    },
    {
      ...{ name: 'missing', type: 'integer', unit: 'slot', title: 'Missing', sum: true },
      says: 'Quarter-hours of points',
    },
  ],
  relation: async (connection, asked, place) => {
    const { from, to, by, per } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX[per] });
    await checkPower(place, asked);
    const axis = axisOf({ zone: place.zone, from, to, unit: per, against: 'none' });
    const scope = await openScope(connection, {
      ...{ axis, zone: place.zone, by, asked, answered: place },
      commodity: 'electricity',
    });
    return {
      statement: await question('demand'),
      parameters: {
        intervals: await place.files.days('intervals', scope.days),
        by_point: by === 'point',
        period_labels: list(axis.periods.map((p) => p.label)),
        ...periodLists(axis.periods),
        due_quarter: BigInt(scope.dueQuarter),
      },
    };
  },
};

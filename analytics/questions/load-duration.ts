/** The load-duration curve: what power was reached during which share of the time. */
import { question } from '../../sql/duckdb.ts';
import { daySchema } from '../../sql/route.ts';
import { dayAxis, loadQuery, loadTotals, openLoad } from '../load.ts';
import { checkRange, type Report } from '../report.ts';

const DAYS_MAX = 3_700;

const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  ...loadQuery,
};

export const loadDuration: Report<typeof query> = {
  name: 'load-duration',
  summary: 'Power by the share of time in which it was reached',
  description: `Quarter-hour average power of the project, or of the places asked for, by the share of the known time in which it was reached. Totals also say how much is estimated and missing. At most ${DAYS_MAX} days.`,
  query,
  columns: () => [
    { name: 'share', type: 'number', title: 'Share of time', says: '0 to 1' },
    { name: 'hours', type: 'number', unit: 'h', title: 'Hours' },
    {
      ...{ name: 'power_w', type: 'number', unit: 'W', title: 'Power' },
      says: 'Highest quarter-hour average that was reached at least that share of the time',
    },
  ],
  relation: async (connection, asked, place) => {
    checkRange({ ...asked, daysMax: DAYS_MAX });
    const scope = await openLoad(connection, asked, { axis: dayAxis(place.zone, asked), place });
    return {
      statement: await question('load-duration'),
      parameters: {},
      totals: await loadTotals(connection, scope),
    };
  },
};

/** The load profile: how power runs through time, by minute, quarter-hour, hour or day. */
import { z } from '@hono/zod-openapi';
import { type DuckDBConnection, question } from '../../sql/duckdb.ts';
import { dayStart, isLocalDay } from '../../sql/local-day.ts';
import { Problem } from '../../sql/problem.ts';
import { daySchema, instantSchema } from '../../sql/route.ts';
import type { Answered } from '../ask.ts';
import { list } from '../columns.ts';
import { refuseKnown } from '../known.ts';
import { loadQuery, loadTotals, openLoad } from '../load.ts';
import { minuteRelation } from '../minutes.ts';
import { axisOf } from '../periods.ts';
import { rangeOf } from '../range.ts';
import { checkRange, type Relation, type Report, type ReportPlace } from '../report.ts';

const steps = ['minute', 'quarter', 'hour', 'day'] as const;
type Step = Exclude<(typeof steps)[number], 'minute'>;

/** Longest range by step, in local days. */
const DAYS_MAX = { quarter: 100, hour: 400, day: 3_700 } as const satisfies Record<Step, number>;

const query = {
  from: z.union([daySchema, instantSchema]).openapi({
    description: 'A local day, or an instant; on a quarter-hour unless by minute',
  }),
  to: z.union([daySchema, instantSchema]).openapi({
    description: 'Exclusive; an instant on a quarter-hour, or the current minute',
  }),
  step: z.enum(steps).default('quarter').openapi({ description: 'Length of a row' }),
  ...loadQuery,
};

export const loadProfile: Report<typeof query> = {
  name: 'load-profile',
  summary: 'Power through time',
  description: `Average, lowest and highest power and the energy of the project, or of the places asked for, by step. Every step of the range has a row; what is not known is null, and of several points the sum is of those that are known: \`missing\` counts the others. Today comes up to the newest sample: the current quarter-hour has what flowed in it so far, and is in no total of power. Ranges: by minute one point for two days, ${Object.entries(
    DAYS_MAX,
  )
    .map(([step, days]) => `by ${step} at most ${days} days`)
    .join(', ')}.`,
  query,
  columns: () => [
    { name: 'starts_at', type: 'instant', title: 'Time' },
    {
      ...{ name: 'average_power_w', type: 'number', unit: 'W', title: 'Average power' },
      says: 'Over what is known of the step',
    },
    {
      ...{ name: 'min_power_w', type: 'number', unit: 'W', title: 'Lowest power' },
      says: 'Lowest quarter-hour average of the step; by minute the lowest sample',
    },
    {
      ...{ name: 'max_power_w', type: 'number', unit: 'W', title: 'Highest power' },
      says: 'Highest quarter-hour average of the step; by minute the highest sample',
    },
    { name: 'quantity', type: 'integer', unit: 'Wh', title: 'Energy', sum: true },
    { name: 'measured', type: 'integer', unit: 'slot', title: 'Measured', sum: true },
    { name: 'estimated', type: 'integer', unit: 'slot', title: 'Estimated', sum: true },
    { name: 'missing', type: 'integer', unit: 'slot', title: 'Missing', sum: true },
  ],
  relation: async (connection, asked, place) => {
    const { step, from, to } = asked;
    if (step === 'minute') {
      refuseKnown(
        place.cut,
        'By minute power is read from samples, which do not say when they came.',
      );
    }
    if (step === 'minute') return byMinute(connection, asked, place);
    const range = rangeOf({ from, to }, place);
    checkRange({ ...range, daysMax: DAYS_MAX[step] });
    const axis = axisOf({ zone: place.zone, ...range, unit: step, against: 'none' });
    const scope = await openLoad(connection, asked, { axis, place });
    const spans = axis.periods;
    // What rows count is summed from them.
    const {
      quantity: _q,
      estimated: _e,
      missing: _m,
      ...totals
    } = await loadTotals(connection, scope);
    return {
      statement: await question('load-profile'),
      parameters: {
        step_from: list(spans.map((s) => BigInt(s.fromQuarter))),
        step_to: list(spans.map((s) => BigInt(s.toQuarter))),
        due_quarter: BigInt(scope.dueQuarter),
      },
      totals,
    };
  },
};

function byMinute(
  connection: DuckDBConnection,
  { from, to, pointId }: { from: string; to: string; pointId?: string },
  place: ReportPlace & Answered,
): Promise<Relation> {
  if (!pointId) throw wrong('pointId', 'by minute there is one point at a time');
  const msOf = (at: string) => (isLocalDay(at) ? dayStart(place.zone, at) : Date.parse(at));
  const [fromMs, toMs] = [msOf(from), msOf(to)];
  if (fromMs >= toMs) throw wrong('to', 'must be later than from');
  return minuteRelation(connection, { pointId, fromMs, toMs }, place);
}

const wrong = (name: string, message: string) =>
  new Problem('invalid-request', `query/${name}: ${message}`, {
    faults: [{ at: `query/${name}`, message }],
  });

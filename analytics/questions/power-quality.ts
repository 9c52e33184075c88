/** Power quality: voltage, current, balance and power factor of each point, by day or over a range. */
import { z } from '@hono/zod-openapi';
import { question } from '../../sql/duckdb.ts';
import { daySchema } from '../../sql/route.ts';
import { checkPower, dayAxis } from '../load.ts';
import { placesQuery, pointRoles } from '../places.ts';
import { checkRange, type Report } from '../report.ts';
import { openScope } from '../scope.ts';

const DAYS_MAX = { day: 400, point: 3_700 } as const;
/**
 * What the warehouse counts samples against (warehouse-electrical-days.sql), before PT: 220 V
 * -10 % +7 % as GB/T 12325 says, and the power factor below which it is low under load.
 */
const LIMITS = { voltageLowV: 198, voltageHighV: 235.4, factorLow: 0.9 } as const;

const { role: _role, accountId: _account, ...places } = placesQuery;
const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  by: z.enum(['day', 'point']).default('day').openapi({
    description: 'day: a row for each point and day; point: one for the range',
  }),
  role: z.enum(pointRoles).optional().openapi({ description: 'Unset: mains too' }),
  ...places,
};

export const powerQuality: Report<typeof query> = {
  name: 'power-quality',
  summary: 'Voltage, current, balance and power factor',
  description: `From every good sample of each point's meters, after CT and PT. A day on which a meter was installed and nothing is known of it has no samples and no figures. Voltage is out of limits below ${LIMITS.voltageLowV} V or above ${LIMITS.voltageHighV} V at the meter (GB/T 12325: 220 V -10 % +7 %). Ranges: by day at most ${DAYS_MAX.day} days, by point ${DAYS_MAX.point}.`,
  unknownThen: 'Voltage, current and power are of samples, which do not say when they came.',
  query,
  columns: () => [
    { name: 'point_id', type: 'id', title: 'Point' },
    { name: 'code', type: 'text', title: 'Code' },
    { name: 'label', type: 'text', title: 'Name' },
    { name: 'label_zh', type: 'text', title: 'Name (Chinese)' },
    { name: 'day', type: 'day', title: 'Day', says: 'null: the range' },
    { name: 'samples', type: 'integer', title: 'Samples', sum: true },
    { name: 'voltage_min_v', type: 'number', unit: 'V', title: 'Lowest voltage' },
    { name: 'voltage_max_v', type: 'number', unit: 'V', title: 'Highest voltage' },
    { name: 'voltage_avg_v', type: 'number', unit: 'V', title: 'Average voltage' },
    { name: 'voltage_low', type: 'integer', title: 'Samples too low', sum: true },
    { name: 'voltage_high', type: 'integer', title: 'Samples too high', sum: true },
    {
      ...{ name: 'voltage_out_share', type: 'number', title: 'Out of limits' },
      says: 'Of the samples with a voltage, 0 to 1',
    },
    { name: 'current_max_a', type: 'number', unit: 'A', title: 'Highest current' },
    {
      ...{ name: 'unbalance_max_pct', type: 'number', unit: '%', title: 'Unbalance' },
      says: 'Largest distance of a phase from the mean of the three currents',
    },
    { name: 'power_max_w', type: 'number', unit: 'W', title: 'Highest power' },
    { name: 'power_max_at', type: 'instant', title: 'At' },
    {
      ...{ name: 'factor_avg', type: 'number', title: 'Power factor' },
      says: 'Of samples with more than 100 W at the meter',
    },
    { name: 'factor_min', type: 'number', title: 'Lowest power factor' },
    {
      ...{ name: 'factor_low_share', type: 'number', title: 'Low power factor' },
      says: `Share of these samples below ${LIMITS.factorLow}`,
    },
  ],
  beside: {
    limits: z.object({
      voltageLowV: z.number(),
      voltageHighV: z.number(),
      factorLow: z.number(),
    }),
    samplesAsOf: z.string().openapi({
      description:
        'When what is made from samples was last known to be current; may be before asOf',
    }),
  },
  relation: async (connection, asked, place) => {
    const { from, to, by, role } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX[by] });
    await checkPower(place, asked);
    const { days } = await openScope(connection, {
      ...{ axis: dayAxis(place.zone, { from, to }), zone: place.zone, asked, answered: place },
      by: 'point',
      role: role ?? null,
      commodity: 'electricity',
    });
    return {
      statement: await question('power-quality'),
      parameters: {
        electrical_days: await place.files.days('electrical_days', days),
        installations: await place.files.dimension('installations'),
        by_day: by === 'day',
      },
      beside: {
        limits: LIMITS,
        samplesAsOf: place.files.asOf('electrical_days').toISOString(),
      },
    };
  },
};

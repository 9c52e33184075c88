/** Who used most: points in order of their energy, with their share of the whole. */
import { z } from '@hono/zod-openapi';
import { question } from '../../sql/duckdb.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { daySchema } from '../../sql/route.ts';
import { list } from '../columns.ts';
import { checkRange, type Report } from '../report.ts';

const DAYS_MAX = 3_700;

const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  commodity: z.enum(['electricity', 'water']).default('electricity'),
  order: z.enum(['most', 'least']).default('most'),
  top: z.coerce.number().int().min(1).max(10_000).default(50),
};

export const ranking: Report<typeof query> = {
  name: 'ranking',
  summary: 'Who used most or least',
  description: 'Units in order of their energy, with their share of the energy of all units.',
  query,
  columns: ({ commodity }) => {
    const unit = commodity === 'water' ? 'L' : 'Wh';
    return [
      { name: 'rank', type: 'integer', title: 'Rank' },
      { name: 'key', type: 'id', title: 'Point' },
      { name: 'code', type: 'text', title: 'Code' },
      { name: 'label', type: 'text', title: 'Name' },
      { name: 'label_zh', type: 'text', title: 'Name (Chinese)' },
      { name: 'quantity', type: 'integer', unit, title: 'Energy', sum: true },
      { name: 'share', type: 'number', title: 'Share' },
      { name: 'cumulative_share', type: 'number', title: 'Share so far' },
      { name: 'estimated_quantity', type: 'integer', unit, title: 'Estimated', sum: true },
      { name: 'measured', type: 'integer', unit: 'slot', title: 'Measured', sum: true },
      { name: 'estimated', type: 'integer', unit: 'slot', title: 'Estimated slots', sum: true },
      { name: 'missing', type: 'integer', unit: 'slot', title: 'Missing', sum: true },
    ];
  },
  relation: async (_connection, { from, to, commodity, order, top }, { files }) => {
    checkRange({ from, to, daysMax: DAYS_MAX });
    const days = daysBetween(from, to);
    return {
      statement: await question('ranking'),
      parameters: {
        energy_days: files.days('energy_days', days),
        points: files.dimension('points'),
        days: list(days),
        commodity,
        top,
        descending: order === 'most',
      },
    };
  },
};

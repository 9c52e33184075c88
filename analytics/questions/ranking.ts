/** Who used most: points, accounts or buildings in order of their energy, beside the range before. */
import { z } from '@hono/zod-openapi';
import { question, rowsOf } from '../../sql/duckdb.ts';
import { daySchema } from '../../sql/route.ts';
import { axisOf, comparisons } from '../periods.ts';
import { checkPlaces, commodities, placesQuery } from '../places.ts';
import { checkRange, type Report } from '../report.ts';
import { makeTable } from '../scope.ts';
import { prepareEnergy } from './energy.ts';

const DAYS_MAX = 3_700;

const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  by: z.enum(['point', 'account', 'floor', 'building']).default('point'),
  order: z.enum(['most', 'least']).default('most'),
  top: z.coerce.number().int().min(1).max(10_000).default(50),
  against: z.enum(comparisons).default('previous').openapi({
    description: 'What `previous` is, as in the energy report',
  }),
  commodity: z.enum(commodities).optional().openapi({
    description: 'Of the point when one is asked for, else electricity',
  }),
  ...placesQuery,
};

export const ranking: Report<typeof query> = {
  name: 'ranking',
  summary: 'Who used most or least',
  description:
    'Points, accounts, floors or buildings in order of their energy, with their share of the energy of all and their place in the range before. Those of which nothing is known come last. Totals are of all, also of those past `top`.',
  query,
  columns: ({ commodity }) => {
    const unit = commodity === 'water' ? 'L' : 'Wh';
    return [
      { name: 'rank', type: 'integer', title: 'Rank' },
      { name: 'key', type: 'id', title: 'Key' },
      { name: 'code', type: 'text', title: 'Code' },
      { name: 'label', type: 'text', title: 'Name' },
      { name: 'label_zh', type: 'text', title: 'Name (Chinese)' },
      { name: 'quantity', type: 'integer', unit, title: 'Energy', sum: true },
      { name: 'share', type: 'number', title: 'Share', says: 'Of the energy of all, 0 to 1' },
      { name: 'cumulative_share', type: 'number', title: 'Share so far' },
      { name: 'previous', type: 'integer', unit, title: 'Before', sum: true },
      { name: 'previous_rank', type: 'integer', title: 'Rank before' },
      { name: 'estimated_quantity', type: 'integer', unit, title: 'Estimated', sum: true },
      { name: 'measured', type: 'integer', unit: 'slot', title: 'Measured', sum: true },
      { name: 'estimated', type: 'integer', unit: 'slot', title: 'Estimated slots', sum: true },
      { name: 'missing', type: 'integer', unit: 'slot', title: 'Missing', sum: true },
    ];
  },
  beside: {
    comparison: z
      .object({ kind: z.enum(['days', 'months', 'years']), from: z.string(), to: z.string() })
      .nullable(),
  },
  relation: async (connection, asked, { db, projectId, zone, asOf, files }) => {
    const { from, to, by, against, order, top } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX });
    const ofPoint = await checkPlaces(db, projectId, asked);
    const axis = axisOf({ zone, from, to, against, unit: 'range' });
    const { parametersOf, keyParameters } = await prepareEnergy(connection, {
      ...{ axis, files, zone, asOf },
      asked: {
        ...{ from, to, by, against },
        commodity: asked.commodity ?? ofPoint ?? 'electricity',
        role: asked.role ?? null,
        buildingId: asked.buildingId ?? null,
        floorId: asked.floorId ?? null,
        accountId: asked.accountId ?? null,
        pointId: asked.pointId ?? null,
      },
    });
    await makeTable(connection, 'energy_cells', 'energy', await parametersOf(axis));
    await makeTable(connection, 'energy_keys', 'energy-keys', keyParameters);
    const [all] = await rowsOf<Record<string, bigint | null>>(
      connection,
      await question('ranking-totals'),
    );
    return {
      statement: await question('ranking'),
      parameters: { top, descending: order === 'most' },
      beside: { comparison: axis.comparison },
      totals: Object.fromEntries(
        Object.entries(all ?? {}).map(([name, value]) => [
          name,
          value === null ? null : Number(value),
        ]),
      ),
    };
  },
};

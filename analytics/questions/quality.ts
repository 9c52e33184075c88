/** Data quality: what of each point and day is measured, estimated and missing, and the longest gap. */
import { z } from '@hono/zod-openapi';
import { and, eq, gte, lt } from 'drizzle-orm';
import { question } from '../../sql/duckdb.ts';
import { SLOT_MS } from '../../sql/local-day.ts';
import { Problem } from '../../sql/problem.ts';
import { daySchema } from '../../sql/route.ts';
import { quarantines } from '../../sql/schema/index.ts';
import type { Answered } from '../ask.ts';
import { list } from '../columns.ts';
import { dayAxis } from '../load.ts';
import { checkPlaces, commodities, placesQuery, pointRoles } from '../places.ts';
import { checkRange, type Report, type ReportPlace } from '../report.ts';
import { openScope, type Scope } from '../scope.ts';

const DAYS_MAX = 400;
/** Quarantines of a range that are counted; more are a matter of their own. */
const QUARANTINES_MAX = 100_000;

const { role: _role, accountId: _account, ...places } = placesQuery;
const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  only: z.enum(['all', 'incomplete']).default('all').openapi({
    description: 'incomplete: days of a point of which something is estimated or missing',
  }),
  commodity: z.enum(commodities).optional().openapi({
    description: 'Of the point when one is asked for, else electricity',
  }),
  role: z.enum(pointRoles).optional().openapi({ description: 'Unset: mains too' }),
  ...places,
};

export const quality: Report<typeof query> = {
  name: 'quality',
  summary: 'Data quality of each point and day',
  description: `Quarter-hours measured, estimated and missing of each point and local day, also of days without any interval on which a meter was installed. A day is due half an hour after its end; of today there is what has been built. At most ${DAYS_MAX} days.`,
  query,
  columns: () => [
    { name: 'day', type: 'day', title: 'Day' },
    { name: 'point_id', type: 'id', title: 'Point' },
    { name: 'code', type: 'text', title: 'Code' },
    { name: 'label', type: 'text', title: 'Name' },
    { name: 'label_zh', type: 'text', title: 'Name (Chinese)' },
    { name: 'building_id', type: 'id', title: 'Building' },
    { name: 'measured', type: 'integer', unit: 'slot', title: 'Measured', sum: true },
    { name: 'estimated', type: 'integer', unit: 'slot', title: 'Estimated', sum: true },
    { name: 'missing', type: 'integer', unit: 'slot', title: 'Missing', sum: true },
    { name: 'expected', type: 'integer', unit: 'slot', title: 'Expected', sum: true },
    {
      ...{ name: 'longest_gap_s', type: 'integer', unit: 's', title: 'Longest gap' },
      says: 'Longest time between two readings; where nothing is known, the quarter-hours in a row',
    },
    {
      ...{ name: 'quarantines', type: 'integer', title: 'Quarantines', sum: true },
      says: 'Readings that history contradicts, decided or not',
    },
  ],
  totals: (sums) => {
    const expected = Number(sums.of('expected') ?? 0n);
    return {
      completeness: expected === 0 ? null : Number(sums.of('measured') ?? 0n) / expected,
    };
  },
  relation: async (connection, asked, place) => {
    const { from, to, only, role } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX });
    const ofPoint = await checkPlaces(place.db, place.projectId, asked);
    const scope = await openScope(connection, {
      ...{ axis: dayAxis(place.zone, { from, to }), zone: place.zone, asked, answered: place },
      by: 'point',
      role: role ?? null,
      commodity: asked.commodity ?? ofPoint ?? 'electricity',
    });
    const found = await quarantinesOf(place, scope);
    return {
      statement: await question('quality'),
      parameters: {
        energy_days: await place.files.days('energy_days', scope.days),
        intervals: await place.files.days('intervals', scope.days),
        only_incomplete: only === 'incomplete',
        quarantine_points: list(found.map((q) => BigInt(q.pointId))),
        quarantine_quarters: list(found.map((q) => BigInt(Math.floor(q.at.getTime() / SLOT_MS)))),
        due_quarter: BigInt(scope.dueQuarter),
      },
    };
  },
};

async function quarantinesOf(
  { db, projectId, cut }: ReportPlace & Answered,
  { fromQuarter, toQuarter }: Scope,
) {
  const found = await db
    .select({ pointId: quarantines.pointId, at: quarantines.at })
    .from(quarantines)
    .where(
      and(
        eq(quarantines.projectId, projectId),
        gte(quarantines.at, new Date(fromQuarter * SLOT_MS)),
        lt(quarantines.at, new Date(toQuarter * SLOT_MS)),
        cut && lt(quarantines.id, cut.last),
      ),
    )
    .limit(QUARANTINES_MAX + 1);
  if (found.length > QUARANTINES_MAX) {
    throw new Problem('range-too-long', `There are more than ${QUARANTINES_MAX} quarantines.`);
  }
  return found;
}

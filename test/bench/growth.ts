/**
 * How settlement and the year's report grow with the park: the same day, and the same year by month ×
 * rank, of 1,000, 10,000 and 100,000 points.
 */
import { settleDue } from '../../billing/settle.ts';
import { openDuckdb } from '../../sql/duckdb.ts';
import type { BenchContext, Part, Row } from './part.ts';
import { compare, yearByMonth } from './reports/compare.ts';
import { FROM, filesOfYear, makeWarehouse, TO, ZONE } from './reports/warehouse.ts';
import { cloneOf, DAY, makePark } from './settlement/park.ts';
import { startWeb } from './web.ts';

export const growth: Part = {
  name: 'growth',
  says: 'a day settled and a year reported in parks of growing size',
  run: async (context) => [...(await settlements(context)), ...(await years(context))],
};

async function settlements({ quick, scratch, databases, say }: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const points of quick ? [60, 600] : [1_000, 10_000, 100_000]) {
    say(`${points} points`);
    const clone = await cloneOf(await makePark(await databases(), points), scratch);
    try {
      clone.after(DAY);
      const spent = await clone.spend(async () => {
        const settled = await settleDue(clone.deps, clone.project);
        if (settled.outcome !== 'settled' || settled.headers !== points) {
          throw new Error(`settled ${JSON.stringify(settled)} instead of ${points} headers`);
        }
      });
      rows.push({
        what: `settlement of ${points} points`,
        unit: 's',
        ours: spent.wallS,
        note: `${((spent.cpuS / points) * 1e6).toFixed(0)} µs CPU a point, all processes`,
      });
    } finally {
      await clone.close();
    }
  }
  return rows;
}

/** Only the roll-up of the year lies behind it: the quarter-hours are not asked. */
async function years(context: BenchContext): Promise<Row[]> {
  const { quick, rounds, say, kept } = context;
  const sizes = (quick ? [10, 100] : [1_000, 10_000, 100_000]).map((points, i) => ({
    projectId: String(920_001 + i),
    points,
    intervals: false,
  }));
  const name = `growth-${sizes.map(({ points }) => points).join('-')}-1`;
  const warehouse = await kept(name, async (dir) => {
    for (const size of sizes) await makeWarehouse(dir, size, say);
  });
  const projectIds = sizes.map(({ projectId }) => projectId);
  const web = await startWeb(context, { warehouse, projectIds, zone: ZONE });
  const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
  const connection = await duckdb.connect();
  try {
    const rows: Row[] = [];
    for (const { projectId, points } of sizes) {
      const compared = await compare({
        ...{ web, connection, say },
        what: `year of ${points} points, month × rank`,
        times: quick ? 3 : 3 * rounds,
        path: `/projects/${projectId}/reports/energy?from=${FROM}&to=${TO}&unit=month&by=project`,
        bare: yearByMonth(filesOfYear(warehouse, 'energy_days', projectId)),
      });
      rows.push(...compared);
    }
    return rows;
  } finally {
    connection.closeSync();
    duckdb.close();
    await web.stop();
  }
}

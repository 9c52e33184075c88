/** How settlement grows with the park: the same day of 1,000, 10,000 and 100,000 points. */
import { settleDue } from '../../billing/settle.ts';
import type { BenchContext, Part, Row } from './part.ts';
import { cloneOf, makePark } from './settlement/park.ts';

export const growth: Part = {
  name: 'growth',
  says: 'a day settled in parks of growing size',
  run: measure,
};

async function measure({ quick, scratch, databases, say }: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const points of quick ? [60, 600] : [1_000, 10_000, 100_000]) {
    say(`${points} points`);
    const clone = await cloneOf(await makePark(await databases(), points), scratch);
    try {
      clone.after('first');
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

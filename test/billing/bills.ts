/** What stands posted, in the words of the recomputation: `point/code/rank/step` → amount (tax). */
import { formatMinor } from '../../sql/money.ts';
import type { Park } from './park.ts';

/** The posted totals of an account's month; points by their ordinal in the park. */
export async function postedBill(
  park: Park,
  { account, month }: { account: string; month: string },
): Promise<Map<string, string>> {
  const rows = await park.rows(
    `SELECT scope_id, component, period, step, sum(posted_minor)::text AS posted,
       sum(tax_minor)::text AS tax
     FROM posted_totals WHERE project_id = $1 AND account_id = $2 AND month = $3::date
     GROUP BY 1, 2, 3, 4 HAVING sum(exact) <> 0`,
    [park.project.id, account, `${month}-01`],
  );
  const minor = (text: unknown) => formatMinor(BigInt(String(text)), park.project.currency);
  return new Map(
    rows.map((row) => {
      const scope = String(row.scope_id);
      const name = scope === account ? 'account' : `p${park.points.indexOf(scope)}`;
      return [
        `${name}/${row.component}/${row.period}/${row.step}`,
        `${minor(row.posted)} (${minor(row.tax)})`,
      ];
    }),
  );
}

/** In one order, to be compared. */
export const sorted = (bill: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...bill].sort(([a], [b]) => (a < b ? -1 : 1)));

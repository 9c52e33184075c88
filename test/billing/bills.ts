/** What stands posted, in the words of the recomputation: `point/code/rank/step` → amount (tax). */
import { formatMinor } from '../../sql/money.ts';
import type { Park } from './park.ts';

/** The posted totals of an account's month; points by their ordinal in the park. */
export async function postedBill(
  park: Park,
  { account, month }: { account: string; month: string },
): Promise<Map<string, string>> {
  return (await postedBills(park, month)).get(account) ?? new Map();
}

/** Those of all accounts in a month. */
export async function postedBills(
  park: Park,
  month: string,
): Promise<Map<string, Map<string, string>>> {
  const rows = await park.rows(
    `SELECT account_id, scope_id, component, period, step, sum(posted_minor)::text AS posted,
       sum(tax_minor)::text AS tax
     FROM posted_totals WHERE project_id = $1 AND month = $2::date
     GROUP BY 1, 2, 3, 4, 5 HAVING sum(exact) <> 0`,
    [park.project.id, `${month}-01`],
  );
  const minor = (text: unknown) => formatMinor(BigInt(String(text)), park.project.currency);
  const ordinals = new Map(park.points.map((point, i) => [point, `p${i}`]));
  const bills = new Map<string, Map<string, string>>();
  for (const row of rows) {
    const account = String(row.account_id);
    const bill = bills.get(account) ?? new Map<string, string>();
    bills.set(account, bill);
    const name = ordinals.get(String(row.scope_id)) ?? 'account';
    const key = `${name}/${row.component}/${row.period}/${row.step}`;
    bill.set(key, `${minor(row.posted)} (${minor(row.tax)})`);
  }
  return bills;
}

/** In one order, to be compared. */
export const sorted = (bill: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...bill].sort(([a], [b]) => (a < b ? -1 : 1)));

/** The state that an account is shown in, by its live balance and its thresholds. Pure. */
import type { Account, Money, PointState } from '../../api.ts';
import { isNegative } from '../../format.ts';

/** What the alarms of accounts are where they have none of their own. */
export interface Thresholds {
  alarm1: Money | null;
  alarm2: Money | null;
}

export const thresholdsOf = (
  account: Pick<Account, 'alarm1' | 'alarm2'> | undefined,
  defaults: Partial<Thresholds> | undefined,
): Thresholds => ({
  alarm1: account?.alarm1 ?? defaults?.alarm1 ?? null,
  alarm2: account?.alarm2 ?? defaults?.alarm2 ?? null,
});

export function accountState(account: Account, defaults?: Partial<Thresholds>): PointState {
  if (account.closedOn || !account.points.length) return 'notOpened';
  const live = account.balance?.live.amount;
  if (live === undefined) return 'opened';
  if (isNegative(live)) return 'arrears';
  const { alarm1, alarm2 } = thresholdsOf(account, defaults);
  // A threshold that is reached is passed. Compared, not added: a float
  // is exact enough to order two amounts of cents.
  if (alarm2 && Number(live) <= Number(alarm2.amount)) return 'alarm2';
  if (alarm1 && Number(live) <= Number(alarm1.amount)) return 'alarm1';
  return 'opened';
}

/** How money comes and goes, and where in the books it then is. */
import type { Drawer } from './cash.ts';
import type { Leg } from './ledger.ts';

export const channels = ['cash', 'transfer', 'online'] as const;
export type Channel = (typeof channels)[number];

/** Where money of a channel is: in the drawer, in the bank, or with the provider. Cash needs its drawer. */
export function placeOf(channel: Channel, drawer: Drawer | null): Omit<Leg, 'amountMinor'> {
  switch (channel) {
    case 'cash':
      if (drawer === null) throw new Error('cash needs a drawer');
      return { code: 'cash', detail: drawer.detail, accountId: null };
    case 'transfer':
      return { code: 'bank', accountId: null };
    case 'online':
      return { code: 'online-clearing', accountId: null };
  }
}

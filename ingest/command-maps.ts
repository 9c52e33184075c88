/** Where each family keeps what commands change (meters.md 1.2–1.5): addresses and words, as data. */
import type { MeterModel, Read } from './models.ts';

export interface CommandMap {
  /** Registers that name the device: twelve BCD digits. */
  readonly number?: Read;
  /** Forced control and its state, one word each. */
  readonly force?: Read;
  /** Status word A, and its bits of closed relays. */
  readonly status?: Read & { readonly relays: number };
  /** Alarms 1 and 2, overdraft, 32 bit each. */
  readonly thresholds?: Read;
  readonly prices?: Read;
  readonly overload?: Read;
  /** Remaining amount (32 bit), purchase counter. */
  readonly money?: Read;
  readonly clock?: Read;
  readonly seasons?: Read;
  /** Two day plans of 21 words each. */
  readonly dayPlans?: readonly [Read, Read];
  /** Bit 0: open. */
  readonly valve?: Read;
}

/** Starts of function 20H. */
export const MASKED = { money: 0x0200, clock: 0x0354, load: 0x0400 } as const;

const prepaid = {
  number: { address: 0x0043, words: 3 },
  force: { address: 0x0057, words: 2 },
  thresholds: { address: 0x0046, words: 6 },
  prices: { address: 0x0059, words: 8 },
  overload: { address: 0x0061, words: 1 },
  money: { address: 0x021f, words: 3 },
  clock: { address: 0x0228, words: 4 },
} as const satisfies CommandMap;

const maps: Record<string, CommandMap> = {
  // The two swap the meaning of 2000H.
  DDSY1352: {
    ...prepaid,
    status: { address: 0x0224, words: 1, relays: 0x2000 },
    seasons: { address: 0x2000, words: 6 },
    dayPlans: [
      { address: 0x2006, words: 21 },
      { address: 0x201b, words: 21 },
    ],
  },
  DTSY1352: {
    ...prepaid,
    status: { address: 0x0224, words: 1, relays: 0xe000 },
    seasons: { address: 0x0028, words: 6 },
    dayPlans: [
      { address: 0x2000, words: 21 },
      { address: 0x2015, words: 21 },
    ],
  },
  WATER: { valve: { address: 0x0002, words: 1 } },
};

/** The map of a model; nothing in it where it takes no commands. */
export const commandMapOf = ({ name }: MeterModel): CommandMap =>
  maps[name.replace(/-SIM$/, '')] ?? {};

/**
 * By which register each meter model is billed: forward active energy where the meter has one, the
 * combined register where it has not, volume for water. A `-SIM` twin is billed like its model.
 */
import type { ChannelName } from './channels.ts';

export const billingRegisters = {
  DDSY1352: 'active_wh',
  DTSY1352: 'active_wh',
  DTSD1352: 'forward_wh',
  ADL3000: 'forward_wh',
  WATER: 'volume_l',
} as const satisfies Record<string, ChannelName>;

/** Base units after which a register of a commodity begins again at 0, where its installation says nothing else. */
export const registerSpans = { electricity: 2n ** 32n * 10n, water: 2n ** 32n } as const;

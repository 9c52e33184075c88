/**
 * The generic water meter's map, ours until a vendor's is at hand: UINT32 litres at 0000H, valve at 0002H
 * (bit 0: 1 open, 0 closed).
 */
import { type Device, isSupplied, quantitiesAt } from './device.ts';
import type { Block } from './meter.ts';
import { putUint16, putUint32 } from './words.ts';

export const water: Block[] = [
  {
    address: 0x0000,
    words: 3,
    fill(device: Device, at: number, words: Uint16Array) {
      putUint32(words, 0, Math.floor(quantitiesAt(device, at)[0] ?? 0) % 100_000_000);
      putUint16(words, 2, isSupplied(device, at) ? 1 : 0);
    },
  },
];

/**
 * Words → channels. Integers stay exact, scales are divisions by powers of ten, a register that was
 * not read or a clock that cannot be is left out, and the row says of itself whether it can be true.
 */
import type { ChannelValues } from '../sql/channels.ts';
import type { ClockByte, MeterModel, Register } from './models.ts';
import { instantOf } from './zone-offset.ts';

/** Registers as read: the words from `address` on. */
export interface Block {
  readonly address: number;
  readonly words: Uint16Array;
}

/** `ok`, or the first rule that one reading alone breaks. */
export type Quality = 'ok' | `implausible:${string}`;

export interface Decoded {
  channels: ChannelValues;
  /** Epoch ms shown by the meter's own clock; undefined where it has none or shows nonsense. */
  deviceClockMs: number | undefined;
  quality: Quality;
}

/**
 * Decodes the blocks of one reading. `zone` is that of the meter's clock, `atMs` the reading's
 * instant (epoch ms), which decides a wall time that is shown twice.
 */
export function decode(
  model: MeterModel,
  blocks: readonly Block[],
  { zone, atMs }: { zone: string; atMs: number },
): Decoded {
  const channels: ChannelValues = {};
  for (const register of model.registers) {
    const value = registerValue(register, blocks);
    if (value !== undefined) channels[register.channel] = value;
  }
  return {
    channels,
    deviceClockMs: clockOf(model, blocks, zone, atMs),
    quality: qualityOf(model, blocks, channels),
  };
}

function registerValue({ address, type, times, over, bit }: Register, blocks: readonly Block[]) {
  const high = wordAt(blocks, address);
  if (high === undefined) return undefined;
  let raw = high;
  if (type === 'int16') raw = (high << 16) >> 16;
  else if (type !== 'uint16') {
    const low = wordAt(blocks, address + 1);
    if (low === undefined) return undefined;
    raw = type === 'uint32' ? high * 0x10000 + low : (high << 16) | low;
  }
  if (bit !== undefined) return (raw >> bit) & 1;
  if (times !== undefined) return raw * times;
  return over === undefined ? raw : raw / over;
}

function wordAt(blocks: readonly Block[], address: number): number | undefined {
  for (const block of blocks) {
    const offset = address - block.address;
    if (offset >= 0 && offset < block.words.length) return block.words[offset];
  }
  return undefined;
}

function qualityOf(
  { code, limits }: MeterModel,
  blocks: readonly Block[],
  channels: ChannelValues,
): Quality {
  if (code && wordAt(blocks, code.address) !== code.value) return 'implausible:model';
  for (const { rule, channels: limited, min, max } of limits) {
    for (const name of limited) {
      const value = channels[name];
      if (value !== undefined && (value < min || value > max)) return `implausible:${rule}`;
    }
  }
  return 'ok';
}

/** Clocks count from here in two digits. */
const CENTURY = 2000;

function clockOf(
  { clock }: MeterModel,
  blocks: readonly Block[],
  zone: string,
  atMs: number,
): number | undefined {
  if (!clock) return undefined;
  const shown: Record<ClockByte, number> = {
    year: -1,
    month: 0,
    day: 0,
    weekday: 0,
    hour: 0,
    minute: 0,
    second: 0,
  };
  for (let i = 0; i < clock.bytes.length; i++) {
    const word = wordAt(blocks, clock.address + (i >> 1));
    const name = clock.bytes[i];
    if (word === undefined || name === undefined) return undefined;
    shown[name] = i & 1 ? word & 0xff : word >> 8;
  }
  const { year, month, day, hour, minute, second } = shown;
  if (year > 99 || month < 1 || month > 12 || day < 1) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const localMs = Date.UTC(CENTURY + year, month - 1, day, hour, minute, second);
  // 31 February would roll over into March: the day must come back as it went in.
  if (new Date(localMs).getUTCDate() !== day) return undefined;
  return instantOf(zone, localMs, atMs);
}

/**
 * Sixteen-bit words as the meters put them on the wire: high word first, values clipped to what the register holds.
 */

export function putInt16(words: Uint16Array, index: number, value: number) {
  words[index] = Math.max(-0x8000, Math.min(0x7fff, Math.round(value))) & 0xffff;
}

export function putUint16(words: Uint16Array, index: number, value: number) {
  words[index] = Math.max(0, Math.min(0xffff, Math.round(value)));
}

/** A counter; `value` is a whole number below 2^32. */
export function putUint32(words: Uint16Array, index: number, value: number) {
  words[index] = Math.floor(value / 0x10000) & 0xffff;
  words[index + 1] = value & 0xffff;
}

export function putInt32(words: Uint16Array, index: number, value: number) {
  const clipped = Math.max(-0x80000000, Math.min(0x7fffffff, Math.round(value)));
  putUint32(words, index, clipped >>> 0);
}

export function putBytes(words: Uint16Array, index: number, bytes: readonly number[]) {
  for (let at = 0; at < bytes.length; at += 2)
    words[index + at / 2] = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** An even number of decimal digits, two a byte. */
export function bcd(digits: string): number[] {
  return digits.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
}

/** Energy registers count in steps of 0.01 kWh before PT and CT, eight digits, then begin again. */
export function energyRegister(wh: number, { ct, pt }: { ct: number; pt: number }): number {
  return Math.floor(wh / (ct * pt) / 10) % 100_000_000;
}

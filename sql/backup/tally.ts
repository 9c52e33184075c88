/**
 * The digest of a set of rows in any order: the sum of their hashes. Two stores that hold the same rows
 * have the same tally, whatever order they give them in.
 */
import { createHash } from 'node:crypto';

const MODULUS_BITS = 128;

export interface Tally {
  add: (row: string) => void;
  /** `<rows>:<hex>`. */
  text: () => string;
}

export function openTally(): Tally {
  let rows = 0;
  let sum = 0n;
  return {
    add: (row) => {
      const hash = createHash('sha256').update(row).digest();
      rows += 1;
      sum = BigInt.asUintN(
        MODULUS_BITS,
        sum + (hash.readBigUInt64LE(0) << 64n) + hash.readBigUInt64LE(8),
      );
    },
    text: () => `${rows}:${sum.toString(16).padStart(MODULUS_BITS / 4, '0')}`,
  };
}

/**
 * Deterministic chance: a number drawn by name. The same seed and the same words give the same number for ever,
 * and a meter added later changes nothing for the others.
 */

/** A fraction in [0, 1) that depends on nothing but the words (32-bit FNV-1a, finished as in murmur3). */
export function chance(...words: (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const char of words.join('\u0000')) {
    hash ^= char.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A whole number from `low` to `high`, both included. */
export function whole({ low, high }: { low: number; high: number }, ...words: (string | number)[]) {
  return low + Math.floor(chance(...words) * (high - low + 1));
}

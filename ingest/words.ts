/** Words of registers as commands read and write them: high word and high byte first. */
import type { Block } from './decode.ts';
import type { Read } from './models.ts';

/** The words of a read among blocks that were read; none when it is not there. */
export function wordsAt(blocks: readonly Block[], { address, words }: Read): number[] {
  const block = blocks.find((b) => b.address === address && b.words.length >= words);
  return block ? [...block.words.subarray(0, words)] : [];
}

export const uint32At = (words: readonly number[], at: number): number =>
  (words[at] ?? 0) * 0x10000 + (words[at + 1] ?? 0);

export const int32At = (words: readonly number[], at: number): number => uint32At(words, at) | 0;

/** Four bytes of a whole number of 32 bits, signed or not. */
export const bytesOf = (value: number): number[] => [
  (value >>> 24) & 0xff,
  (value >>> 16) & 0xff,
  (value >>> 8) & 0xff,
  value & 0xff,
];

/** Every word as two bytes. */
export const bytesOfWords = (words: readonly number[]): number[] =>
  words.flatMap((word) => [word >> 8, word & 0xff]);

/** Four digits a word, as the history of a command shows them. */
export const hexOf = (words: Iterable<number>): string =>
  Array.from(words, (word) => word.toString(16).padStart(4, '0')).join('');

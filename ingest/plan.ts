/**
 * Which block reads fetch a model: as few as its registers, its known areas and the longest read
 * allow. Planned once per model; no read splits a 32-bit register or touches an unmapped address.
 */
import { MAX_READ_WORDS, type Read, type RegisterMap } from './models.ts';

/** Words taken by each type of register. */
export const wordsOf = { uint16: 1, int16: 1, uint32: 2, int32: 2 } as const;

/**
 * The reads of a map, in the order of addresses. Throws when a register lies outside every area:
 * the map contradicts itself.
 * @example planReads(models.DTSY1352) // [{ address: 0x200, words: 48 }]
 */
export function planReads(map: RegisterMap, maxWords = MAX_READ_WORDS): readonly Read[] {
  const reads: { address: number; words: number; area: number }[] = [];
  for (const span of spansOf(map)) {
    const area = map.areas.findIndex(([first, last]) => span.first >= first && span.last <= last);
    if (area < 0) throw new Error(`register ${hex(span.first)} lies outside every known area`);
    const open = reads.at(-1);
    const gap = open ? span.first - (open.address + open.words) : 0;
    const words = open ? span.last + 1 - open.address : 0;
    if (open && open.area === area && gap <= map.gapWords && words <= maxWords) {
      open.words = Math.max(open.words, words);
    } else {
      reads.push({ address: span.first, words: span.last + 1 - span.first, area });
    }
  }
  return reads.map(({ address, words }) => ({ address, words }));
}

/** First and last address of everything the map wants, by address; the wider first. */
function spansOf(map: RegisterMap): { first: number; last: number }[] {
  const { registers, clock, code, proven = [] } = map;
  const spans = [
    ...proven.map(({ address, words }) => ({ first: address, last: address + words - 1 })),
    ...registers.map(({ address, type }) => ({
      first: address,
      last: address + wordsOf[type] - 1,
    })),
  ];
  if (code) spans.push({ first: code.address, last: code.address });
  if (clock) {
    const last = clock.address + Math.ceil(clock.bytes.length / 2) - 1;
    spans.push({ first: clock.address, last });
  }
  return spans.sort((a, b) => a.first - b.first || b.last - a.last);
}

const hex = (address: number) => `${address.toString(16).padStart(4, '0').toUpperCase()}H`;

/**
 * A day plan as it is edited: pieces of the clock in minutes, holes and overlaps shown where they are.
 * Borders that touch move together, so that what was whole stays whole. Pure.
 */
import { isRank } from '../../../parts/palette.ts';
import { type Band, clock } from '../../../parts/ribbon.tsx';
import type { BandText, Rank } from '../../../tariff-shapes.ts';
import { toBands } from '../calendar.ts';

export const QUARTER = 15;
const DAY = 1440;

/** A stretch of the clock, [from, to) in minutes. */
export interface Stretch {
  from: number;
  to: number;
}

/** Pieces in order of the clock; a band over midnight is two of them. */
export const piecesOf = (bands: readonly BandText[]): Band[] =>
  bands.flatMap(toBands).sort((a, b) => a.from - b.from || a.to - b.to);

/** Pieces as they are stored: what ends the day and begins it alike is one band over midnight. */
export function toTexts(pieces: readonly Band[]): BandText[] {
  const sorted = [...pieces].sort((a, b) => a.from - b.from);
  const first = sorted[0];
  const last = sorted.at(-1);
  const wraps = first?.from === 0 && last?.to === DAY && first.to < last.from;
  const whole =
    wraps && first.rank === last.rank
      ? [{ ...last, to: first.to }, ...sorted.slice(1, -1)]
      : sorted;
  return whole.map(({ from, to, rank }) => ({
    from: clock(from),
    to: clock(to),
    rank: Number(rank),
  }));
}

/** Neighbours of one period become one band, as a version is saved. */
export function tidied(bands: readonly BandText[]): BandText[] {
  const out: Band[] = [];
  for (const piece of piecesOf(bands)) {
    const last = out.at(-1);
    if (last && last.to === piece.from && last.rank === piece.rank) last.to = piece.to;
    else out.push({ ...piece });
  }
  return toTexts(out);
}

/** Moves one border of a piece; a piece that touches it there comes along, none is made empty. */
export function moveBorder(
  pieces: readonly Band[],
  index: number,
  edge: 'from' | 'to',
  minute: number,
): Band[] {
  const piece = pieces[index];
  if (!piece) return [...pieces];
  const at = piece[edge];
  const other = edge === 'from' ? 'to' : 'from';
  const neighbour = pieces.findIndex((each, i) => i !== index && each[other] === at);
  const beyond = pieces[neighbour];
  // An aligned border stays on the quarters, also where it is stopped.
  const after = (from: number) => (minute % QUARTER ? from + 1 : stepFrom(from, 1));
  const before = (to: number) => (minute % QUARTER ? to - 1 : stepFrom(to, -1));
  const least = edge === 'from' ? (beyond ? after(beyond.from) : 0) : after(piece.from);
  const most = edge === 'to' ? (beyond ? before(beyond.to) : DAY) : before(piece.to);
  const to = Math.min(most, Math.max(least, minute));
  return pieces.map((each, i) =>
    i === index ? { ...each, [edge]: to } : i === neighbour ? { ...each, [other]: to } : each,
  );
}

/** The next quarter-hour from a border in a direction. */
export const stepFrom = (minute: number, by: 1 | -1): number =>
  by > 0
    ? (Math.floor(minute / QUARTER) + 1) * QUARTER
    : (Math.ceil(minute / QUARTER) - 1) * QUARTER;

export const snap = (minute: number): number =>
  Math.min(DAY, Math.max(0, Math.round(minute / QUARTER) * QUARTER));

/** Two from one, in the middle; a quarter-hour cannot be split. */
export function split(pieces: readonly Band[], index: number): Band[] {
  const piece = pieces[index];
  if (!piece || piece.to - piece.from < 2 * QUARTER) return [...pieces];
  const middle = snap((piece.from + piece.to) / 2);
  return pieces.flatMap((each, i) =>
    i === index
      ? [
          { ...each, to: middle },
          { ...each, from: middle },
        ]
      : [each],
  );
}

/** Leaves a hole where the piece was. */
export const removed = (pieces: readonly Band[], index: number): Band[] =>
  pieces.filter((_, i) => i !== index);

/** Gives the time of a piece to its neighbour, the one before first. */
export function merged(pieces: readonly Band[], index: number): Band[] {
  const piece = pieces[index];
  if (!piece) return [...pieces];
  const before = pieces.findIndex((each) => each.to === piece.from);
  const after = pieces.findIndex((each) => each.from === piece.to);
  const taker = before >= 0 ? before : after;
  if (taker < 0) return [...pieces];
  return pieces
    .map((each, i) =>
      i === taker
        ? { ...each, from: Math.min(each.from, piece.from), to: Math.max(each.to, piece.to) }
        : each,
    )
    .filter((_, i) => i !== index);
}

export const ranked = (pieces: readonly Band[], index: number, rank: Rank): Band[] =>
  pieces.map((piece, i) => (i === index ? { ...piece, rank } : piece));

/** A new piece over a stretch, in order. */
export const filled = (pieces: readonly Band[], { from, to }: Stretch, rank: Rank): Band[] =>
  [...pieces, { from, to, rank }].sort((a, b) => a.from - b.from);

/** Where no band is, and where more than one is. */
export function faultsOf(pieces: readonly Band[]): { holes: Stretch[]; overlaps: Stretch[] } {
  const cuts = [...new Set([0, DAY, ...pieces.flatMap(({ from, to }) => [from, to])])].sort(
    (a, b) => a - b,
  );
  const holes: Stretch[] = [];
  const overlaps: Stretch[] = [];
  cuts.slice(0, -1).forEach((from, i) => {
    const to = cuts[i + 1] ?? DAY;
    const count = pieces.filter((piece) => piece.from <= from && to <= piece.to).length;
    if (count === 1) return;
    const into = count === 0 ? holes : overlaps;
    const last = into.at(-1);
    if (last?.to === from) last.to = to;
    else into.push({ from, to });
  });
  return { holes, overlaps };
}

/** Borders that lie on no quarter-hour. */
export const unalignedOf = (pieces: readonly Band[]): number[] =>
  [...new Set(pieces.flatMap(({ from, to }) => [from, to]))].filter((at) => at % QUARTER !== 0);

/** Stretches whose period is another than in the version before; a hole differs too. */
export function differences(pieces: readonly Band[], before: readonly Band[]): Stretch[] {
  const cuts = [
    ...new Set([0, DAY, ...[...pieces, ...before].flatMap(({ from, to }) => [from, to])]),
  ].sort((a, b) => a - b);
  const rankAt = (all: readonly Band[], at: number) =>
    all.find(({ from, to }) => from <= at && at < to)?.rank;
  const out: Stretch[] = [];
  let lastPair = '';
  cuts.slice(0, -1).forEach((from, i) => {
    const to = cuts[i + 1] ?? DAY;
    const [now, then] = [rankAt(pieces, from), rankAt(before, from)];
    if (now === then) return;
    const last = out.at(-1);
    const pair = `${now}`;
    if (last?.to === from && lastPair === pair) last.to = to;
    else out.push({ from, to });
    lastPair = pair;
  });
  return out;
}

/** 'HH:MM' as typed, also '7:5', '0705' and '24:00'; null when it is no time. */
export function minuteTyped(text: string): number | null {
  const parts = /^(\d{1,2})[:：.]?(\d{2})$|^(\d{1,2})$/.exec(text.trim());
  if (!parts) return null;
  const hours = Number(parts[1] ?? parts[3]);
  const minutes = Number(parts[2] ?? 0);
  const minute = hours * 60 + minutes;
  return minutes < 60 && minute <= DAY ? minute : null;
}

/** The rank a key chooses: 1 spike to 5 deep valley. */
export const rankOfKey = (key: string): Rank | null => (isRank(key) ? key : null);

/** Choosing meters with mouse and keyboard: one, a run, all that a filter shows; pure. */

export interface Choosing {
  chosen: ReadonlySet<string>;
  /** Where a run begins, and where the keyboard is. */
  anchor: string | null;
  cursor: string | null;
}

export const nothing: Choosing = { chosen: new Set(), anchor: null, cursor: null };

/** A click or Space: one more or one less; with Shift all from the anchor to here, as the anchor is. */
export function picked(
  { chosen, anchor }: Choosing,
  id: string,
  { order, run }: { order: readonly string[]; run: boolean },
): Choosing {
  const next = new Set(chosen);
  const from = anchor === null ? -1 : order.indexOf(anchor);
  const to = order.indexOf(id);
  if (run && from >= 0 && to >= 0 && anchor !== null) {
    const isOn = chosen.has(anchor);
    for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      if (isOn) next.add(each);
      else next.delete(each);
    }
    return { chosen: next, anchor, cursor: id };
  }
  if (next.has(id)) next.delete(id);
  else next.add(id);
  return { chosen: next, anchor: id, cursor: id };
}

/** All of a group, or none where all were chosen. */
export function groupPicked({ chosen, ...rest }: Choosing, ids: readonly string[]): Choosing {
  const next = new Set(chosen);
  const isFull = ids.every((id) => next.has(id));
  for (const id of ids) {
    if (isFull) next.delete(id);
    else next.add(id);
  }
  return { ...rest, chosen: next };
}

/** Where a tile is on the screen. */
export interface Spot {
  id: string;
  left: number;
  top: number;
}

/** The tile that an arrow leads to: beside in order, above and below by nearness; the same at the edge. */
export function moved(spots: readonly Spot[], cursor: string | null, key: string): string | null {
  const at = spots.findIndex(({ id }) => id === cursor);
  const here = spots[at];
  if (!here) return spots[0]?.id ?? null;
  if (key === 'ArrowRight') return spots[at + 1]?.id ?? here.id;
  if (key === 'ArrowLeft') return spots[at - 1]?.id ?? here.id;
  if (key === 'Home') return spots[0]?.id ?? here.id;
  if (key === 'End') return spots.at(-1)?.id ?? here.id;
  const isDown = key === 'ArrowDown';
  const beyond = spots.filter(({ top }) => (isDown ? top > here.top : top < here.top));
  const row = isDown
    ? Math.min(...beyond.map(({ top }) => top))
    : Math.max(...beyond.map(({ top }) => top));
  const [nearest] = beyond
    .filter(({ top }) => top === row)
    .sort((a, b) => Math.abs(a.left - here.left) - Math.abs(b.left - here.left));
  return nearest?.id ?? here.id;
}

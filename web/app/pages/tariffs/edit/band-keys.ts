/** What a key does with the band or the hole that has the focus. Pure. */
import type { Band } from '../../../parts/ribbon.tsx';
import {
  faultsOf,
  filled,
  merged,
  moveBorder,
  ranked,
  rankOfKey,
  removed,
  type Stretch,
  split,
  stepFrom,
} from './bands.ts';

/** What is chosen in a row: a band by its place, a hole by its beginning. */
export type Selected = { kind: 'band'; index: number } | { kind: 'hole'; from: number };

export type KeyAct =
  /** `focus`: the minute where the focus goes once what had it is gone. */
  | { kind: 'change'; pieces: Band[]; group?: string; focus?: number }
  | { kind: 'focus'; minute: number }
  | { kind: 'row'; by: 1 | -1; minute: number };

export function actOf(
  { key, shiftKey }: { key: string; shiftKey: boolean },
  pieces: readonly Band[],
  at: Selected,
): KeyAct | null {
  const index = at.kind === 'band' ? at.index : -1;
  const here: Stretch | undefined =
    at.kind === 'band'
      ? pieces[index]
      : faultsOf(pieces).holes.find(({ from }) => from === at.from);
  if (!here) return null;
  const rank = rankOfKey(key);
  if (rank && at.kind === 'band')
    return { kind: 'change', pieces: ranked(pieces, index, rank), group: 'rank' };
  if (rank) return { kind: 'change', pieces: filled(pieces, here, rank), focus: here.from };
  const middle = (here.from + here.to) / 2;
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowRight': {
      const by = key === 'ArrowRight' ? 1 : -1;
      if (!shiftKey) return { kind: 'focus', minute: by > 0 ? here.to : here.from - 1 };
      if (at.kind === 'hole' || here.to === 1440) return null;
      const moved = moveBorder(pieces, index, 'to', stepFrom(here.to, by));
      return { kind: 'change', pieces: moved, group: 'key-to' };
    }
    case 'ArrowUp':
    case 'ArrowDown':
      return { kind: 'row', by: key === 'ArrowDown' ? 1 : -1, minute: middle };
    case 's':
      return at.kind === 'band' ? { kind: 'change', pieces: split(pieces, index) } : null;
    case 'j':
      return at.kind === 'band'
        ? { kind: 'change', pieces: merged(pieces, index), focus: here.from }
        : null;
    case 'Delete':
    case 'Backspace':
      return at.kind === 'band' && pieces.length > 1
        ? { kind: 'change', pieces: removed(pieces, index), focus: here.from }
        : null;
    default:
      return null;
  }
}

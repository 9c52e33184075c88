/** A version while it is made: what it says, every step back, and a copy kept on this device. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { forget, keep, kept } from '../../../kept.ts';
import type { TariffDefinition } from '../../../tariff-shapes.ts';
import type { TariffExample } from '../examples/example.ts';

export interface Draft {
  /** Of a new tariff; a further version keeps the name. */
  name: string;
  nameZh: string;
  commodity: 'electricity' | 'water';
  effectiveFrom: string;
  /** Asked where the beginning lies in the past. */
  reason: string;
  definition: TariffDefinition;
}

/** The draft with all that an example says; its beginning and reason stay. */
export const fromExample = (draft: Draft, example: TariffExample): Draft => ({
  ...draft,
  name: example.name,
  nameZh: example.nameZh,
  commodity: example.commodity,
  definition: structuredClone(example.definition),
});

const STEPS_BACK = 100;
/** Changes of one field within this time are one step back. */
const TOGETHER_MS = 1500;
const KEEP_AFTER_MS = 300;

interface History {
  now: Draft;
  past: readonly Draft[];
  group: string;
  atMs: number;
}

/** The draft under a name, begun from `start` where none was kept. */
export function useDraft(name: string, start: () => Draft) {
  const [history, setHistory] = useState<History>(() => {
    const before = readDraft(name);
    return { now: before ?? start(), past: [], group: '', atMs: 0 };
  });
  const wasKept = useRef(readDraft(name) !== null);
  const isChanged = history.past.length > 0;
  const gone = useRef(false);
  const change = useCallback(
    (to: (draft: Draft) => Draft, group = '') =>
      setHistory(({ now, past, group: before, atMs }) => {
        const next = to(now);
        const at = performance.now();
        const together = group !== '' && group === before && at - atMs < TOGETHER_MS;
        return {
          now: next,
          past: together ? past : [...past, now].slice(-STEPS_BACK),
          group,
          atMs: at,
        };
      }),
    [],
  );
  const define = useCallback(
    (to: (definition: TariffDefinition) => TariffDefinition, group?: string) =>
      change((draft) => ({ ...draft, definition: to(draft.definition) }), group),
    [change],
  );
  const undo = () =>
    setHistory((all) => {
      const last = all.past.at(-1);
      return last ? { now: last, past: all.past.slice(0, -1), group: '', atMs: 0 } : all;
    });
  const discard = useCallback(() => {
    gone.current = true;
    forget(name);
  }, [name]);
  const restart = () => {
    forget(name);
    wasKept.current = false;
    setHistory({ now: start(), past: [], group: '', atMs: 0 });
  };
  useEffect(() => {
    if (!isChanged || gone.current) return;
    const timer = setTimeout(() => {
      if (!gone.current) keep(name, JSON.stringify(history.now));
    }, KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [name, history.now, isChanged]);
  return {
    draft: history.now,
    change,
    define,
    undo: isChanged ? undo : null,
    discard,
    restart,
    isChanged,
    /** It was begun earlier and found again. */
    wasKept: wasKept.current,
  };
}

export type Define = ReturnType<typeof useDraft>['define'];

/** What was kept, if it still has the shape of a draft. */
function readDraft(name: string): Draft | null {
  try {
    const found: unknown = JSON.parse(kept(name) ?? 'null');
    if (!found || typeof found !== 'object' || !('definition' in found)) return null;
    // Written by this app under this name; a foreign shape fails the next line.
    const draft = found as Draft;
    return Array.isArray(draft.definition?.components) ? draft : null;
  } catch {
    return null;
  }
}

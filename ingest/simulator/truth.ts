/**
 * The truth of a fault test: every reading served and every write executed, on disk before the reply goes out. One JSON
 * object a line; a torn last line is a reply that never left.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { Served } from './meter.ts';

export interface Truth {
  record: (
    served: Extract<Served, { kind: 'read' | 'write' }> & { serial: string; at: number },
  ) => void;
  close: () => void;
}

/**
 * Opens (and only ever appends to) the file: `{"meter","at","kind","address","words"}`, `words` in hex, `at` in ms; a write
 * of money has `counter` and `amountMinor` too.
 */
export function openTruth(file: string): Truth {
  const handle = openSync(file, 'a');
  return {
    record({ serial, at, words, ...served }) {
      const { kind, address } = served;
      const money = served.kind === 'write' ? served.money : undefined;
      const hex = Array.from(words, (word) => word.toString(16).padStart(4, '0')).join('');
      const line = { meter: serial, at, kind, address, words: hex, ...money };
      writeSync(handle, `${JSON.stringify(line)}\n`);
      fsyncSync(handle);
    },
    close: () => closeSync(handle),
  };
}

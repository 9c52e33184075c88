/** While a page is printed: light colours, and everything that a screen draws only in part. */
import { useSyncExternalStore } from 'react';
import { flushSync } from 'react-dom';
import { paintLight } from './theme.ts';

let printing = false;
const listeners = new Set<() => void>();

/** Tells the parts before the paper is laid out and after. Called once by main. */
export function watchPrint(): void {
  const tell = (now: boolean) => () => {
    printing = now;
    // The browser lays the paper out as soon as its event returns: what waits would come too late.
    flushSync(() => {
      paintLight(now);
      for (const listener of listeners) listener();
    });
  };
  addEventListener('beforeprint', tell(true));
  addEventListener('afterprint', tell(false));
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useIsPrinting = (): boolean => useSyncExternalStore(subscribe, () => printing);

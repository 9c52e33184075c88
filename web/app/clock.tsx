/** What time it is, handed down from main: components never ask the world themselves. */
import { createContext, useContext, useEffect, useState } from 'react';

export type Clock = () => Date;
export const ClockContext = createContext<Clock>(() => new Date(0));
export const useClock = (): Clock => useContext(ClockContext);

/** The present, renewed every `everyMs` while the component is on screen. */
export function useNow(everyMs = 1000): Date {
  const clock = useClock();
  const [now, setNow] = useState(clock);
  useEffect(() => {
    const timer = setInterval(() => setNow(clock()), everyMs);
    return () => clearInterval(timer);
  }, [clock, everyMs]);
  return now;
}

/** Wall time in a zone as an instant. Pure. */
import { dayStart, wallMinute } from '../../dates.ts';

/**
 * '2026-10-25', '12:00' in a zone as RFC 3339, also on days of 23 and 25 hours. Of an hour that comes
 * twice the first is meant; in one that is left out, the hour before.
 */
export function instantOf(date: string, time: string, zone: string): string {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const wanted = hours * 60 + minutes;
  const guess = dayStart(zone, date) + wanted * 60_000;
  // What the clock was set by since midnight.
  const off = wanted - wallMinute(zone, new Date(guess));
  return new Date(guess + off * 60_000).toISOString();
}

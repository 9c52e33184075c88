/** Quiet hours: a daily range of wall time in the project's zone in which customers are left alone. */
import { Temporal } from 'temporal-polyfill';

export interface QuietHours {
  /** HH:MM; before `from` the range ends on the next day. */
  from: string;
  to: string;
}

/**
 * The end (epoch ms) of the quiet hours that an instant lies in; undefined when it lies in none. On a day
 * whose clock jumps over an end, quiet ends at the first instant after it.
 */
export function quietUntil(
  zone: string,
  { from, to }: QuietHours,
  atMs: number,
): number | undefined {
  const here = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone);
  // The range that holds now began today, or yesterday if it goes over midnight.
  for (const daysBack of [0, 1]) {
    const begins = here.toPlainDate().subtract({ days: daysBack });
    const ends = from < to ? begins : begins.add({ days: 1 });
    const startMs = begins.toZonedDateTime({ timeZone: zone, plainTime: from }).epochMilliseconds;
    const endMs = ends.toZonedDateTime({ timeZone: zone, plainTime: to }).epochMilliseconds;
    if (startMs <= atMs && atMs < endMs) return endMs;
  }
  return undefined;
}

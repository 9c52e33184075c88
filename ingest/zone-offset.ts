/**
 * Local wall time of a meter's clock → instant, cheaply: the zone's offset is looked up once per
 * quarter-hour (every change of an offset since 1970 falls on one) and remembered.
 */

const QUARTER_MS = 15 * 60 * 1000;
/** Remembered quarter-hours per zone; 35 days of history are 3,360. */
const REMEMBERED_MAX = 20_000;

interface Zone {
  format: Intl.DateTimeFormat;
  offsets: Map<number, number>;
}
const zones = new Map<string, Zone>();

/** Milliseconds that the zone's clocks are ahead of UTC at an instant. Throws for an unknown zone. */
export function zoneOffset(zone: string, atMs: number): number {
  let known = zones.get(zone);
  if (!known) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    known = { format, offsets: new Map() };
    zones.set(zone, known);
  }
  const quarter = Math.floor(atMs / QUARTER_MS);
  const remembered = known.offsets.get(quarter);
  if (remembered !== undefined) return remembered;
  if (known.offsets.size >= REMEMBERED_MAX) known.offsets.clear();
  const offset = parseOffset(known.format, quarter * QUARTER_MS);
  known.offsets.set(quarter, offset);
  return offset;
}

/**
 * The instant at which the zone's clocks show `localMs` (wall time counted as if it were UTC). In
 * the hour that is shown twice it is the one nearer to `nearMs`; a wall time that does not exist
 * is taken with the offset before the change.
 */
export function instantOf(zone: string, localMs: number, nearMs: number): number {
  const first = localMs - zoneOffset(zone, nearMs);
  if (zoneOffset(zone, first) === zoneOffset(zone, nearMs)) return first;
  const second = localMs - zoneOffset(zone, first);
  return zoneOffset(zone, second) === zoneOffset(zone, first) ? second : first;
}

/** "GMT+08:00", "GMT-03:30", "GMT". */
function parseOffset(format: Intl.DateTimeFormat, atMs: number): number {
  const name = format.formatToParts(atMs).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name);
  if (!match) throw new Error(`the offset ${name} is not understood`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
}

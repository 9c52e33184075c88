/** Which chains a meter belongs to, found by its number: once a sample, so without a Map. */

export interface Places {
  /** The first chain of a meter, -1: none. */
  first: (meter: number) => number;
  /** The next chain of the same meter, by chain; -1: none. */
  next: Int32Array;
}

/** `meters[c]` is the meter of chain `c`. */
export function placesOf(meters: readonly number[]): Places {
  // At most half full, so that a search ends soon.
  const size = 2 ** Math.ceil(Math.log2(2 * meters.length + 2));
  // Meter and first chain side by side.
  const table = new Float64Array(2 * size).fill(-1);
  const next = new Int32Array(meters.length).fill(-1);
  const place = (meter: number) => {
    // Meters are numbered one after the other: neighbours have places of their own.
    let at = (meter | 0) & (size - 1);
    while (table[2 * at] !== meter && table[2 * at] !== -1) at = (at + 1) & (size - 1);
    return 2 * at;
  };
  for (const [c, meter] of meters.entries()) {
    const at = place(meter);
    table[at] = meter;
    next[c] = table[at + 1] as number;
    table[at + 1] = c;
  }
  return { first: (meter) => table[place(meter) + 1] as number, next };
}

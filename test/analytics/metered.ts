/**
 * Points with meters for the tests of registers: readings whose registers are counted here, the
 * quarter-hours between them, and what a register shows at any instant, in integers.
 */
import { daySpan, type LocalDay, localDayOf, SLOT_MS } from '../../sql/local-day.ts';
import type { Park, TestInterval, TestSample } from './park.ts';

export interface Reading {
  ms: number;
  /** As counted on, beyond the span of the register. */
  register: bigint;
}

export interface Installed {
  meter: string;
  startMs: number;
  endMs: number;
  multiplier: bigint;
  /** Where the register begins again at 0. */
  span: bigint;
  /** Oldest first, noted registers among them. */
  readings: Reading[];
}

/** What the register counted at `x`: between two readings on the line between them, half up. */
export function countedAt({ readings, multiplier }: Installed, x: number): bigint | null {
  const next = readings.find(({ ms }) => ms >= x);
  const last = readings.findLast(({ ms }) => ms < x);
  if (next?.ms === x) return next.register * multiplier;
  if (!next || !last) return null;
  const delta = (next.register - last.register) * multiplier;
  const length = BigInt(next.ms - last.ms);
  const twice = 2n * delta * BigInt(x - last.ms) + length;
  return last.register * multiplier + twice / (2n * length);
}

/** What flowed between two instants, over all meters; null where a register is not known. */
export function flowed(
  installed: readonly Installed[],
  fromMs: number,
  toMs: number,
): bigint | null {
  let sum: bigint | null = null;
  for (const one of installed) {
    const [from, to] = [Math.max(fromMs, one.startMs), Math.min(toMs, one.endMs)];
    if (from >= to) continue;
    const [opening, closing] = [countedAt(one, from), countedAt(one, to)];
    if (opening === null || closing === null) return null;
    sum = (sum ?? 0n) + closing - opening;
  }
  return sum;
}

/** The quarter-hours of a point from the first to the last that its readings enclose. */
export function intervalsOf(
  installed: readonly Installed[],
  { point, zone }: { point: string; zone: string },
): TestInterval[] {
  const readings = installed.flatMap((one) => one.readings);
  const first = Math.ceil(Math.min(...readings.map(({ ms }) => ms)) / SLOT_MS);
  const last = Math.floor(Math.max(...readings.map(({ ms }) => ms)) / SLOT_MS);
  const rows: TestInterval[] = [];
  for (let quarter = first; quarter < last; quarter++) {
    const startMs = quarter * SLOT_MS;
    const quantity = flowed(installed, startMs, startMs + SLOT_MS);
    const day: LocalDay = localDayOf(zone, startMs);
    rows.push({
      point,
      day,
      slot: (startMs - daySpan(zone, day).startMs) / SLOT_MS,
      quantity: quantity === null ? null : Number(quantity),
      quality: quantity === null ? 'missing' : 'measured',
    });
  }
  return rows;
}

/** Enters meters and installations of a point; their samples go to `samples`, to be written at once. */
export async function install(
  park: Park,
  {
    project,
    point,
    model,
    channel,
    installed,
    samples,
  }: {
    project: string;
    point: string;
    model: string;
    channel: 'active_wh' | 'forward_wh' | 'volume_l';
    installed: readonly (Omit<Installed, 'meter'> & {
      serial: string;
      ct?: number;
      firstRegister?: bigint;
      lastRegister?: bigint;
    })[];
    samples: TestSample[];
  },
): Promise<Installed[]> {
  const done: Installed[] = [];
  for (const { serial, ct = 1, firstRegister, lastRegister, ...one } of installed) {
    const meter = await park.insert('meters', { project_id: project, serial, model });
    const ends = Number.isFinite(one.endMs);
    await park.insert('installations', {
      project_id: project,
      point_id: point,
      meter_id: meter,
      valid_from: new Date(one.startMs).toISOString(),
      valid_to: ends ? new Date(one.endMs).toISOString() : null,
      ct,
      basis: 'secondary',
      first_register: firstRegister?.toString() ?? null,
      last_register: lastRegister?.toString() ?? null,
    });
    for (const { ms, register } of one.readings) {
      if (ms < one.startMs || ms >= one.endMs) continue;
      const values = { [channel]: Number(register % one.span) };
      samples.push({ meter, at: new Date(ms).toISOString(), values });
    }
    const noted: Reading[] = [];
    if (firstRegister !== undefined) noted.push({ ms: one.startMs, register: firstRegister });
    if (lastRegister !== undefined) noted.push({ ms: one.endMs, register: lastRegister });
    const readings = [...one.readings, ...noted].sort((a, b) => a.ms - b.ms);
    done.push({ ...one, meter, readings });
  }
  return done;
}

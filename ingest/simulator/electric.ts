/**
 * Voltages, currents, powers and factors of an instant, consistent with one another: for each phase P = U · I · factor.
 * Voltage and factor come from the real readings of the same minute; the three phases differ a little, by serial.
 */
import { PARK_OFFSET_MS } from './calendar.ts';
import { countedShare, type Device, deviceRateAt } from './device.ts';
import { CYCLE_MINUTES, MINUTE_MS } from './readings.ts';
import { chance } from './seed.ts';

const NOMINAL_V = 220;
const NOMINAL_HZ = 50;
/** A Monday, 00:00 local, as in load.ts. */
const ORIGIN_MS = Date.UTC(2024, 0, 1) - PARK_OFFSET_MS;

/** One phase, secondary side: what the terminals of the meter see. */
export interface Phase {
  voltageV: number;
  currentA: number;
  powerW: number;
  reactiveVar: number;
  factor: number;
}

/** The three phases at an instant, secondary, unrounded. */
export function phasesAt(device: Device, at: number): Phase[] {
  const { meter, readings } = device;
  const minute = minuteOf(at);
  const own = (minute + meter.turnMinutes + CYCLE_MINUTES) % CYCLE_MINUTES;
  const powerW = deviceRateAt(device, at) / (meter.ct * meter.pt);
  const { shares, tilts, factor: usual } = characterOf(device);
  const voltageV = NOMINAL_V * (readings.relativeVoltage[minute] ?? 1);
  const factor = clamp(usual - 0.4 * (1 - (readings.factor[own] ?? 1)), { low: 0.6, high: 0.995 });
  // Bridged phases carry nothing that the meter sees; their voltage stays.
  const seen = countedShare(device, at) < 1 ? [1, 0, 0] : shares;
  return seen.map((share, phase) => {
    const phaseV = voltageV * (tilts[phase] ?? 1);
    const phaseW = powerW * share;
    return {
      voltageV: phaseV,
      currentA: phaseW / (phaseV * factor),
      powerW: phaseW,
      reactiveVar: phaseW * Math.tan(Math.acos(factor)),
      factor,
    };
  });
}

/** Mains frequency at an instant, Hz. */
export function frequencyAt(at: number): number {
  return NOMINAL_HZ + 0.04 * (chance('frequency', Math.floor(at / 10_000)) - 0.5);
}

/** What stays the same for a meter: shares of the phases (sum 1), their voltages, the usual factor. */
interface Character {
  shares: number[];
  tilts: number[];
  factor: number;
}

const characters = new Map<string, Character>();

function characterOf({ meter }: Device): Character {
  const known = characters.get(meter.serial);
  if (known) return known;
  const drawn = (aspect: string) => chance(meter.serial, aspect) - 0.5;
  const a = (1 + 0.12 * drawn('a')) / 3;
  const b = (1 + 0.12 * drawn('b')) / 3;
  const character = {
    shares: [a, b, 1 - a - b],
    tilts: ['ua', 'ub', 'uc'].map((aspect) => 1 + 0.008 * drawn(aspect)),
    factor: 0.92 + 0.08 * drawn('factor'),
  };
  characters.set(meter.serial, character);
  return character;
}

function minuteOf(at: number): number {
  const minutes = Math.floor((at - ORIGIN_MS) / MINUTE_MS);
  return ((minutes % CYCLE_MINUTES) + CYCLE_MINUTES) % CYCLE_MINUTES;
}

function clamp(value: number, { low, high }: { low: number; high: number }): number {
  return Math.min(high, Math.max(low, value));
}

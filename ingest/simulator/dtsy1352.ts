/**
 * Register blocks of the prepaid three-phase meter DTSY1352 as far as its map is known: the block of all values
 * at 0200H, direct energies, parameters, forced control, time-of-use plans. Everything before PT and CT.
 */
import { clockOf, dayPlans, seasons, tableOf, triples } from './calendar.ts';
import { type Device, quantitiesAt } from './device.ts';
import { type Phase, phasesAt } from './electric.ts';
import type { Block } from './meter.ts';
import { isInArrears, remainingAt, statusA, statusB } from './prepayment.ts';
import {
  bcd,
  energyRegister,
  putBytes,
  putInt16,
  putInt32,
  putUint16,
  putUint32,
} from './words.ts';

const MODEL_CODE = 5;
/** Multi-tariff, second port RS485, internal control, prepaid, 3P4W; encryption off. */
const RUN_MODE = 0b0100_0101;
const PLAN_SLOTS = 14;
const PLAN_WORDS = 21;

export const dtsy1352: Block[] = [
  { address: 0x0000, words: 10, fill: energies },
  {
    address: 0x0022,
    words: 1,
    fill: (_device, _at, words) => putUint16(words, 0, RUN_MODE),
  },
  {
    address: 0x0028,
    words: 6,
    fill: ({ own }, _at, words) => putBytes(words, 0, own.seasons ?? seasonPlan()),
  },
  { address: 0x0037, words: 2, fill: ratios },
  {
    address: 0x0043,
    words: 3,
    fill: ({ meter }, _at, words) => putBytes(words, 0, bcd(meter.serial)),
  },
  { address: 0x0046, words: 28, fill: parameters },
  { address: 0x0200, words: 48, fill: allValues },
  { address: 0x2000, words: 2 * PLAN_WORDS, fill: dayPlanWords },
];

function allValues(device: Device, at: number, words: Uint16Array) {
  const { meter } = device;
  putUint16(words, 0, MODEL_CODE);
  phaseValues(phasesAt(device, at), words);
  putUint16(words, 0x13, meter.pt);
  putUint16(words, 0x14, meter.ct);
  const quantities = quantitiesAt(device, at);
  for (let rank = 0; rank <= 4; rank++)
    putUint32(words, 0x15 + 2 * rank, energyRegister(quantities[rank] ?? 0, meter));
  // The park is billed by the platform: prepayment is off and stands at zero until somebody writes it.
  const { own } = device;
  putInt32(words, 0x1f, remainingAt(device, at));
  putUint16(words, 0x21, own.counter);
  putUint16(words, 0x22, own.load.trips);
  putUint16(words, 0x23, own.load.isOn ? own.load.tripsAllowed : 0);
  putUint16(words, 0x24, statusA(device, at));
  putUint16(words, 0x25, statusB(device, at));
  putUint32(words, 0x26, own.baseWh / 10);
  const { year, month, day, weekday, hour, minute, second } = clockOf(at + own.clockShiftMs);
  // Highest demand and its time follow, unaligned: not kept, its scale is not known either.
  putBytes(words, 0x28, [year, month, day, weekday, hour, minute, second]);
}

/** Words 01H…12H: U, I, then P, Q and factor of the phases, each with its total. */
function phaseValues(phases: Phase[], words: Uint16Array) {
  let powerW = 0;
  let reactiveVar = 0;
  phases.forEach((phase, index) => {
    putUint16(words, 0x01 + index, phase.voltageV * 10);
    putUint16(words, 0x04 + index, phase.currentA * 100);
    putInt16(words, 0x07 + index, phase.powerW);
    putInt16(words, 0x0b + index, phase.reactiveVar);
    putInt16(words, 0x0f + index, phase.factor * 1000);
    powerW += Math.round(phase.powerW);
    reactiveVar += Math.round(phase.reactiveVar);
  });
  const apparent = Math.hypot(powerW, reactiveVar);
  putInt16(words, 0x0a, powerW);
  putInt16(words, 0x0e, reactiveVar);
  putInt16(words, 0x12, apparent > 0 ? (powerW / apparent) * 1000 : 1000);
}

function energies(device: Device, at: number, words: Uint16Array) {
  const quantities = quantitiesAt(device, at);
  for (let rank = 0; rank <= 4; rank++)
    putUint32(words, 2 * rank, energyRegister(quantities[rank] ?? 0, device.meter));
}

/** 0037H PT, 0038H CT (the order of 0213H and 0214H; sources conflict). */
function ratios({ meter }: Device, _at: number, words: Uint16Array) {
  putUint16(words, 0, meter.pt);
  putUint16(words, 1, meter.ct);
}

/** 0046H…0061H: thresholds, counter, remaining amount, forced control, prices, overload; what is unknown is zero. */
function parameters(device: Device, at: number, words: Uint16Array) {
  const { own, force } = device;
  putUint32(words, 0x46 - 0x46, own.alarm1Minor);
  putUint32(words, 0x48 - 0x46, own.alarm2Minor);
  putUint32(words, 0x4a - 0x46, own.overdraftMinor);
  putUint16(words, 0x4e - 0x46, own.counter);
  putInt32(words, 0x4f - 0x46, remainingAt(device, at));
  putBytes(words, 0x55 - 0x46, [own.isOn ? (isInArrears(device, at) ? 2 : 1) : 0, 0]);
  putUint16(words, 0x57 - 0x46, force.enabled);
  putUint16(words, 0x58 - 0x46, force.trip);
  own.prices.forEach((price, index) => {
    putUint32(words, 0x59 - 0x46 + 2 * index, price);
  });
  putUint16(words, 0x61 - 0x46, own.load.maxW);
}

/** Four entries of [day plan, day, month]. */
function seasonPlan(): number[] {
  return seasons.flatMap(({ plan, day, month }) => [plan, day, month]);
}

/** Two plans of fourteen slots of [tariff, minute, hour]; unused slots trail as zeros. */
function dayPlanWords({ own }: Device, _at: number, words: Uint16Array) {
  putBytes(words, 0, own.plans ?? dayPlanBytes());
}

function dayPlanBytes(): number[] {
  return dayPlans.flatMap((plan) => {
    const bytes = plan.flatMap(({ rank, fromMinute }) => [
      rank,
      fromMinute % 60,
      Math.floor(fromMinute / 60),
    ]);
    return [...bytes, ...new Array<number>(PLAN_SLOTS * 3 - bytes.length).fill(0)];
  });
}

/** Takes words of the season plan, [day plan, day, month] each. */
export function writeSeasons(
  device: Device,
  { values, offset, at }: { values: Uint16Array; offset: number; at: number },
): boolean {
  const bytes = overwritten(device.own.seasons ?? seasonPlan(), values, offset);
  const isSound = triples(bytes).every(
    ([plan, day, month]) => plan <= dayPlans.length && day <= 31 && month <= 12,
  );
  if (isSound) countBy(device, at, { seasons: bytes });
  return isSound;
}

/** Takes words of the day plans, [tariff, minute, hour] each. */
export function writePlans(
  device: Device,
  { values, offset, at }: { values: Uint16Array; offset: number; at: number },
): boolean {
  const bytes = overwritten(device.own.plans ?? dayPlanBytes(), values, offset);
  const isSound = triples(bytes).every(
    ([rank, minute, hour]) => rank <= 5 && minute < 60 && hour < 24,
  );
  if (isSound) countBy(device, at, { plans: bytes });
  return isSound;
}

/** From here on energy is counted by what was written; what was counted before stays as it was. */
function countBy(
  device: Device,
  at: number,
  change: Partial<Record<'seasons' | 'plans', number[]>>,
): void {
  const counted = [...quantitiesAt(device, at)];
  const own = { ...device.own, ...change };
  const table = tableOf(own.plans ?? dayPlanBytes(), own.seasons ?? seasonPlan());
  device.own = { ...own, written: { from: at, counted, table } };
}

function overwritten(bytes: readonly number[], values: Uint16Array, offset: number): number[] {
  const written = [...bytes];
  for (const [index, word] of values.entries()) {
    written.splice(2 * (offset + index), 2, word >> 8, word & 0xff);
  }
  return written;
}

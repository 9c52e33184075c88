/**
 * Register blocks of the prepaid three-phase meter DTSY1352 as far as its map is known: the block of all values
 * at 0200H, direct energies, parameters, forced control, time-of-use plans. Everything before PT and CT.
 */
import { clockOf, dayPlans, seasons } from './calendar.ts';
import { type Device, isSupplied, quantitiesAt } from './device.ts';
import { type Phase, phasesAt } from './electric.ts';
import type { Block } from './meter.ts';
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
/** The relays of the three phases closed, in status word A. */
const RELAYS_CLOSED = 0xe000;
const FORCED = 0x0008;
const FORCED_CLOSED = 0x0007;

export const dtsy1352: Block[] = [
  { address: 0x0000, words: 10, fill: energies },
  {
    address: 0x0022,
    words: 1,
    fill: (_device, _at, words) => putUint16(words, 0, RUN_MODE),
  },
  { address: 0x0028, words: 6, fill: (_device, _at, words) => putBytes(words, 0, seasonPlan()) },
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
  // 1FH remaining amount, 21H purchases, 22H/23H overload trips, 25H status B, 26H base energy: the park is billed
  // by the platform, the meters' own prepayment is off and stands at zero.
  putUint16(words, 0x24, statusA(device, at));
  const { year, month, day, weekday, hour, minute, second } = clockOf(at);
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

function statusA(device: Device, at: number): number {
  const { enabled, trip } = device.force;
  const forced = enabled ? FORCED | (trip ? 0 : FORCED_CLOSED) : 0;
  return (isSupplied(device, at) ? RELAYS_CLOSED : 0) | forced;
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
function parameters({ meter, force }: Device, _at: number, words: Uint16Array) {
  putInt32(words, 0x4f - 0x46, 0);
  putUint16(words, 0x57 - 0x46, force.enabled);
  putUint16(words, 0x58 - 0x46, force.trip);
  putUint16(words, 0x61 - 0x46, (meter.peak * 1.2) / (meter.ct * meter.pt));
}

/** Four entries of [day plan, day, month]. */
function seasonPlan(): number[] {
  return seasons.flatMap(({ plan, day, month }) => [plan, day, month]);
}

/** Two plans of fourteen slots of [tariff, minute, hour]; unused slots trail as zeros. */
function dayPlanWords(_device: Device, _at: number, words: Uint16Array) {
  dayPlans.forEach((plan, index) => {
    const bytes = plan.flatMap(({ rank, fromMinute }) => [
      rank,
      fromMinute % 60,
      Math.floor(fromMinute / 60),
    ]);
    const unused = new Array<number>(PLAN_SLOTS * 3 - bytes.length).fill(0);
    putBytes(words, index * PLAN_WORDS, [...bytes, ...unused]);
  });
}

/**
 * Register blocks of the three-phase meter DTSD1352 (ADL3000): energies, clock, instantaneous values in 16 and 32 bit,
 * ratios. Everything before PT and CT; it has no relay.
 */
import { clockOf } from './calendar.ts';
import { type Device, quantitiesAt } from './device.ts';
import { frequencyAt, phasesAt } from './electric.ts';
import type { Block } from './meter.ts';
import { energyRegister, putBytes, putInt16, putInt32, putUint16, putUint32 } from './words.ts';

/** Sums of four: three phases and their total. */
type Four = readonly [number, number, number, number];

export const dtsd1352: Block[] = [
  { address: 0x0000, words: 0x3f, fill: energiesAndClock },
  { address: 0x0061, words: 0x17, fill: instantaneous },
  { address: 0x007b, words: 1, fill: demand },
  { address: 0x007e, words: 1, fill: () => {} },
  {
    address: 0x008d,
    words: 2,
    fill: ({ meter }, _at, words) => {
      putUint16(words, 0, meter.pt);
      putUint16(words, 1, meter.ct);
    },
  },
  { address: 0x0164, words: 0x1c, fill: instantaneous32 },
];

/** 0000H total, 000AH forward, 0014H reverse, 001EH reactive total, 0028H forward reactive, 0032H reverse; then the clock. */
function energiesAndClock(device: Device, at: number, words: Uint16Array) {
  const quantities = quantitiesAt(device, at);
  for (let rank = 0; rank <= 4; rank++) {
    const wh = quantities[rank] ?? 0;
    for (const start of [0x00, 0x0a])
      putUint32(words, start + 2 * rank, energyRegister(wh, device.meter));
    for (const start of [0x1e, 0x28])
      putUint32(words, start + 2 * rank, energyRegister(wh * REACTIVE_PER_ACTIVE, device.meter));
  }
  const { year, month, day, hour, minute, second } = clockOf(at);
  putBytes(words, 0x3c, [year, month, day, hour, minute, second]);
}

function instantaneous(device: Device, at: number, words: Uint16Array) {
  const { voltages, currents, power, reactive, factor } = fours(device, at);
  voltages.forEach((volt, index) => {
    putUint16(words, index, volt * 10);
  });
  currents.forEach((ampere, index) => {
    putUint16(words, 3 + index, ampere * 100);
  });
  for (let index = 0; index < 4; index++) {
    putInt16(words, 0x06 + index, power[index] ?? 0);
    putInt16(words, 0x0a + index, reactive[index] ?? 0);
    putInt16(words, 0x0e + index, (factor[index] ?? 0) * 1000);
  }
  putUint16(words, 0x16, frequencyAt(at) * 100);
}

function instantaneous32(device: Device, at: number, words: Uint16Array) {
  const { power, reactive, factor } = fours(device, at);
  for (let index = 0; index < 4; index++) {
    putInt32(words, 2 * index, power[index] ?? 0);
    putInt32(words, 0x08 + 2 * index, reactive[index] ?? 0);
    putUint32(
      words,
      0x10 + 2 * index,
      Math.round(Math.hypot(power[index] ?? 0, reactive[index] ?? 0)),
    );
    putInt16(words, 0x18 + index, (factor[index] ?? 0) * 1000);
  }
}

/** Forward demand: the power of the moment (a sliding window is not kept here). */
function demand(device: Device, at: number, words: Uint16Array) {
  putUint16(words, 0, fours(device, at).power[3]);
}

/** A main's reactive energy is kept at the usual ratio of 0.92, so that its register only rises. */
const REACTIVE_PER_ACTIVE = Math.tan(Math.acos(0.92));

function fours(device: Device, at: number) {
  const phases = phasesAt(device, at);
  const power = withTotal(phases.map(({ powerW }) => Math.round(powerW)));
  const reactive = withTotal(phases.map(({ powerW }) => Math.round(powerW * REACTIVE_PER_ACTIVE)));
  return {
    voltages: phases.map(({ voltageV }) => voltageV),
    currents: phases.map(
      ({ voltageV, powerW }) => Math.hypot(powerW, powerW * REACTIVE_PER_ACTIVE) / voltageV,
    ),
    power,
    reactive,
    factor: power.map((watt, index) => watt / Math.hypot(watt, reactive[index] ?? 0) || 1),
  };
}

function withTotal([a = 0, b = 0, c = 0]: number[]): Four {
  return [a, b, c, a + b + c];
}

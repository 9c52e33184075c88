/**
 * The registers of each family, from vendors' pages and tools that talk to real meters. `C2` rests on
 * two independent sources, `C1` on one, `D` is derived, `G` is a guess to be verified on a device.
 */
import type { ChannelName } from '../sql/channels.ts';
import type { Area, Certainty, Limit, Register, RegisterMap } from './models.ts';

type Row = Omit<Register, 'address' | 'channel' | 'certainty'>;

/** Consecutive registers of one kind: their channels in the order of their addresses. */
function run(
  address: number,
  certainty: Certainty,
  row: Row,
  channels: readonly ChannelName[],
): Register[] {
  const words = row.type.endsWith('32') ? 2 : 1;
  return channels.map((channel, i) => ({
    ...row,
    address: address + i * words,
    channel,
    certainty,
  }));
}

const ENERGY = { type: 'uint32', times: 10 } as const; // 0.01 kWh
const VOLTAGE = { type: 'uint16', over: 10 } as const; // 0.1 V
const CURRENT = { type: 'uint16', over: 100 } as const; // 0.01 A
const POWER = { type: 'int16' } as const; // 0.001 kW
const POWER_32 = { type: 'int32' } as const; // 0.001 kW
const FACTOR = { type: 'int16', over: 1000 } as const;
const COUNT = { type: 'uint16' } as const;

const VOLTAGES = ['voltage_a_v', 'voltage_b_v', 'voltage_c_v'] as const;
const CURRENTS = ['current_a_a', 'current_b_a', 'current_c_a'] as const;
const POWERS = ['power_a_w', 'power_b_w', 'power_c_w', 'power_w'] as const;
const REACTIVES = ['reactive_a_var', 'reactive_b_var', 'reactive_c_var', 'reactive_var'] as const;
const FACTORS = ['factor_a', 'factor_b', 'factor_c', 'factor'] as const;

/** Wide enough for line voltages and a short overload: only the impossible is refused. */
const limits: readonly Limit[] = [
  { rule: 'voltage', channels: VOLTAGES, min: 0, max: 500 },
  { rule: 'current', channels: CURRENTS, min: 0, max: 200 },
  { rule: 'power', channels: [...POWERS, ...REACTIVES], min: -150_000, max: 150_000 },
  { rule: 'factor', channels: FACTORS, min: -1, max: 1 },
  { rule: 'frequency', channels: ['frequency_hz'], min: 0, max: 70 },
  { rule: 'ratio', channels: ['pt', 'ct'], min: 0, max: 9999 },
];

/** What DDSY and DTSY share of the block at 0200H after the phases (meters.md 1.2). */
const prepaidRegisters: readonly Register[] = [
  ...run(0x0213, 'C1', COUNT, ['pt', 'ct']),
  ...run(0x0215, 'C2', ENERGY, [
    'active_wh',
    'active_spike_wh',
    'active_peak_wh',
    'active_flat_wh',
    'active_valley_wh',
  ]),
  ...run(0x021f, 'D', { type: 'int32' }, ['remaining_minor']), // 0.01 of the currency
  ...run(0x0221, 'C1', COUNT, [
    'purchase_count',
    'overload_trips',
    'overload_trips_allowed',
    'status_a',
    'status_b',
  ]),
  ...run(0x0226, 'C1', ENERGY, ['base_wh']),
];

const prepaid = {
  areas: [[0x0200, 0x022f]] as readonly Area[],
  proven: [{ address: 0x0200, words: 48 }],
  gapWords: 16,
  clock: {
    address: 0x0228,
    bytes: ['year', 'month', 'day', 'weekday', 'hour', 'minute', 'second'],
  },
  limits,
} as const satisfies Partial<RegisterMap>;

export const dtsyMap: RegisterMap = {
  ...prepaid,
  code: { address: 0x0200, value: 5 },
  registers: [
    ...run(0x0201, 'C1', VOLTAGE, VOLTAGES),
    ...run(0x0204, 'C1', CURRENT, CURRENTS),
    ...run(0x0207, 'C1', POWER, POWERS),
    ...run(0x020b, 'C1', POWER, REACTIVES),
    ...run(0x020f, 'C1', FACTOR, FACTORS),
    ...prepaidRegisters,
  ],
};

/** One phase: B and C of the block mean nothing and are not read out. */
export const ddsyMap: RegisterMap = {
  ...prepaid,
  code: { address: 0x0200, value: 7 },
  registers: [
    ...run(0x0201, 'C1', VOLTAGE, ['voltage_a_v']),
    ...run(0x0204, 'C1', CURRENT, ['current_a_a']),
    ...run(0x0207, 'C1', POWER, ['power_a_w']),
    ...run(0x020a, 'C1', POWER, ['power_w']),
    ...run(0x020b, 'C1', POWER, ['reactive_a_var']),
    ...run(0x020e, 'C1', POWER, ['reactive_var']),
    ...run(0x020f, 'C1', FACTOR, ['factor_a']),
    ...run(0x0212, 'C1', FACTOR, ['factor']),
    ...prepaidRegisters,
  ],
};

/** DTSD1352 and ADL3000 (meters.md 1.6): secondary values, not prepaid. */
export const dtsdMap: RegisterMap = {
  areas: [
    [0x0000, 0x003e],
    [0x0061, 0x0077],
    [0x008d, 0x008e],
    [0x0164, 0x017f],
  ],
  gapWords: 16,
  clock: { address: 0x003c, bytes: ['year', 'month', 'day', 'hour', 'minute', 'second'] },
  limits,
  registers: [
    ...run(0x0000, 'C2', ENERGY, [
      'active_wh',
      'active_spike_wh',
      'active_peak_wh',
      'active_flat_wh',
      'active_valley_wh',
      'forward_wh',
      'forward_spike_wh',
      'forward_peak_wh',
      'forward_flat_wh',
      'forward_valley_wh',
      'reverse_wh',
    ]),
    ...run(0x001e, 'C2', ENERGY, ['reactive_varh']),
    ...run(0x0028, 'C2', ENERGY, ['forward_varh']),
    ...run(0x0032, 'C2', ENERGY, ['reverse_varh']),
    ...run(0x0061, 'C2', VOLTAGE, VOLTAGES),
    ...run(0x0064, 'C2', CURRENT, CURRENTS),
    ...run(0x0077, 'C2', { type: 'uint16', over: 100 }, ['frequency_hz']),
    ...run(0x008d, 'C1', COUNT, ['pt', 'ct']),
    ...run(0x0164, 'C1', POWER_32, POWERS),
    ...run(0x016c, 'C1', POWER_32, REACTIVES),
    ...run(0x017c, 'C1', FACTOR, FACTORS),
  ],
};

/** A plain pulse counter behind Modbus; no vendor's table was found, so all of it is ours. */
export const waterMap: RegisterMap = {
  areas: [[0x0000, 0x0002]],
  gapWords: 0,
  limits: [],
  registers: [
    ...run(0x0000, 'G', { type: 'uint32' }, ['volume_l']),
    ...run(0x0002, 'G', { type: 'uint16', bit: 0 }, ['valve']),
  ],
};

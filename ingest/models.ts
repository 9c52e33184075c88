/**
 * Meter models as data: where each quantity lies, how it is scaled, what can be true. A new model
 * is a map here, never a branch elsewhere. Addresses are those sent on the wire (from 0).
 */
import { billingRegisters, registerSpans } from '../sql/billing-registers.ts';
import type { ChannelName } from '../sql/channels.ts';
import { ddsyMap, dtsdMap, dtsyMap, waterMap } from './register-maps.ts';

export const modelNames = [
  'DDSY1352',
  'DTSY1352',
  'DTSD1352',
  'ADL3000',
  'WATER',
  'DDSY1352-SIM',
  'DTSY1352-SIM',
  'DTSD1352-SIM',
  'ADL3000-SIM',
  'WATER-SIM',
] as const;
export type ModelName = (typeof modelNames)[number];

/** One request of function 03: `words` registers from `address` on. */
export interface Read {
  readonly address: number;
  readonly words: number;
}

/** How sure a fact is: two sources, one source, derived, guessed. */
export type Certainty = 'C2' | 'C1' | 'D' | 'G';

export interface Register {
  readonly address: number;
  readonly type: 'uint16' | 'int16' | 'uint32' | 'int32';
  readonly channel: ChannelName;
  readonly certainty: Certainty;
  /** value = raw × times ÷ over; at most one of the two, 1 where it is not said. */
  readonly times?: number;
  readonly over?: number;
  /** Only this bit of the word (0 = lowest). */
  readonly bit?: number;
}

/** [first, last] address of registers that the model is known to answer for. */
export type Area = readonly [first: number, last: number];

export type ClockByte = 'year' | 'month' | 'day' | 'weekday' | 'hour' | 'minute' | 'second';

/** Limits of what one reading alone can truthfully say, per channel, before CT/PT. */
export interface Limit {
  readonly rule: string;
  readonly channels: readonly ChannelName[];
  readonly min: number;
  readonly max: number;
}

export interface RegisterMap {
  readonly registers: readonly Register[];
  /** Everything that may be asked for; outside lies exception 02. */
  readonly areas: readonly Area[];
  /** Reads that are known to work as a whole, asked for exactly so. */
  readonly proven?: readonly Read[];
  /** Most unused words that one read may carry along, within an area. */
  readonly gapWords: number;
  /** One byte each, high byte first, from this register on. */
  readonly clock?: { readonly address: number; readonly bytes: readonly ClockByte[] };
  /** The register that names the model, and what it says for this one. */
  readonly code?: { readonly address: number; readonly value: number };
  readonly limits: readonly Limit[];
}

export interface MeterModel extends RegisterMap {
  readonly name: ModelName;
  readonly simulated: boolean;
  readonly commodity: 'electricity' | 'water';
  readonly phases: 0 | 1 | 3;
  /** The channel that is billed: forward active where it exists. */
  readonly billing: ChannelName;
  /** True when the billing register already counts primary energy (multiplier 1, else CT × PT). */
  readonly primary: boolean;
  /** Base units at which the billing register begins again at 0, before CT/PT. */
  readonly registerSpan: bigint;
  /** The step of the billing register, base units. */
  readonly registerStep: number;
  /** Most base units an hour that can be true at CT × PT = 1. */
  readonly ratedPerHour: number;
  /** Its own rating at the terminals; null for water. */
  readonly ratedVoltageV: number | null;
  readonly ratedCurrentA: number | null;
}

/** Longest read proven on these meters (meters.md 2.2). */
export const MAX_READ_WORDS = 48;

const electric = {
  commodity: 'electricity',
  // Whether DTSY and DDSY count primary energy is not stated anywhere; secondary until verified.
  primary: false,
  registerSpan: registerSpans.electricity,
  registerStep: 10,
  ratedVoltageV: 220,
} as const;

const families = {
  DDSY1352: {
    ...electric,
    ...ddsyMap,
    phases: 1,
    billing: billingRegisters.DDSY1352,
    ratedCurrentA: 60,
    ratedPerHour: 60 * 220,
  },
  DTSY1352: {
    ...electric,
    ...dtsyMap,
    phases: 3,
    billing: billingRegisters.DTSY1352,
    ratedCurrentA: 80,
    ratedPerHour: 3 * 80 * 220,
  },
  DTSD1352: {
    ...electric,
    ...dtsdMap,
    phases: 3,
    billing: billingRegisters.DTSD1352,
    ratedCurrentA: 80,
    ratedPerHour: 3 * 80 * 220,
  },
  ADL3000: {
    ...electric,
    ...dtsdMap,
    phases: 3,
    billing: billingRegisters.ADL3000,
    ratedCurrentA: 80,
    ratedPerHour: 3 * 80 * 220,
  },
  WATER: {
    ...waterMap,
    commodity: 'water',
    primary: true,
    registerSpan: registerSpans.water,
    registerStep: 1,
    phases: 0,
    billing: billingRegisters.WATER,
    ratedVoltageV: null,
    ratedCurrentA: null,
    ratedPerHour: 50_000,
  },
} as const satisfies Record<string, Omit<MeterModel, 'name' | 'simulated'>>;

/** Every model by name; a `-SIM` twin has the same map and is marked simulated. */
export const models: Readonly<Record<ModelName, MeterModel>> = Object.fromEntries(
  modelNames.map((name): [ModelName, MeterModel] => {
    const simulated = name.endsWith('-SIM');
    // Every name is a family's, with or without the suffix: the list above is closed.
    const family = name.replace('-SIM', '') as keyof typeof families;
    return [name, { ...families[family], name, simulated }];
  }),
) as Record<ModelName, MeterModel>;

/** The model of that name, or undefined. */
export const modelOf = (name: string): MeterModel | undefined =>
  Object.hasOwn(models, name) ? models[name as ModelName] : undefined;

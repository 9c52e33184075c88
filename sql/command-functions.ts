/**
 * What a meter can be told to do: arguments, who may ask, how long it holds, which models know it.
 * The browser, the API, billing and ingest all read this one table.
 */
import { z } from 'zod';
import type { Permission } from './permission.ts';

/** Signed 32 bit, as the meters' registers for amounts. */
const AMOUNT_MAX_MINOR = 2 ** 31 - 1;
/** A price register holds this many ten-thousandths of the currency's unit. */
const PRICE_MAX = 100_000;
const PRICE_DECIMALS = 4;

const amountMinor = z.number().int().min(0).max(AMOUNT_MAX_MINOR);
const price = z
  .string()
  .regex(new RegExp(`^\\d{1,6}(\\.\\d{1,${PRICE_DECIMALS}})?$`), 'a decimal of four places at most')
  .refine((text) => Number(text) < PRICE_MAX, 'too high for the register');

/** Slots of a day in the meter's own table: 14 at most, the first at midnight, rising. */
const dayPlan = z
  .array(
    z.strictObject({
      fromMinute: z.number().int().min(0).max(1439),
      rank: z.number().int().min(1).max(5),
    }),
  )
  .min(1)
  .max(14)
  .refine((slots) => slots[0]?.fromMinute === 0, 'the first slot begins at midnight')
  .refine(
    (slots) => slots.every((s, i) => i === 0 || s.fromMinute > (slots[i - 1]?.fromMinute ?? 0)),
    'slots must rise',
  );
const touTable = z
  .strictObject({
    dayPlans: z.array(dayPlan).min(1).max(2),
    seasons: z
      .array(
        z.strictObject({
          month: z.number().int().min(1).max(12),
          day: z.number().int().min(1).max(31),
          plan: z.number().int().min(1).max(2),
        }),
      )
      .min(1)
      .max(4),
  })
  .refine(
    ({ dayPlans, seasons }) => seasons.every(({ plan }) => plan <= dayPlans.length),
    'a season names a day plan that is not given',
  );

const nothing = z.strictObject({});

/** How far a function is known on a family of models: by two sources, or by one that must be enabled. */
type Knowledge = 'verified' | 'unverified';
type Family = 'DDSY1352' | 'DTSY1352' | 'DTSD1352' | 'ADL3000' | 'WATER';
const prepaid = (how: Knowledge) => ({ DDSY1352: how, DTSY1352: how });

interface FunctionRow {
  arguments: z.ZodType<Record<string, unknown>>;
  permission: Permission;
  /** A newer command of the same kind takes the place of an older one that was not sent; null: never. */
  kind: string | null;
  /** Seconds after which it is not sent any more. */
  lifeS: number;
  models: Partial<Record<Family, Knowledge>>;
  /** What samples must show afterwards; null where the function says nothing of the supply. */
  supply: 'on' | 'off' | null;
  /** May close a relay or open a valve: refused while the point is locked out. */
  closes: boolean;
}

const HOUR_S = 3600;

export const commandFunctions = {
  'read-now': {
    arguments: nothing,
    permission: 'command.write',
    kind: 'read',
    lifeS: 300,
    models: {
      ...prepaid('verified'),
      DTSD1352: 'verified',
      ADL3000: 'verified',
      WATER: 'verified',
    },
    supply: null,
    closes: false,
  },
  'set-clock': {
    arguments: nothing,
    permission: 'command.write',
    kind: 'clock',
    lifeS: 6 * HOUR_S,
    models: prepaid('unverified'),
    supply: null,
    closes: false,
  },
  'issue-price': {
    arguments: z.strictObject({
      prices: z.strictObject({ spike: price, peak: price, flat: price, valley: price }),
    }),
    permission: 'command.write',
    kind: 'price',
    lifeS: 24 * HOUR_S,
    models: prepaid('unverified'),
    supply: null,
    closes: false,
  },
  'issue-settings': {
    arguments: z
      .strictObject({
        alarm1Minor: amountMinor,
        alarm2Minor: amountMinor,
        /** Primary watts at the point; null leaves the meter's load control as it is. */
        overloadW: z.number().int().min(1).max(100_000_000).nullable(),
        /** How far below zero the meter supplies; not said: as it is. */
        overdraftMinor: amountMinor.optional(),
      })
      .refine(
        ({ alarm1Minor, alarm2Minor }) => alarm1Minor >= alarm2Minor,
        'alarm 1 is not below alarm 2',
      ),
    permission: 'command.write',
    kind: 'settings',
    lifeS: 24 * HOUR_S,
    models: prepaid('unverified'),
    supply: null,
    closes: false,
  },
  'tou-table': {
    arguments: touTable,
    permission: 'command.write',
    kind: 'tou',
    lifeS: 24 * HOUR_S,
    // The addresses rest on two sources; whether a slot's time is its start or its end, on none.
    models: prepaid('unverified'),
    supply: null,
    closes: false,
  },
  trip: {
    arguments: nothing,
    permission: 'supply.write',
    kind: 'supply',
    lifeS: HOUR_S,
    models: prepaid('verified'),
    supply: 'off',
    closes: false,
  },
  'guarantee-supply': {
    arguments: nothing,
    permission: 'supply.write',
    kind: 'supply',
    lifeS: HOUR_S,
    models: prepaid('verified'),
    supply: 'on',
    closes: true,
  },
  'restore-prepaid': {
    arguments: nothing,
    permission: 'supply.write',
    kind: 'supply',
    lifeS: HOUR_S,
    models: prepaid('unverified'),
    // The meter decides by its own balance: it may stay open.
    supply: null,
    closes: true,
  },
  'valve-open': {
    arguments: nothing,
    permission: 'supply.write',
    kind: 'valve',
    lifeS: HOUR_S,
    models: { WATER: 'unverified' },
    supply: 'on',
    closes: true,
  },
  'valve-close': {
    arguments: nothing,
    permission: 'supply.write',
    kind: 'valve',
    lifeS: HOUR_S,
    models: { WATER: 'unverified' },
    supply: 'off',
    closes: false,
  },
  recharge: {
    /** `counter`: the meter's purchase counter after it, one more than before. */
    arguments: z.strictObject({
      amountMinor: amountMinor.min(1),
      counter: z.number().int().min(1).max(0xffff),
    }),
    permission: 'supply.write',
    kind: null,
    lifeS: 24 * HOUR_S,
    models: prepaid('unverified'),
    supply: null,
    closes: false,
  },
} as const satisfies Record<string, FunctionRow>;

export type CommandFunction = keyof typeof commandFunctions;
export type Prices = z.output<(typeof commandFunctions)['issue-price']['arguments']>['prices'];
export type Settings = z.output<(typeof commandFunctions)['issue-settings']['arguments']>;
export type TouTable = z.output<typeof touTable>;
export type Recharge = z.output<(typeof commandFunctions)['recharge']['arguments']>;

/** Every function, in the order of the table. */
export const commandFunctionNames = Object.keys(commandFunctions) as CommandFunction[];

export const commandFunctionOf = (name: CommandFunction): FunctionRow => commandFunctions[name];

/** Whether a function decides over relays or valve, to whatever end. */
export const isSupplyFunction = (name: CommandFunction): boolean =>
  ['supply', 'valve'].includes(commandFunctionOf(name).kind ?? '');

/** What a model, by its name, knows of a function; a `-SIM` twin may be sent all that its family has. */
export function knowledgeOf(model: string, name: CommandFunction): Knowledge | 'unsupported' {
  const models: Record<string, Knowledge | undefined> = commandFunctionOf(name).models;
  const known = models[model.replace(/-SIM$/, '')];
  if (known === undefined) return 'unsupported';
  return model.endsWith('-SIM') ? 'verified' : known;
}

export const commandStateNames = [
  'requested',
  'sent',
  'confirmed',
  'refused',
  'expired',
  'unknown',
] as const;
export type CommandState = (typeof commandStateNames)[number];

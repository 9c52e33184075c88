/**
 * What a command means on the wire: which registers to read before and after, what to write given what
 * stands there, and what the registers say of it afterwards. Pure; nothing here knows a socket.
 */
import type {
  CommandFunction,
  Prices,
  Recharge,
  Settings,
  TouTable,
} from '../sql/command-functions.ts';
import { clockPlan } from './command-clock.ts';
import { type CommandMap, MASKED } from './command-maps.ts';
import type { Block } from './decode.ts';
import type { MeterModel, Read } from './models.ts';
import { bytesOf, int32At, uint32At, wordsAt } from './words.ts';

/** A frame that changes something, without its unit. */
export type Write =
  | { kind: 'write'; address: number; values: readonly number[] }
  | { kind: 'masked'; address: number; bytes: Uint8Array };

/** What was read, in words that are kept with the command. */
export type Seen = Record<string, number | string | readonly number[]>;

/** What to send, given what stands in the meter. */
export type Intent =
  | { do: 'send'; writes: readonly Write[] }
  /** Nothing to send: it is so already. */
  | { do: 'nothing' }
  /** Not now: asked again later. */
  | { do: 'wait'; why: string }
  | { do: 'refuse'; why: string };

/**
 * What the registers say of a command. `partly`: one step of several is done; `pending`: accepted, the
 * relay has not followed; `differs`: it acted, but not by what was asked.
 */
export type Judgement = 'done' | 'not-done' | 'partly' | 'pending' | 'differs';

export interface Plan {
  reads: readonly Read[];
  /** What is written depends on the instant: nothing comes between reading and writing. */
  isTimed?: true;
  tell: (blocks: readonly Block[]) => Seen;
  intend: (seen: Seen, context: { nowMs: number; attempts: number }) => Intent;
  /** `before`: as it was when the first frame was sent; `sentMs`: when that was. */
  judge: (
    seen: Seen,
    context: { before: Seen | null; sentMs: number | null; nowMs: number },
  ) => Judgement;
}

/** Whom the command is for, as far as its frames need it. */
export interface Target {
  model: MeterModel;
  map: CommandMap;
  serial: string;
  /** IANA zone of the meter's clock. */
  zone: string;
  /** CT × PT of the installation in force; 1 without one. */
  ratio: number;
}

/** The plan of a function, or undefined when the model does not have what it needs. */
export function planOf(
  name: CommandFunction,
  args: Record<string, unknown>,
  target: Target,
): Plan | undefined {
  const { map } = target;
  // Arguments were validated by their schema when the command was made (sql/command-functions.ts).
  switch (name) {
    case 'read-now':
      return undefined;
    case 'trip':
      return supplyPlan(map, { forced: 1, tripped: 1, relays: 'open' });
    case 'guarantee-supply':
      return supplyPlan(map, { forced: 1, tripped: 0, relays: 'closed' });
    case 'restore-prepaid':
      return supplyPlan(map, { forced: 0, tripped: 0, relays: null });
    case 'valve-open':
      return valvePlan(map, 1);
    case 'valve-close':
      return valvePlan(map, 0);
    case 'issue-price':
      return pricePlan(target, (args as { prices: Prices }).prices);
    case 'issue-settings':
      return settingsPlan(target, args as Settings);
    case 'tou-table':
      return touPlan(map, args as TouTable);
    case 'set-clock':
      return clockPlan(target);
    case 'recharge':
      return rechargePlan(target, args as Recharge);
  }
}

function supplyPlan(
  { force, status }: CommandMap,
  wanted: { forced: number; tripped: number; relays: 'open' | 'closed' | null },
): Plan | undefined {
  if (!force || !status) return undefined;
  const { relays: mask, ...statusRead } = status;
  return {
    reads: [force, statusRead],
    tell: (blocks) => {
      const [forced = 0, tripped = 0] = wordsAt(blocks, force);
      const [statusA = 0] = wordsAt(blocks, statusRead);
      const closed = statusA & mask;
      const relays = closed === mask ? 'closed' : closed === 0 ? 'open' : 'mixed';
      return { forced, tripped, relays, statusA };
    },
    intend: () => ({
      do: 'send',
      writes: [{ kind: 'write', address: force.address, values: [wanted.forced, wanted.tripped] }],
    }),
    judge: (seen) => {
      const isTaken =
        seen.forced === wanted.forced && (wanted.forced === 0 || seen.tripped === wanted.tripped);
      if (!isTaken) return 'not-done';
      return wanted.relays === null || seen.relays === wanted.relays ? 'done' : 'pending';
    },
  };
}

function valvePlan({ valve }: CommandMap, open: 0 | 1): Plan | undefined {
  if (!valve) return undefined;
  return {
    reads: [valve],
    tell: (blocks) => {
      const [word = 0] = wordsAt(blocks, valve);
      return { valve: word & 1, word };
    },
    intend: ({ word }) => ({
      do: 'send',
      writes: [{ kind: 'write', address: valve.address, values: [(Number(word) & 0xfffe) | open] }],
    }),
    judge: (seen) => (seen.valve === open ? 'done' : 'not-done'),
  };
}

const MONEY_BYTES = 60;
const LOAD_BYTES = 26;
const ALL_PHASES = 0xff;
const RANKS = ['spike', 'peak', 'flat', 'valley'] as const;
/** Ours until a vendor's sheet says otherwise: 0.0001 of the currency. */
const PRICE_STEPS = 10_000;

/** The money block of function 20H: what `groups` sets at its offsets, and the meter's number. */
function moneyWrite(serial: string, groups: Record<number, readonly number[]>): Write {
  const bytes = Buffer.alloc(MONEY_BYTES);
  for (const [offset, values] of Object.entries(groups)) bytes.set(values, Number(offset));
  // Not enabled, so it renames nothing; but who is meant stands inside the frame.
  if (isNumber(serial)) bytes.set(Buffer.from(serial, 'hex'), 54);
  return { kind: 'masked', address: MASKED.money, bytes };
}

/** Whether a serial is what a meter can hold as its own number. */
export const isNumber = (serial: string): boolean => /^\d{12}$/.test(serial);

function pricePlan({ map, serial }: Target, prices: Prices): Plan | undefined {
  const read = map.prices;
  if (!read) return undefined;
  const wanted = RANKS.map((rank) => Math.round(Number(prices[rank]) * PRICE_STEPS));
  return {
    reads: [read],
    tell: (blocks) => {
      const words = wordsAt(blocks, read);
      return { prices: RANKS.map((_, i) => uint32At(words, 2 * i)) };
    },
    intend: () => ({
      do: 'send',
      writes: [moneyWrite(serial, { 29: [1, ...wanted.flatMap(bytesOf)] })],
    }),
    judge: (seen) => (same(seen.prices, wanted) ? 'done' : 'not-done'),
  };
}

function settingsPlan({ map, serial, ratio }: Target, settings: Settings): Plan | undefined {
  const { thresholds, overload } = map;
  if (!thresholds || !overload) return undefined;
  const { alarm1Minor, alarm2Minor, overloadW, overdraftMinor } = settings;
  const limitW = overloadW === null ? null : Math.floor(overloadW / ratio);
  return {
    reads: [thresholds, overload],
    tell: (blocks) => {
      const words = wordsAt(blocks, thresholds);
      const [watts = 0] = wordsAt(blocks, overload);
      return {
        alarm1Minor: uint32At(words, 0),
        alarm2Minor: uint32At(words, 2),
        overdraftMinor: uint32At(words, 4),
        overloadW: watts,
      };
    },
    intend: () => {
      if (limitW !== null && (limitW < 1 || limitW > 0xffff)) {
        return { do: 'refuse', why: 'out-of-range' };
      }
      const thresholdGroup = { 20: [1, ...bytesOf(alarm1Minor), ...bytesOf(alarm2Minor)] };
      const groups =
        overdraftMinor === undefined
          ? thresholdGroup
          : { ...thresholdGroup, 46: [1, ...bytesOf(overdraftMinor)] };
      const writes = [moneyWrite(serial, groups)];
      if (limitW !== null) writes.push(loadWrite(limitW));
      return { do: 'send', writes };
    },
    judge: (seen) =>
      seen.alarm1Minor === alarm1Minor &&
      seen.alarm2Minor === alarm2Minor &&
      (overdraftMinor === undefined || seen.overdraftMinor === overdraftMinor) &&
      (limitW === null || seen.overloadW === limitW)
        ? 'done'
        : 'not-done',
  };
}

/** Load control on for all phases, with this limit; no limit of power steps or of the power factor. */
function loadWrite(limitW: number): Write {
  const bytes = Buffer.alloc(LOAD_BYTES);
  bytes.set([ALL_PHASES, 1, 1, limitW >> 8, limitW & 0xff]);
  return { kind: 'masked', address: MASKED.load, bytes };
}

const PLAN_WORDS = 21;
const SEASON_WORDS = 6;

function touPlan({ seasons, dayPlans }: CommandMap, table: TouTable): Plan | undefined {
  if (!seasons || !dayPlans) return undefined;
  const plans = dayPlans.map((_, i) => dayPlanWords(table.dayPlans[i] ?? table.dayPlans[0] ?? []));
  const season = packed(
    table.seasons.flatMap(({ plan, day, month }) => [plan, day, month]),
    SEASON_WORDS,
  );
  const parts = [
    { read: seasons, values: season },
    ...dayPlans.map((read, i) => ({ read, values: plans[i] ?? [] })),
  ];
  return {
    reads: parts.map(({ read }) => read),
    tell: (blocks) => ({ words: parts.flatMap(({ read }) => wordsAt(blocks, read)) }),
    intend: () => ({
      do: 'send',
      writes: parts.map(({ read, values }) => ({ kind: 'write', address: read.address, values })),
    }),
    judge: ({ words }) =>
      same(
        words,
        parts.flatMap(({ values }) => values),
      )
        ? 'done'
        : 'not-done',
  };
}

const dayPlanWords = (slots: TouTable['dayPlans'][number]): number[] =>
  packed(
    slots.flatMap(({ rank, fromMinute }) => [rank, fromMinute % 60, Math.floor(fromMinute / 60)]),
    PLAN_WORDS,
  );

/** Bytes as words, filled up with zeros: what is not used. */
const packed = (bytes: readonly number[], words: number): number[] =>
  Array.from({ length: words }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));

const HOUR_MS = 3_600_000;

/**
 * Adds to what is left and takes the counter one further. The counter proves that it happened: it is set
 * by this frame alone, so it is looked at before anything is sent, and again instead of sending.
 */
function rechargePlan({ map, serial, ratio, model }: Target, wanted: Recharge): Plan | undefined {
  const { money, prices } = map;
  if (!money || !prices) return undefined;
  const { amountMinor, counter } = wanted;
  return {
    reads: [money, prices],
    tell: (blocks) => {
      const words = wordsAt(blocks, money);
      const priced = wordsAt(blocks, prices);
      return {
        remainingMinor: int32At(words, 0),
        counter: words[2] ?? 0,
        highestPrice: Math.max(...RANKS.map((_, i) => uint32At(priced, 2 * i))),
      };
    },
    intend: (seen, { attempts }) => {
      const stands = Number(seen.counter);
      if (stands === counter && attempts > 0) return { do: 'nothing' };
      if (stands === counter) return { do: 'refuse', why: 'counter-used' };
      if (stands !== counter - 1) return { do: 'refuse', why: 'counter-differs' };
      const left = Number(seen.remainingMinor) + amountMinor;
      if (left > 0x7fffffff) return { do: 'refuse', why: 'out-of-range' };
      const groups = {
        0: [1, 1],
        2: [1, ...bytesOf(left)],
        7: [1, counter >> 8, counter & 0xff],
      };
      return { do: 'send', writes: [moneyWrite(serial, groups)] };
    },
    judge: (seen, { before, sentMs, nowMs }) => {
      if (Number(seen.counter) === counter - 1) return 'not-done';
      if (seen.counter !== counter || before === null) return 'differs';
      const full = Number(before.remainingMinor) + amountMinor;
      const hours = Math.max(0, nowMs - (sentMs ?? nowMs)) / HOUR_MS;
      const mostWh = hours * model.ratedPerHour * ratio;
      const mostUsed = Math.ceil((mostWh * Number(seen.highestPrice)) / 1000 / 100) + 1;
      const left = Number(seen.remainingMinor);
      return left <= full && left >= full - mostUsed ? 'done' : 'differs';
    },
  };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

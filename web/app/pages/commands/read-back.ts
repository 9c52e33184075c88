/** What was read back from a meter, short and in words; and what was asked for, likewise. */
import type { TFunction } from 'i18next';
import type { Command } from '../../command-shapes.ts';
import { amount, number } from '../../format.ts';
import { ranks } from './draft.ts';

const minor = (value: unknown): string =>
  typeof value === 'number' ? amount((value / 100).toFixed(2)) : '–';
/** Registers of prices hold ten-thousandths of the currency. */
const price = (value: unknown): string =>
  typeof value === 'number' ? amount((value / 10_000).toFixed(4), 4) : '–';

/** The registers after (or before) a command; empty where they add nothing to its outcome. */
export function readBack(t: TFunction, seen: Record<string, unknown> | null): string {
  if (!seen) return '';
  if ('relays' in seen) return t(`command.relays.${String(seen.relays)}`);
  if ('valve' in seen) return t(seen.valve === 1 ? 'command.valve.open' : 'command.valve.closed');
  if (Array.isArray(seen.prices)) return seen.prices.map(price).join(' / ');
  if ('alarm1Minor' in seen) {
    return `${minor(seen.alarm1Minor)} / ${minor(seen.alarm2Minor)} · ${number(Number(seen.overloadW))} W`;
  }
  if ('counter' in seen) {
    return t('command.counter', {
      amount: minor(seen.remainingMinor),
      counter: number(Number(seen.counter)),
    });
  }
  return '';
}

/** What was asked for, where it is more than the function's name. */
export function askedText(
  t: TFunction,
  { function: name, arguments: args }: Pick<Command, 'function' | 'arguments'>,
): string {
  if (name === 'issue-price') {
    // As the API validated them when the command was made.
    const prices = args.prices as Record<string, string> | undefined;
    return ranks.map((rank) => amount(prices?.[rank], 4)).join(' / ');
  }
  if (name === 'issue-settings') {
    const kept = `${minor(args.alarm1Minor)} / ${minor(args.alarm2Minor)}`;
    const { overloadW, overdraftMinor } = args;
    return [
      kept,
      typeof overloadW === 'number' && `${number(overloadW / 1000, 1)} kW`,
      typeof overdraftMinor === 'number' &&
        t('command.overdraft', { amount: minor(overdraftMinor) }),
    ]
      .filter(Boolean)
      .join(' · ');
  }
  if (name === 'recharge') {
    return t('command.counter', {
      amount: minor(args.amountMinor),
      counter: number(Number(args.counter)),
    });
  }
  return '';
}

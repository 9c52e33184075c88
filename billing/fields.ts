/** Fields that several of this room's requests and answers share. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { formatMinor, type Money, money, parseMinor } from '../sql/money.ts';
import { Problem } from '../sql/problem.ts';
import { idSchema, type RouteEnv } from '../sql/route.ts';

const NAME_MAX = 120;

/** A line of text as people write it: trimmed, no control characters. */
export const textSchema = z
  .string()
  .trim()
  .min(1)
  .max(NAME_MAX)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'holds control characters');

export const nameFields = {
  name: textSchema.openapi({ example: 'Xinda Mould' }),
  nameZh: textSchema.nullable().default(null).openapi({ example: '鑫达模具' }),
};

/** The header of what is done once however often it is sent. */
export const keyHeader = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .openapi({ description: 'Needed: the same key acts once, however often it is sent' }),
});

/** Who acts in which request: the part of an audit line that every act shares. */
export const by = (c: Context<RouteEnv>) => ({
  actor: c.get('access').actor,
  traceId: c.get('traceId'),
});
export type By = ReturnType<typeof by>;

/** Minor units of money as it was sent. Throws Problem `invalid-amount` unless it fits the currency. */
export function minorOf(sent: Money, currency: string): bigint {
  if (sent.currency !== currency) {
    throw new Problem('invalid-amount', `Amounts here are in ${currency}, not ${sent.currency}.`);
  }
  const minor = parseMinor(sent.amount, currency);
  if (minor === undefined) {
    const example = formatMinor(123_456n, currency);
    throw new Problem('invalid-amount', `An amount in ${currency} is written like ${example}.`);
  }
  return minor;
}

/** A threshold of an account is this at the most, minor units: what a meter's register takes. */
export const ALARM_MINOR_MAX = 2_000_000_000n;

/** Money or null from a column that may be null. */
export const moneyOrNull = (minor: string | bigint | null, currency: string): Money | null =>
  minor === null ? null : money(BigInt(minor), currency);

/** The one row of an INSERT … RETURNING. */
export function only<Row>(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined || rows.length !== 1) throw new Error(`one row expected, ${rows.length}`);
  return row;
}

/** The id in a cursor, '0' for none. Throws Problem `invalid-request` for anything else. */
export function idCursor(cursor: string | undefined): string {
  if (cursor === undefined) return '0';
  if (!idSchema.safeParse(cursor).success) {
    throw new Problem('invalid-request', 'query/cursor: not a cursor');
  }
  return cursor;
}

/** The page of rows that were asked for with one more than `limit`; the cursor is its last id. */
export function idPage<Row extends { id: string }>(rows: readonly Row[], limit: number) {
  const data = rows.slice(0, limit);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

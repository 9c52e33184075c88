/** Fields that the bodies of this room share. */
import { z } from '@hono/zod-openapi';
import { Problem } from '../sql/problem.ts';
import { idSchema, instantSchema, pageQuery } from '../sql/route.ts';
import { modelNames } from './models.ts';

const NAME_MAX = 120;
const CODE_MAX = 40;

/** A line of text as people write it: trimmed, no control characters. */
export const textSchema = z
  .string()
  .trim()
  .min(1)
  .max(NAME_MAX)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'holds control characters');

export const nameFields = { name: textSchema, nameZh: textSchema.nullable().default(null) };

/** What people and papers call a thing: letters, digits and a few marks. */
export const codeSchema = z
  .string()
  .trim()
  .min(1)
  .max(CODE_MAX)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._/ -]*$/u, 'not a code');

/** A name or address as one writes it in a URL, without scheme, port or path. */
export const hostSchema = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .regex(
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/,
    'not a host name or address',
  )
  .openapi({ example: '192.168.1.50' });

/** A meter model that is known. */
export const modelSchema = z.enum(modelNames, {
  error: ({ input }) => `unknown model ${String(input).slice(0, 40)}; GET /models names them`,
});

/** A Modbus address. */
export const unitSchema = z.number().int().min(1).max(247);

/** What a meter's own plate says. */
export const serialSchema = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'not a serial number')
  .openapi({ example: '202611240001' });

/** Seconds between two readings. */
export const pollSecondsSchema = z.number().int().min(5).max(86_400);

/** A register or quantity in base units: an exact integer. */
export const registerSchema = z
  .number()
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .openapi({ example: 123_456_780 });

/** A page of a list in order of id. */
export const idPageQuery = pageQuery.extend({ cursor: idSchema.optional() });

/** For lists of things that can be retired: what is out of use comes along when it is asked for. */
export const withRetired = {
  retired: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'true: those out of use, too' }),
};

/** Since when a thing is out of use after a change that says so, says otherwise, or says nothing of it. */
export const retiredAfter = (
  before: Date | null,
  wanted: boolean | undefined,
  now: Date,
): Date | null => (wanted === undefined ? before : wanted ? (before ?? now) : null);

/** Epoch ms of two instants in order. Throws Problem `invalid-request` when the range is empty. */
export function rangeOf({ from, to }: { from: string; to: string }): {
  fromMs: number;
  toMs: number;
} {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs >= toMs) throw new Problem('invalid-request', 'query/to: must be later than from');
  return { fromMs, toMs };
}

/** Before this no meter of ours stood anywhere: an earlier year is a slip of the pen. */
const EARLIEST = '2000-01-01T00:00:00Z';
const LATEST = '2100-01-01T00:00:00Z';

/** The instant from or to which something dated holds. */
export const datedSchema = instantSchema.refine(
  (text) => Date.parse(text) >= Date.parse(EARLIEST) && Date.parse(text) < Date.parse(LATEST),
  'must lie between the years 2000 and 2100',
);

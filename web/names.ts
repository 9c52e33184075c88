/** Names of things: one is needed, the Chinese one may stand beside it. */
import { z } from '@hono/zod-openapi';

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
  name: textSchema.openapi({ example: 'Building A' }),
  nameZh: textSchema.nullable().default(null).openapi({ example: 'A 栋' }),
};

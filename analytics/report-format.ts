/** Which form of a report was asked for: the page's JSON, or a file. */
import { z } from '@hono/zod-openapi';
import { type FileFormat, fileFormats } from '../sql/export/table.ts';

export const formatSchema = z
  .enum(fileFormats)
  .optional()
  .openapi({ description: 'Unset: as Accept says; `json` is the same as a page gets' });

/** 'page' is the JSON envelope. */
export function formatAsked(
  format: string | undefined,
  accept = '',
): 'page' | Exclude<FileFormat, 'json'> {
  const wanted = format ?? (accept.includes('text/csv') ? 'csv' : 'json');
  return wanted === 'json' ? 'page' : (wanted as Exclude<FileFormat, 'json'>); // As formatSchema says.
}

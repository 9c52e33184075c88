/** Which form of an answer was asked for: the page's JSON, or a file of all its rows. */
import { z } from '@hono/zod-openapi';
import { Problem } from '../problem.ts';
import { type FileFormat, fileFormats } from './table.ts';

export const mediaTypes: Record<FileFormat, string> = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
  json: 'application/json',
};

const said = `A file of all rows: ${fileFormats.join(', ')}. Unset: as Accept says, where application/json is the page`;

/** Any text, since an unknown format has a Problem of its own. */
export const formatSchema = z
  .string()
  .optional()
  .openapi({ type: 'string', enum: [...fileFormats], description: said });

/** The same as a parameter in the description of the API. */
export const formatParameter = {
  name: 'format',
  in: 'query' as const,
  required: false,
  schema: { type: 'string' as const, enum: [...fileFormats] },
  description: said,
};

/**
 * The form that was asked for, by `?format=` or else by Accept; 'page' is the JSON that pages get.
 * Throws Problem `format-unknown` when there is no such form.
 */
export function formatAsked(format: string | undefined, accept = ''): 'page' | FileFormat {
  if (format !== undefined) {
    const found = fileFormats.find((known) => known === format);
    if (!found) throw unknown(`There is no format ${JSON.stringify(format.slice(0, 40))}`);
    return found;
  }
  const wanted = accept
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const q = parameters.find((p) => p.startsWith('q='));
      return { type, q: q === undefined ? 1 : Number(q.slice(2)) };
    })
    .filter(({ type, q }) => type !== '' && q > 0)
    .sort((a, b) => b.q - a.q);
  if (wanted.length === 0) return 'page';
  for (const { type } of wanted) {
    // Also what a browser asks for that follows a link.
    if (['*/*', 'application/*', 'application/json', 'text/html'].includes(type)) return 'page';
    const found = fileFormats.find((known) => mediaTypes[known] === type || type === 'text/*');
    if (found) return found;
  }
  throw unknown('Accept names no format that there is');
}

const unknown = (what: string) =>
  new Problem(
    'format-unknown',
    `${what}; there are ${fileFormats.map((f) => `${f} (${mediaTypes[f]})`).join(', ')}.`,
  );

/** The `responses` of a route whose answer can also be had as a file. */
export const withFiles = <Answers extends { 200: { content: Record<string, unknown> } }>(
  responses: Answers,
): Answers => ({
  ...responses,
  200: { ...responses[200], content: { ...responses[200].content, ...fileContent } },
});

/** Media types of files, for the description of the API. */
export const fileContent = Object.fromEntries(
  fileFormats
    .filter((format) => format !== 'json')
    .map((format) => [
      mediaTypes[format],
      { schema: { type: 'string' as const, ...(format !== 'csv' && { format: 'binary' }) } },
    ]),
);

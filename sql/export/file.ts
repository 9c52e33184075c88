/** A table as a file in the form that was asked for. */
import { Problem } from '../problem.ts';
import type { FileFormat, FileTable } from './table.ts';

/**
 * The answer that carries the table. Throws Problem `format-unknown` for a form that there is not.
 * (First shape: the writers follow.)
 */
export async function fileResponse(
  table: FileTable,
  format: FileFormat,
  _options: { signal: AbortSignal },
): Promise<Response> {
  throw new Problem('invalid-request', `${table.name} cannot be had as ${format} yet.`);
}

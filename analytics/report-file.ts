/** A report as a file: the reader's connection stays with it until the last byte is out. */
import type { DuckDBConnection } from '../sql/duckdb.ts';
import { fileResponse } from '../sql/export/file.ts';
import type { FileFormat, FileTable } from '../sql/export/table.ts';
import type { Reader } from './reader.ts';

/** Answers with the file of the table that `answer` makes. */
export function fileOf({
  reader,
  format,
  signal,
  answer,
}: {
  reader: Reader;
  format: FileFormat;
  signal: AbortSignal;
  answer: (connection: DuckDBConnection) => Promise<FileTable>;
}): Promise<Response> {
  return reader.ask(
    async (connection) => fileResponse(await answer(connection), format, { signal }),
    signal,
  );
}

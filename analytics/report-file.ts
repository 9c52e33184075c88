/** A report as a file: the reader's connection stays with it until the last byte is out. */
import type { DuckDBConnection } from '../sql/duckdb.ts';
import { fileResponse } from '../sql/export/file.ts';
import type { FileFormat, FileTable } from '../sql/export/table.ts';
import type { Access } from '../sql/permission.ts';
import type { Reader } from './reader.ts';

/** Answers with the file of the table that `answer` makes; its `signal` ends when nobody waits for it. */
export async function fileOf({
  reader,
  access,
  format,
  signal,
  onEnd = async () => {},
  answer,
}: {
  reader: Reader;
  access: Access;
  format: FileFormat;
  signal: AbortSignal;
  /** Called when the last byte is out, or none will come. */
  onEnd?: () => Promise<void>;
  answer: (connection: DuckDBConnection, signal: AbortSignal) => Promise<FileTable>;
}): Promise<Response> {
  const turn = await reader.file(access.actor, signal);
  const end = () => {
    turn.end();
    void onEnd();
  };
  let table: FileTable;
  try {
    table = await answer(turn.connection, turn.signal);
  } catch (error) {
    end();
    throw error;
  }
  const { signal: lasting, workFolder } = turn;
  return fileResponse(table, format, { signal: lasting, workFolder, onEnd: end });
}

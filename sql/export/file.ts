/**
 * A table as a file in the form that was asked for. Rows are made as fast as they are taken: who goes
 * away, or takes nothing for a while, ends the statement and frees everything.
 */
import { Problem } from '../problem.ts';
import { arrowFile } from './arrow.ts';
import { csvFile } from './csv.ts';
import { mediaTypes } from './format.ts';
import { jsonFile } from './json.ts';
import { parquetPieces, writeParquet } from './parquet.ts';
import { openSource } from './source.ts';
import type { FileFormat, FileTable } from './table.ts';
import { diskFull, type WorkFolder } from './work.ts';
import { xlsxFile } from './xlsx.ts';

/** A reader that takes no byte for so long is cut off. */
export const STALL_MS = 60_000;

export interface FileOptions {
  /** Ends when the asker has gone. */
  signal: AbortSignal;
  workFolder: WorkFolder;
  /** Called once, when the last byte is out or the file is given up. */
  onEnd?: () => void;
  stallMs?: number;
}

/**
 * The answer that carries the table. Until the first rows are there, what fails is thrown: Problem
 * `range-too-long` when memory does not hold the statement, `disk-full`, or the reason of `signal`.
 * Later the answer breaks off, without the line that says it is complete.
 */
export async function fileResponse(
  table: FileTable,
  format: FileFormat,
  { signal, workFolder, onEnd = () => {}, stallMs = STALL_MS }: FileOptions,
): Promise<Response> {
  const stop = new AbortController();
  const pass = () => stop.abort(signal.reason);
  signal.addEventListener('abort', pass);
  const end = () => {
    signal.removeEventListener('abort', pass);
    onEnd();
  };
  try {
    signal.throwIfAborted();
    const { pieces, headers } = await contentOf(table, format, { signal: stop.signal, workFolder });
    const first = await pieces.next();
    const body = streamOf(pieces, { first, stop, end, stallMs });
    return new Response(body, {
      headers: {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : mediaTypes[format],
        'content-disposition': disposition(`${table.name}.${format}`),
        ...headers,
      },
    });
  } catch (error) {
    end();
    signal.throwIfAborted();
    throw outOfMemory(error) ?? diskFull(error) ?? error;
  }
}

interface Content {
  pieces: AsyncGenerator<Uint8Array>;
  headers?: Record<string, string>;
}

async function contentOf(
  table: FileTable,
  format: FileFormat,
  { signal, workFolder }: { signal: AbortSignal; workFolder: WorkFolder },
): Promise<Content> {
  if (format === 'parquet') return parquetContent(table, { signal, workFolder });
  const source = await openSource(table, signal);
  if (format === 'csv') return { pieces: csvFile(table, source) };
  if (format === 'json') return { pieces: jsonFile(table, source) };
  if (format === 'arrow') return { pieces: arrowFile(table, source) };
  return { pieces: xlsxFile(table, source) };
}

function parquetContent(
  table: FileTable,
  { signal, workFolder }: { signal: AbortSignal; workFolder: WorkFolder },
): Promise<Content> {
  return workFolder.use(signal, async ({ file, signal: watched, done }) => {
    const written = await writeParquet(table, await openSource(table, watched), file);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      try {
        yield* parquetPieces(file);
      } finally {
        await done();
      }
    }
    return {
      pieces: pieces(),
      headers: {
        'content-length': String(written.bytes),
        'content-digest': `sha-256=:${written.sha256.toString('base64')}:`,
        'x-rows': String(written.rows),
      },
    };
  });
}

/** Pieces as they are taken. */
function streamOf(
  pieces: AsyncGenerator<Uint8Array>,
  {
    first,
    stop,
    end,
    stallMs,
  }: {
    first: IteratorResult<Uint8Array>;
    stop: AbortController;
    end: () => void;
    stallMs: number;
  },
): ReadableStream<Uint8Array> {
  let next: IteratorResult<Uint8Array> | undefined = first;
  let stalled: NodeJS.Timeout | undefined;
  const finish = async (reason?: unknown) => {
    clearTimeout(stalled);
    // The statement first: a generator that waits for it cannot be ended.
    if (reason !== undefined) stop.abort(reason);
    await pieces.return(undefined).catch(() => {});
    end();
  };
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      clearTimeout(stalled);
      try {
        const { value, done } = next ?? (await pieces.next());
        next = undefined;
        if (done) {
          controller.close();
          await finish();
          return;
        }
        controller.enqueue(value);
        stalled = setTimeout(() => {
          const reason = new Error(`the reader took nothing for ${stallMs} ms`);
          controller.error(reason);
          void finish(reason);
        }, stallMs);
      } catch (error) {
        controller.error(error);
        await finish(error);
      }
    },
    cancel: (reason) => finish(reason ?? new Error('the reader has gone')),
  });
}

const outOfMemory = (error: unknown): Problem | undefined =>
  error instanceof Error && error.message.startsWith('Out of Memory')
    ? new Problem('range-too-long', 'The file needs more memory than it may have: choose less.')
    : undefined;

/** Content-Disposition of a file: its name in ASCII for old programs, and as it is for all others. */
export function disposition(name: string): string {
  const plain = name.replace(/[^\w.\- ]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

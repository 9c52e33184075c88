/** Rows that DuckDB writes as text, and JavaScript only counts, hashes and passes on. */
import { createHash } from 'node:crypto';
import { joinedText } from './raw.ts';
import { literal, type Source, type TypedColumn } from './source.ts';
import { type Closing, openSums } from './sums.ts';

/** Milliseconds, as everywhere in the API. */
const INSTANT = '%Y-%m-%dT%H:%M:%S.%gZ';

/** A column as plain text in SQL; null stays null. */
export function plainText({ type, sql }: TypedColumn): string {
  if (type === 'instant') return `strftime(${sql}, ${literal(INSTANT)})`;
  if (type === 'text' || type === 'id') return sql;
  return `CAST(${sql} AS VARCHAR)`;
}

/** The rows as bytes, each one the text of `line`; `closing` is right when they are through. */
export function textRows(
  { summed, select }: Source,
  line: string,
): { pieces: AsyncGenerator<Buffer>; closing: () => Closing } {
  const sums = openSums(summed);
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const chunk of select([line, ...summed.map(({ sql }) => sql)])) {
      sums.add(chunk, 1);
      yield joinedText(chunk, 0);
    }
  }
  return { pieces: pieces(), closing: sums.closing };
}

/**
 * A whole text file: what comes before the rows together with the first of them, so that a statement
 * that fails at once has sent nothing; then the rest; and a last line with the SHA-256 of all before it.
 */
export async function* hashedFile({
  head,
  pieces,
  foot,
  last,
}: {
  head: string;
  pieces: AsyncIterable<Buffer>;
  foot: () => string;
  last: (sha256: string) => string;
}): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let waiting = Buffer.from(head);
  for await (const piece of pieces) {
    const out = waiting.length > 0 ? Buffer.concat([waiting, piece]) : piece;
    waiting = Buffer.alloc(0);
    hash.update(out);
    yield out;
  }
  const end = Buffer.concat([waiting, Buffer.from(foot())]);
  hash.update(end);
  yield Buffer.concat([end, Buffer.from(last(hash.digest('hex')))]);
}

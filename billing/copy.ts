/**
 * Many rows into Postgres: COPY for tables that are only added to, and columns as one array text for
 * statements that must look first. Both cost a fraction of an array that the driver quotes item by item.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

type Value = string | number | bigint | null;

/** Streams lines, their columns parted by tabs, into `table (columns)`; texts must go through `copyText`. */
export async function copyLines(
  client: pg.ClientBase,
  { into, lines }: { into: string; lines: Iterable<string> },
): Promise<void> {
  await pipeline(Readable.from(pieces(lines)), client.query(copyFrom(`COPY ${into} FROM STDIN`)));
}

/** Lines joined to pieces of some kilobytes: a stream's step costs more than a row. */
function* pieces(lines: Iterable<string>): Generator<string> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < PIECE_CHARACTERS) continue;
    yield text;
    text = '';
  }
  if (text) yield text;
}

const PIECE_CHARACTERS = 65_536;

/** A text as COPY reads it. */
export const copyText = (text: string): string =>
  text.replace(/[\\\t\n\r]/g, (c) => `\\${escapes[c] ?? c}`);

const escapes: Record<string, string> = { '\t': 't', '\n': 'n', '\r': 'r' };

/** A column of ids, numbers, days or other plain words as the text of a Postgres array. */
export const arrayText = (values: readonly Value[]): string =>
  `{${values.map((value) => value ?? 'NULL').join()}}`;

/** A column of any texts as the text of a Postgres array. */
export const arrayOfTexts = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join()}}`;

/**
 * JSON as a page gets it, but of any length: what is known first, the rows one a line, and then how many
 * there were, their totals, and on the last line the SHA-256 of all bytes before it.
 */

import { literal, type Source, type TypedColumn } from './source.ts';
import type { FileColumn, FileTable } from './table.ts';
import { hashedFile, plainText, textRows } from './text.ts';

/** The table as JSON. */
export function jsonFile(table: FileTable, source: Source): AsyncGenerator<Buffer> {
  const { pieces, closing } = textRows(source, lineSql(source.columns));
  const head = JSON.stringify({
    ...(table.head ?? { about: Object.fromEntries(table.about.map((a) => [a.name, a.value])) }),
    columns: table.columns.map(({ name, type, unit, title }) => ({
      name: camel(name),
      type,
      unit,
      title,
    })),
  });
  return hashedFile({
    head: `${head.slice(0, -1)},"data":[`,
    pieces: withoutFirstByte(pieces),
    foot: () => {
      const { rows, totals } = closing();
      const sums = table.columns
        .filter(({ name }) => name in totals)
        .map((column) => `${JSON.stringify(camel(column.name))}:${total(column, totals)}`);
      for (const [name, value] of Object.entries(table.totals ?? {})) {
        sums.push(`${JSON.stringify(name)}:${JSON.stringify(value ?? null)}`);
      }
      return `\n],"rowCount":${rows},"totals":{${sums.join()}}${closed(table)}\n`;
    },
    last: (sha256) => `,"sha256":"${sha256}"}\n`,
  });
}

function closed({ closing }: FileTable): string {
  if (!closing) return '';
  return `,"closing":${JSON.stringify(Object.fromEntries(closing().map((c) => [c.name, c.value])))}`;
}

/** snake_case → camelCase, as JSON names things. */
const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function total({ name, type, unit }: FileColumn, totals: Record<string, string | null>): string {
  const value = totals[name] ?? null;
  if (value === null) return 'null';
  if (type === 'money') return JSON.stringify({ amount: value, currency: unit });
  return type === 'integer' ? value : JSON.stringify(value);
}

/** Each row begins with the comma that parts it from the one before; the first has none before it. */
async function* withoutFirstByte(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const piece of pieces) {
    yield first ? piece.subarray(1) : piece;
    first = false;
  }
}

function lineSql(columns: readonly TypedColumn[]): string {
  const parts = columns.flatMap((column, i) => [
    literal(`${i === 0 ? ',\n{' : ','}${JSON.stringify(camel(column.name))}:`),
    `coalesce(${valueSql(column)}, 'null')`,
  ]);
  return `concat(${parts.join(', ')}, '}')`;
}

function valueSql(column: TypedColumn): string {
  const text = plainText(column);
  switch (column.type) {
    case 'text':
    case 'id':
      return `CAST(to_json(${text}) AS VARCHAR)`;
    case 'integer':
    case 'number':
    case 'boolean':
      return text;
    case 'decimal':
    case 'day':
    case 'instant':
      return `'"' || ${text} || '"'`;
    case 'money': {
      const currency = JSON.stringify(column.unit);
      return `'{"amount":"' || ${text} || ${literal(`","currency":${currency}}`)}`;
    }
  }
}

/**
 * JSON as a page gets it, but of any length: what is known first, the rows one a line, and then how many
 * there were, their totals, and on the last line the SHA-256 of all bytes before it.
 */

import { camel } from './ending.ts';
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
      const closed = closing();
      const { rows, totals } = closed;
      const { totals: others = {}, beside = {} } = table.closing?.(closed) ?? {};
      const said = new Map([
        ...table.columns
          .filter(({ name }) => name in totals)
          .map((column): [string, string] => [camel(column.name), total(column, totals)]),
        ...members(others),
      ]);
      const after = [['rowCount', String(rows)], ['totals', objectOf(said)], ...members(beside)];
      return `\n],${after.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}\n`;
    },
    last: (sha256) => `,"sha256":"${sha256}"}\n`,
  });
}

const members = (of: Readonly<Record<string, unknown>>): [string, string][] =>
  Object.entries(of).map(([name, value]) => [name, JSON.stringify(value ?? null)]);

const objectOf = (said: Map<string, string>): string =>
  `{${[...said].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;

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

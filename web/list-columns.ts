/**
 * The rows of a list as flat columns, read off the description of the API: nested objects side by side,
 * money as a decimal with its currency as unit, lists and open records as JSON in a text.
 */
import type { Cell, ColumnType, FileColumn } from '../sql/export/table.ts';
import { exponentOf, parseMinor } from '../sql/money.ts';

/** As much of a JSON schema as routes use. */
export interface JsonSchema {
  $ref?: string;
  type?: string | readonly string[];
  format?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  allOf?: readonly JsonSchema[];
}

export interface ListColumn extends FileColumn {
  /** Where the value stands in a row. */
  path: readonly string[];
}

export type Components = Record<string, JsonSchema>;

/** Deepest nesting that becomes columns; what lies deeper is JSON. */
const DEPTH_MAX = 4;

/** The columns of a row's schema, with money in `currency`. */
export function columnsOfRow(
  row: JsonSchema,
  { components, currency }: { components: Components; currency: string },
): ListColumn[] {
  const walk = (schema: JsonSchema, path: readonly string[]): ListColumn[] => {
    const plain = resolved(schema, components);
    const { properties } = plain;
    if (path.length > 0 && isMoney(plain))
      return [{ ...column(path, 'money'), ...inCurrency(currency) }];
    if (properties && path.length < DEPTH_MAX) {
      return Object.entries(properties).flatMap(([name, inner]) => walk(inner, [...path, name]));
    }
    return [column(path, typeOf(plain, path.at(-1) ?? ''))];
  };
  return walk(row, []);
}

const inCurrency = (currency: string) => ({ unit: currency, scale: exponentOf(currency) });

function column(path: readonly string[], type: ColumnType): ListColumn {
  const name = path.map(snake).join('_');
  const words = name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());
  return { name, type, unit: null, title: words, path };
}

const snake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/^_/, '');

/** Without references, and without null beside it. */
export function resolved(schema: JsonSchema, components: Components): JsonSchema {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return resolved(components[name] ?? {}, components);
  // A reference that may be null, or that is described, is written as `allOf` of it and a bare word on it.
  const references = schema.allOf?.filter((s) => s.$ref !== undefined) ?? [];
  const bare = schema.allOf?.every((s) => s.$ref !== undefined || !(s.properties ?? s.items));
  if (references[0] && references.length === 1 && bare) return resolved(references[0], components);
  const choices = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.filter((s) => s.type !== 'null');
  return choices?.length === 1 && choices[0] ? resolved(choices[0], components) : schema;
}

const isMoney = ({ properties }: JsonSchema): boolean =>
  properties !== undefined && Object.keys(properties).sort().join() === 'amount,currency';

function typeOf({ type, format }: JsonSchema, name: string): ColumnType {
  const [only, ...others] = [type ?? []].flat().filter((t) => t !== 'null');
  if (others.length > 0) return 'text';
  if (only === 'integer') return 'integer';
  if (only === 'number') return 'number';
  if (only === 'boolean') return 'boolean';
  if (only !== 'string') return 'text';
  if (format === 'date') return 'day';
  if (format === 'date-time' || /[a-z]At$/.test(name)) return 'instant';
  return name === 'id' || /[a-z]Id$/.test(name) ? 'id' : 'text';
}

/** The cells of a row. Throws when a value is not what the description says: then it is a lie. */
export const cellsOfRow = (columns: readonly ListColumn[], row: unknown): Cell[] =>
  columns.map((of) => cellOf(of, valueAt(row, of.path)));

const valueAt = (row: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string, unknown>)[name] // Any object has names.
        : null,
    row,
  );

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

function cellOf({ name, type, unit }: ListColumn, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (type === 'money') {
    const { amount, currency } = value as { amount: string; currency: string }; // As isMoney has seen.
    const minor = currency === unit ? parseMinor(amount, currency) : undefined;
    if (minor === undefined) throw new Error(`${name}: ${amount} ${currency} is not in ${unit}`);
    return minor;
  }
  if (type === 'instant') {
    if (typeof value !== 'string' || !INSTANT.test(value)) throw new Error(`${name}: no instant`);
    return new Date(value);
  }
  if (typeof value === 'object') return JSON.stringify(value);
  if (type === 'integer' && !Number.isSafeInteger(value)) throw new Error(`${name}: no integer`);
  if (typeof value === 'number' || typeof value === 'boolean') {
    return type === 'text' ? String(value) : value;
  }
  return String(value);
}

/** What is wrong with the shape of a tariff that was entered: each place, its sentence and its code. */
import type { z } from 'zod';
import { calendarSentences } from '../sql/period-calendar.ts';
import type { Fault } from '../sql/problem.ts';
import { PRICE_DIGITS, RATE_DIGITS } from './exact.ts';

/** What the schema asks in words of ours, by the code of the fault; `decimal` follows what it is of. */
export const tariffSentences = {
  decimal: 'is a plain decimal below 1,000,000',
  decimals: `has at most ${PRICE_DIGITS} decimals`,
  negative: 'a price is not negative',
  factor: 'a factor is above zero',
  'tax-rate': 'a tax rate lies between 0 and 1',
  'tax-decimals': `a tax rate has at most ${RATE_DIGITS} decimals`,
  'year-start': 'a year begins on the first of a month: MM-01',
} as const;

const sentences = Object.entries({ ...tariffSentences, ...calendarSentences });
const digits: Record<string, number> = { decimals: PRICE_DIGITS, 'tax-decimals': RATE_DIGITS };

/** Every issue of the schema as a fault with its place, in words a person finds it by. */
export function shapeFaults(input: unknown, error: z.ZodError): Fault[] {
  return error.issues.map((issue) => {
    const code = codeOf(input, issue);
    const limit = digits[code] ?? limitOf(issue);
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.join(', ').slice(0, 80) : null;
    return {
      at: `/${issue.path.join('/')}`,
      message: `${placeOf(input, issue.path)}${issue.message}`,
      code,
      parameters: { ...(limit !== null && { limit }), ...(keys !== null && { keys }) },
    };
  });
}

type Issue = z.core.$ZodIssue;

function codeOf(input: unknown, issue: Issue): string {
  const own = sentences.find(([, sentence]) => issue.message.endsWith(sentence));
  // What is not filled in yet is told as that, not as a figure that is none.
  if (own) return valueAt(input, issue.path) === '' ? 'missing' : own[0];
  switch (issue.code) {
    case 'invalid_type':
      return valueAt(input, issue.path) === undefined ? 'missing' : 'wrong-type';
    case 'too_small':
      return issue.origin === 'string' ? 'empty' : issue.origin === 'array' ? 'too-few' : 'too-low';
    case 'too_big':
      return issue.origin === 'string'
        ? 'too-long'
        : issue.origin === 'array'
          ? 'too-many'
          : 'too-high';
    case 'unrecognized_keys':
      return 'unknown-keys';
    default:
      return 'not-allowed';
  }
}

function limitOf(issue: Issue): number | null {
  if (issue.code === 'too_small') return Number(issue.minimum);
  return issue.code === 'too_big' ? Number(issue.maximum) : null;
}

/** Only looked into, never trusted: what was entered has failed its schema. */
const within = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce(within, input);

/** “season “summer”, weekday: ” for a path into the calendar: a person has to find it again. */
function placeOf(input: unknown, path: readonly PropertyKey[]): string {
  const words: string[] = [];
  let here: unknown = input;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) break;
    here = within(here, key);
    const { name, code, type } = (here ?? {}) as Record<string, unknown>;
    if (typeof code === 'string') words.push(`component “${code.slice(0, 60)}”`);
    else if (typeof name === 'string' && path[0] === 'calendar')
      words.push(`season “${name.slice(0, 60)}”`);
    else if (typeof type === 'string') words.push(type.slice(0, 20));
  }
  const leaf = path.at(-1);
  if (typeof leaf === 'string' && words.length > 0) words.push(leaf);
  return words.length > 0 ? `${words.join(', ')}: ` : path.length > 0 ? `${path.join('/')}: ` : '';
}

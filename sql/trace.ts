/**
 * The trace id: what a request, and every line and job that comes of it, is found by. It follows the
 * work by itself, from the middleware or the loop that began it down to the log and the tables.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

const traces = new AsyncLocalStorage<string>();

/** Runs `act`, and whatever it begins, under a trace id. */
export const inTrace = <Result>(traceId: string, act: () => Result): Result =>
  traces.run(traceId, act);

/** The trace id that is in force here, if one is. */
export const currentTrace = (): string | undefined => traces.getStore();

/** A fresh trace id: 32 hex digits, as W3C has them. */
export const newTrace = (): string => randomBytes(16).toString('hex');

const ZEROS = /^0+$/;

/**
 * The trace id of a W3C `traceparent` header; undefined for one that is missing or not valid, which is
 * then as if it had not been sent.
 * @example traceOf('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
 */
export function traceOf(header: string | undefined): string | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-|$)/.exec(header ?? '');
  const [, version, traceId = '', parent = '', more] = match ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== ''))
    return undefined;
  return ZEROS.test(traceId) || ZEROS.test(parent) ? undefined : traceId;
}

/** The header that hands a trace on, with a span of our own. */
export const traceparent = (traceId: string): string =>
  `00-${traceId}-${randomBytes(8).toString('hex')}-01`;

/** What a meter's channels show of its relays or valve, for whoever asks: ingest that watches them, billing that cuts. */
import { sql } from 'drizzle-orm';
import { commandFunctionNames, isSupplyFunction } from './command-functions.ts';

/** Bits of closed relays in status word A. */
const RELAYS = 0xe000;

/** On while any phase is closed; undefined when the channels show neither relays nor valve. */
export function suppliedBy({
  status_a: status,
  valve,
}: {
  status_a?: number | string | undefined;
  valve?: number | string | undefined;
}): 'on' | 'off' | undefined {
  if (typeof status === 'number') return (status & RELAYS) === 0 ? 'off' : 'on';
  if (typeof valve === 'number') return valve === 0 ? 'off' : 'on';
  return undefined;
}

/** The functions that decide over relays or valve, as a list of SQL. */
export const supplyFunctions = sql.join(
  commandFunctionNames.filter(isSupplyFunction).map((name) => sql`${name}`),
  sql`, `,
);

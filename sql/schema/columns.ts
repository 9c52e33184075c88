/** Column kinds that every table shares: 64-bit ids as decimal strings, exact integers, instants. */
import { sql } from 'drizzle-orm';
import { customType, text, timestamp } from 'drizzle-orm/pg-core';

/** A 64-bit id, a decimal string in TypeScript: opaque outside, compact and fast to join inside. */
export const id = customType<{ data: string; driverData: string }>({ dataType: () => 'bigint' });

/** The id of a table's own rows, drawn from one sequence, so that no two things share an id. */
export const ownId = () => id('id').notNull().default(sql`nextval('ids')`);

/** A 64-bit exact integer (Wh, litres, minor units of money). */
export const exact = customType<{ data: bigint; driverData: string }>({
  dataType: () => 'bigint',
  fromDriver: (value) => BigInt(value),
  toDriver: (value) => value.toString(),
});

/** An exact decimal, as text in TypeScript: never passed through a binary float. */
export const decimal = customType<{ data: string; driverData: string }>({
  dataType: () => 'numeric',
});

/** An instant in UTC. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** The instant at which the row was written. */
export const createdAt = () => instant('created_at').notNull().defaultNow();

/** Who decided, why and when: what a decision says beside what it is about and how. */
export const decided = () => ({
  decidedBy: text('decided_by').notNull(),
  reason: text().notNull(),
  createdAt: createdAt(),
});

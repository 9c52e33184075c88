/** Every table of the Postgres kernel. */
export * from './accounts.ts';
export * from './bank.ts';
export * from './commands.ts';
export * from './credit.ts';
export * from './devices.ts';
export * from './exports.ts';
export * from './identity.ts';
export * from './ledger.ts';
export * from './meter-mode.ts';
export * from './notices.ts';
export * from './openings.ts';
export * from './places.ts';
export * from './quality.ts';
export * from './settlements.ts';
export * from './shared.ts';
export * from './vending.ts';

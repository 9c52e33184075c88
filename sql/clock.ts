/** What time it is. Everything below a main.ts is handed a clock, so that a test can turn it. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();

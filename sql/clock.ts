/** What time it is, and how an instant is told. Everything below a main.ts is handed a clock, so that a test can turn it. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();

/** An instant as Postgres gives it, as the API tells it; what has not happened stays null. */
export const isoOrNull = (at: Date | string | null): string | null =>
  at === null ? null : new Date(at).toISOString();

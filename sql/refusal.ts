/** Why the system does not start, in one line for the person at the terminal: what is wrong and what to do. */
export class Refusal extends Error {
  override name = 'Refusal';
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

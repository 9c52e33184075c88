/** Why the system does not start, in one line for the person at the terminal: what is wrong and what to do. */
export class Refusal extends Error {
  override name = 'Refusal';
}

/** The message of whatever was thrown, without what a statement was given. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? withoutParameters(error.message, error) : String(error);

/**
 * A text about an error without the parameters of failed statements, which its message ends with: among them are
 * session tokens, hashes of passwords, and names of people.
 */
export function withoutParameters(text: string, error: unknown): string {
  let told = text;
  for (let e = error; e instanceof Error; e = e.cause) {
    if ('params' in e) told = told.replaceAll(`\nparams: ${e.params}`, '');
  }
  return told;
}

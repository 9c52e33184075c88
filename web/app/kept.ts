/** Small choices kept on this device: theme, language, columns. Storage that is refused is no error. */
export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Private windows refuse; the choice then lasts as long as the page.
  }
}

export function forget(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // What could not be kept need not be forgotten.
  }
}

const SIGNED_IN = 'wattledger.signed-in';

/** Remembers that someone signed in here, or that they signed out. */
export const keepSignedIn = (isSignedIn: boolean) => keep(SIGNED_IN, isSignedIn ? '1' : '0');

/** True when nobody is signed in here for sure: then a session is not asked for only to be refused. */
export const isSignedOut = (): boolean => {
  try {
    return localStorage.getItem(SIGNED_IN) !== '1';
  } catch {
    return false;
  }
};

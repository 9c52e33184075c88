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

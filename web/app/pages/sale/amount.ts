/** An amount as people type it, as exact decimal text; null when it is none. Pure. */
export function cleanAmount(typed: string): string | null {
  const text = typed
    .trim()
    .replace(/[,，\s]/g, '')
    .replace('。', '.');
  const parts = /^(\d{1,9})(?:\.(\d{0,2}))?$/.exec(text);
  if (!parts) return null;
  const [, whole = '0', fraction = ''] = parts;
  const clean = `${whole.replace(/^0+(?=\d)/, '')}.${fraction.padEnd(2, '0')}`;
  return /[1-9]/.test(clean) ? clean : null;
}

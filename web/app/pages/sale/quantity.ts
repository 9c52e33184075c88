/** A quantity as people type it, and what it costs: exact, as the server reckons it. Pure. */

/** Base units (Wh, litres) of kWh or m³ with at most three decimals; null when it is none. */
export function cleanQuantity(typed: string): number | null {
  const text = typed
    .trim()
    .replace(/[,，\s]/g, '')
    .replace('。', '.');
  const parts = /^(\d{1,6})(?:\.(\d{0,3}))?$/.exec(text);
  if (!parts) return null;
  const quantity = Number(`${parts[1]}${(parts[2] ?? '').padEnd(3, '0')}`);
  return quantity > 0 ? quantity : null;
}

const CENT_DIGITS = 2;

/** Base units × price per 1,000 of them, to the cent, half to even; null for less than a cent. */
export function costOf(quantity: number, price: string): string | null {
  const [whole = '0', fraction = ''] = price.split('.');
  const unit = 10n ** BigInt(fraction.length + 3 - CENT_DIGITS);
  const exact = BigInt(quantity) * BigInt(whole + fraction);
  const rest = exact % unit;
  let cents = exact / unit;
  if (2n * rest > unit || (2n * rest === unit && cents % 2n === 1n)) cents += 1n;
  if (cents === 0n) return null;
  const text = cents.toString().padStart(CENT_DIGITS + 1, '0');
  return `${text.slice(0, -CENT_DIGITS)}.${text.slice(-CENT_DIGITS)}`;
}

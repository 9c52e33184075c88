/** Exact decimal text, as prices and rates are entered and stored. Pure; nothing passes through a float. */

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** What people type as a plain decimal: '1,286.20' → '1286.20'; null when it is none. */
export function cleanDecimal(typed: string): string | null {
  const text = typed
    .trim()
    .replace(/[,，\s]/g, '')
    .replace('。', '.')
    .replace('−', '-');
  const whole = text.startsWith('.') ? `0${text}` : text.replace(/\.$/, '');
  return DECIMAL.test(whole) ? whole.replace(/^(-?)0+(?=\d)/, '$1') : null;
}

/** Moves the decimal point to the right (left when negative): shift('0.13', 2) is '13'. */
export function shift(text: string, places: number): string {
  const { digits, scale } = parse(text);
  return render(
    places > scale ? digits * 10n ** BigInt(places - scale) : digits,
    Math.max(0, scale - places),
  );
}

export function plus(a: string, b: string): string {
  const [x, y] = [parse(a), parse(b)];
  const scale = Math.max(x.scale, y.scale);
  const of = ({ digits, scale: own }: Parsed) => digits * 10n ** BigInt(scale - own);
  return render(of(x) + of(y), scale);
}

export function times(a: string, b: string): string {
  const [x, y] = [parse(a), parse(b)];
  return render(x.digits * y.digits, x.scale + y.scale);
}

interface Parsed {
  digits: bigint;
  scale: number;
}

function parse(text: string): Parsed {
  const clean = cleanDecimal(text) ?? '0';
  const [, fraction = ''] = clean.split('.');
  return { digits: BigInt(clean.replace('.', '')), scale: fraction.length };
}

function render(digits: bigint, scale: number): string {
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const fraction = scale ? text.slice(-scale).replace(/0+$/, '') : '';
  return `${sign}${text.slice(0, text.length - scale)}${fraction && `.${fraction}`}`;
}

/** kWh or m³ as typed into base units; null when it is no whole number of them. */
export function toBase(typed: string): number | null {
  const clean = cleanDecimal(typed);
  if (clean === null || clean.startsWith('-')) return null;
  const base = shift(clean, 3);
  return /^\d{1,15}$/.test(base) ? Number(base) : null;
}

/** Base units as kWh or m³, as short as it can be written. */
export const fromBase = (base: number): string => shift(String(Math.round(base)), -3);

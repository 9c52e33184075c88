/**
 * Numbers as text: grouping, a true minus, an en dash for what is missing. Quantities come in base
 * units (Wh, litre, W), money as exact decimal text; nothing here passes money through a float.
 */
export const MISSING = '–';
const MINUS = '−';

const formats = new Map<number, Intl.NumberFormat>();
function formatOf(decimals: number): Intl.NumberFormat {
  let format = formats.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat('en', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    formats.set(decimals, format);
  }
  return format;
}

/** 1234.5 → '1,234.5'. Missing is an en dash; a negative zero is zero. */
export function number(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  const text = formatOf(decimals).format(Math.abs(value));
  const isZero = !/[1-9]/.test(text);
  return value < 0 && !isZero ? `${MINUS}${text}` : text;
}

/** A change with its sign: +3.4, −2.1, 0.0. */
export function signed(value: number | null | undefined, decimals = 1): string {
  const text = number(value, decimals);
  return value && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** Base units (Wh, litres) as thousands (kWh, m³). */
export const thousands = (base: number | null | undefined, decimals = 0): string =>
  number(base === null || base === undefined ? null : base / 1000, decimals);

/** Watts as kW with one decimal. */
export const kw = (watts: number | null | undefined, decimals = 1): string =>
  thousands(watts, decimals);

/** Exact decimal text grouped: '-12345.6' → '−12,345.60'. Longer fractions are kept. */
export function amount(text: string | null | undefined, decimals = 2): string {
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec((text ?? '').trim());
  if (!parts) return MISSING;
  const [, sign, whole = '0', fraction = ''] = parts;
  const grouped = whole.replace(/^0+(?=\d)/, '').replace(/\B(?=(\d{3})+$)/g, ',');
  const rest = fraction.padEnd(decimals, '0');
  const isZero = /^0*$/.test(whole + fraction);
  return `${sign === '-' && !isZero ? MINUS : ''}${grouped}${rest && `.${rest}`}`;
}

/** True when an exact decimal text is below zero. */
export const isNegative = (text: string | null | undefined): boolean =>
  !!text && text.startsWith('-') && /[1-9]/.test(text);

/** Σ of exact decimal texts, exact; null when there is nothing to add. */
export function sum(texts: readonly (string | null | undefined)[]): string | null {
  const present = texts.filter((text): text is string => !!text);
  if (!present.length) return null;
  const scale = Math.max(...present.map((text) => text.split('.')[1]?.length ?? 0));
  const total = present.reduce((so, text) => so + toScale(text, scale), 0n);
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale);
  return `${total < 0n ? '-' : ''}${whole}${scale ? `.${fraction}` : ''}`;
}

/** The same amount with the other sign. */
export const negate = (text: string): string =>
  text.startsWith('-') ? text.slice(1) : `-${text.replace(/^\+/, '')}`;

function toScale(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.replace('+', '').split('.');
  return BigInt(`${whole}${fraction.padEnd(scale, '0')}`);
}

/** Change in per cent against a base; null where the base is missing or zero. */
export function change(now: number | null | undefined, before: number | null | undefined) {
  if (now === null || now === undefined || !before) return null;
  return ((now - before) / before) * 100;
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as a size of two or three digits: 812 B, 31 kB, 4.1 MB. */
export function size(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return MISSING;
  let value = bytes;
  let step = 0;
  while (value >= 999.5 && step < SIZES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${number(value, step > 0 && value < 9.95 ? 1 : 0)} ${SIZES[step]}`;
}

/** What the currency is called next to a figure: CNY, or 元 in Chinese. */
export const currencyName = (currency: string, language: string): string =>
  currency === 'CNY' && language === 'zh' ? '元' : currency;

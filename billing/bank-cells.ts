/** Days, amounts and texts as banks and channels write them. Nothing is rounded: what does not fit is told. */
import type { LocalDay } from '../sql/local-day.ts';
import { exponentOf, parseMinor } from '../sql/money.ts';

/** Largest amount of a line, in minor units: ten thousand million. */
const LINE_MINOR_MAX = 1_000_000_000_000n;

/** Without what only keeps a spreadsheet from reading numbers: a grave accent before them, a tab behind them. */
export const textOf = (text: string): string => text.replace(/^[`'\ufeff]+/, '').trim();

/** Minor units, or which fault the text has. `1,234.50`, `¥12`, `+3.00` and `12.3400` are amounts. */
export function amountOf(
  text: string,
  currency: string,
): bigint | 'amount' | 'amount-decimals' | 'amount-large' {
  const plain = text
    .normalize('NFKC')
    .replace(/^([+-]?)\s*[¥$€£]/, '$1')
    .replace(/^\+/, '');
  const match = /^(-?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(plain);
  if (!match) return 'amount';
  const [, sign = '', whole = '', decimals = ''] = match;
  const digits = exponentOf(currency);
  if (/[1-9]/.test(decimals.slice(digits))) return 'amount-decimals';
  const kept = decimals.slice(0, digits);
  const major = whole.replaceAll(',', '').replace(/^0+(?=\d)/, '');
  const minor = parseMinor(`${sign}${major}${kept && `.${kept}`}`, currency);
  if (minor === undefined || minor > LINE_MINOR_MAX || minor < -LINE_MINOR_MAX) {
    return 'amount-large';
  }
  return minor;
}

/** The day and, where it is said, the time of a text such as 2026-02-10 12:03, 20260210 or 2026年2月10日. */
export function dayOf(
  text: string,
  order: 'ymd' | 'dmy' | 'mdy',
): { day: LocalDay; time: string | null } | null {
  const match =
    order === 'ymd'
      ? /^(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))(?:[T\s]*(\d{1,2}:\d{2}(?::\d{2})?))?$/.exec(
          text,
        )
      : /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T\s]+(\d{1,2}:\d{2}(?::\d{2})?))?$/.exec(text);
  if (!match) return null;
  const [year, month, day, time] =
    order === 'ymd'
      ? [match[1], match[2] ?? match[4], match[3] ?? match[5], match[6]]
      : [match[3], ...(order === 'mdy' ? [match[1], match[2]] : [match[2], match[1]]), match[4]];
  const pad = (part: string | undefined) => (part ?? '').padStart(2, '0');
  const local = `${year}-${pad(month)}-${pad(day)}`;
  const real = new Date(`${local}T00:00:00Z`);
  if (Number.isNaN(real.getTime()) || !real.toISOString().startsWith(local)) return null;
  return {
    day: local,
    time: time === undefined ? null : time.padStart(time.length < 7 ? 5 : 8, '0'),
  };
}

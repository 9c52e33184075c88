/** Dates and ages as text, in the project's zone and the reader's language. Pure: now comes in. */
import type { TFunction } from 'i18next';

export type Language = 'en' | 'zh';

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale, options);
    formats.set(key, format);
  }
  return format;
}

/** 'YYYY-MM-DD' that an instant falls in. */
export function localDay(zone: string, at: Date): string {
  return formatOf('en-CA', { timeZone: zone, dateStyle: 'short' }).format(at);
}

/** 14:32, or 14:32:04 with seconds. */
export function time(zone: string, at: string | Date, seconds = false): string {
  const options: Intl.DateTimeFormatOptions = {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(seconds && { second: '2-digit' }),
  };
  return formatOf('en-GB', options).format(new Date(at));
}

/** Minutes since local midnight by the wall clock. */
export function wallMinute(zone: string, at: string | Date): number {
  const [hours = '0', minutes = '0'] = time(zone, at).split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** 24 Nov 2026 · 2026-11-24. */
export function day(language: Language, localDate: string, year = true): string {
  if (language === 'zh') return year ? localDate.slice(0, 10) : localDate.slice(5, 10);
  const date = noon(localDate);
  const text = `${date.getUTCDate()} ${name('en', { month: 'short' }, date)}`;
  return year ? `${text} ${date.getUTCFullYear()}` : text;
}

/** Tuesday 24 Nov 2026 · 2026-11-24 星期二. */
export function longDay(language: Language, localDate: string): string {
  const weekday = name(language, { weekday: 'long' }, noon(localDate));
  return language === 'zh' ? `${localDate} ${weekday}` : `${weekday} ${day('en', localDate)}`;
}

/** Tue · 周二. */
export const weekday = (language: Language, localDate: string): string =>
  name(language, { weekday: 'short' }, noon(localDate));

/** 'Nov' or '11月' of a local date, for where there is little room. */
export const shortMonth = (language: Language, localDate: string): string =>
  name(language, { month: 'short' }, noon(localDate));

/** November 2026 · 2026-11. */
export const month = (language: Language, yearMonth: string): string =>
  language === 'zh'
    ? yearMonth.slice(0, 7)
    : name('en', { month: 'long', year: 'numeric' }, noon(`${yearMonth.slice(0, 7)}-01`));

/** Day and time of an instant: 24 Nov, 14:32; the year only where it is another one. */
export function moment(language: Language, zone: string, at: string | Date, now: Date): string {
  const date = localDay(zone, new Date(at));
  const year = date.slice(0, 4) !== localDay(zone, now).slice(0, 4);
  const separator = language === 'zh' ? ' ' : ', ';
  return `${day(language, date, year)}${separator}${time(zone, at)}`;
}

/** [from, to) as a range of whole days: 1 to 24 November 2026 · 2026-11-01 至 11-24. */
export function range(language: Language, from: string, to: string): string {
  const last = addDays(to, -1);
  if (last <= from) return day(language, from);
  const sameYear = last.slice(0, 4) === from.slice(0, 4);
  if (language === 'zh') return `${from} 至 ${sameYear ? last.slice(5) : last}`;
  const start = noon(from);
  const sameMonth = last.slice(0, 7) === from.slice(0, 7);
  const head = sameMonth ? String(start.getUTCDate()) : day('en', from, !sameYear);
  return `${head} to ${day('en', last)}`;
}

/** The calendar day `days` later; calendar arithmetic, no zone in it. */
export function addDays(localDate: string, days: number): string {
  const date = noon(localDate);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** First day of the month `months` later. */
export function addMonths(localDate: string, months: number): string {
  const date = noon(`${localDate.slice(0, 7)}-01`);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString().slice(0, 10);
}

/** Whole days from one local day to another. */
export const daysApart = (from: string, to: string): number =>
  Math.round((noon(to).getTime() - noon(from).getTime()) / 86_400_000);

/** 4 s, 12 min, 3 h 10 min, 2 d 4 h: how long, in the two largest units. */
export function span(t: TFunction, seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 100) return t('span.s', { s });
  if (s < 3600) return t('span.min', { min: Math.floor(s / 60) });
  const hours = Math.floor(s / 3600);
  const min = Math.floor((s % 3600) / 60);
  if (hours < 48) return min ? t('span.h', { h: hours, min }) : t('span.wholeH', { h: hours });
  const [d, h] = [Math.floor(hours / 24), hours % 24];
  return h ? t('span.d', { d, h }) : t('span.wholeD', { d });
}

function name(language: Language, options: Intl.DateTimeFormatOptions, date: Date): string {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  // Of the short names only one has four letters.
  return formatOf(locale, { ...options, timeZone: 'UTC' })
    .format(date)
    .replace(/\bSept\b/, 'Sep');
}

const noon = (localDate: string): Date => new Date(`${localDate.slice(0, 10)}T12:00:00Z`);

/** The instant (ms) at which a local day begins in a zone; 01:00 where midnight does not exist. */
export function dayStart(zone: string, localDate: string): number {
  const guess = Date.parse(`${localDate}T00:00:00Z`);
  // Two rounds settle the offset; where midnight falls into a gap the later guess is the day's start.
  let at = guess;
  for (let round = 0; round < 2; round++) at = guess - offsetMs(zone, at);
  return localDay(zone, new Date(at)) === localDate ? at : at + 3_600_000;
}

/** 'UTC+08:00' of a zone at an instant. */
export function zoneOffset(zone: string, at: Date): string {
  const minutes = Math.round(offsetMs(zone, at.getTime()) / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Day, time and seconds of an instant: 24 Nov 2026, 14:32:08 · 2026-11-24 14:32:08. */
export function fullMoment(language: Language, zone: string, at: string | Date): string {
  const separator = language === 'zh' ? ' ' : ', ';
  return `${day(language, localDay(zone, new Date(at)))}${separator}${time(zone, at, true)}`;
}

function offsetMs(zone: string, atMs: number): number {
  const at = new Date(atMs);
  const wall = Date.parse(`${localDay(zone, at)}T${time(zone, at, true)}Z`);
  return wall - Math.floor(atMs / 1000) * 1000;
}

/** The instant so many hours later. */
export const addHours = (at: Date, hours: number): Date =>
  new Date(at.getTime() + hours * 3_600_000);

/** '2026-11-24T14:30' by the wall clock of a zone, as a field of a form takes it. */
export const wallText = (zone: string, at: string | Date): string =>
  `${localDay(zone, new Date(at))}T${time(zone, at)}`;

/** The instant (ISO) of such a text; null where it is none. A time that a change of the clock leaves out is the later one. */
export function instantOf(zone: string, wall: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(wall)) return null;
  const guess = Date.parse(`${wall}:00Z`);
  if (Number.isNaN(guess)) return null;
  let at = guess;
  for (let round = 0; round < 2; round++) at = guess - offsetMs(zone, at);
  return new Date(at).toISOString();
}

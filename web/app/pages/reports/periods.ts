/** Periods of a report ('2026-11-24', '2026-11', '2026') as words, long and on an axis. Pure. */
import { day, type Language, month, weekday } from '../../dates.ts';

export function titleOfPeriod(period: string, language: Language): string {
  if (period.length === 10) return `${weekday(language, period)} ${day(language, period)}`;
  return period.length === 7 ? month(language, period) : period;
}

/** 24, or 1 Nov where a month begins; Nov, or 2026 where a year begins. */
export function axisDay(period: string, language: Language): string {
  if (period.length === 10) {
    return period.endsWith('-01') ? day(language, period, false) : String(Number(period.slice(8)));
  }
  if (period.length === 7) {
    if (period.endsWith('-01')) return period.slice(0, 4);
    return language === 'zh' ? `${Number(period.slice(5))}月` : month('en', period).slice(0, 3);
  }
  return period;
}

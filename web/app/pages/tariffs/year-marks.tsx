/** Holidays as dots and make-up workdays as rings, below their days of the year. */
import { useTranslation } from 'react-i18next';
import { day } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import type { TariffCalendar } from '../../tariff-shapes.ts';
import { ordinal, YEAR_DAYS } from './year.ts';

export function YearMarks({ calendar, year }: { calendar: TariffCalendar; year: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const of = (dates: readonly string[]) => dates.filter((date) => date.startsWith(year));
  const holidays = of(calendar.holidays);
  const workdays = of(calendar.workdays);
  const left = (date: string) => `${(ordinal(date.slice(5)) / YEAR_DAYS) * 100}%`;
  return (
    <>
      <div className="year-dots">
        {holidays.map((date) => (
          <i
            key={date}
            title={`${t('tariff.holiday')} ${day(language, date)}`}
            style={{ left: left(date) }}
          />
        ))}
        {workdays.map((date) => (
          <i
            key={`w${date}`}
            className="ring"
            title={`${t('tariff.workday')} ${day(language, date)}`}
            style={{ left: left(date) }}
          />
        ))}
      </div>
      <div className="legend">
        <span>
          <i className="dot" />
          {t('tariff.year.holidays', { count: holidays.length, year })}
        </span>
        {workdays.length > 0 && (
          <span>
            <i className="dot ring" />
            {t('tariff.year.workdays', { count: workdays.length })}
          </span>
        )}
      </div>
    </>
  );
}

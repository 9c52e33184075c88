/** The year as its seasons, to read; today and the holidays are marked. */
import { useTranslation } from 'react-i18next';
import { day, type Language, month } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import type { Season, TariffCalendar } from '../../tariff-shapes.ts';
import { monthDayOf, ordinal, stretchesOf, YEAR_DAYS } from './year.ts';
import { YearMarks } from './year-marks.tsx';

/** Shorter seasons bear their name alone. */
export const DATES_MIN = 80;

export const leftOf = (days: number): string => `${(days / YEAR_DAYS) * 100}%`;
export const placeOfDays = ({ from, to }: { from: number; to: number }) => ({
  left: leftOf(from),
  width: leftOf(to - from),
});
export const shortDay = (language: Language, days: number): string =>
  day(language, `2024-${monthDayOf(days)}`, false);

export function YearMonths() {
  const language = useLanguage();
  return (
    <div className="year-months" aria-hidden>
      {Array.from({ length: 12 }, (_, index) => {
        const first = `2024-${String(index + 1).padStart(2, '0')}-01`;
        return (
          <span key={first} style={{ left: leftOf(ordinal(first.slice(5))) }}>
            {language === 'zh' ? `${index + 1}月` : month('en', first).slice(0, 3)}
          </span>
        );
      })}
    </div>
  );
}

export function SeasonPanel({
  calendar,
  shown,
  today,
  onChoose,
}: {
  calendar: TariffCalendar;
  shown: Season;
  today: string;
  onChoose: (name: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('tariff.seasons')}</h2>
      </div>
      <div className="panel-body">
        <YearMonths />
        <div className="year">
          {calendar.seasons.flatMap((season) =>
            stretchesOf(season).map((stretch) => (
              <button
                type="button"
                key={`${season.name}${stretch.from}`}
                aria-pressed={season.name === shown.name}
                style={placeOfDays(stretch)}
                onClick={() => onChoose(season.name)}
                title={`${nameOf(language, season)} ${season.from} – ${season.to}`}
              >
                <b className="strong">{nameOf(language, season)}</b>{' '}
                {stretch.to - stretch.from >= DATES_MIN && (
                  <span className="dates">
                    {shortDay(language, ordinal(season.from))} –{' '}
                    {shortDay(language, ordinal(season.to))}
                  </span>
                )}
              </button>
            )),
          )}
          <i className="year-today" style={{ left: leftOf(ordinal(today.slice(5))) }} />
        </div>
        <YearMarks calendar={calendar} year={today.slice(0, 4)} />
      </div>
    </section>
  );
}

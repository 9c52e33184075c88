/** The year as its seasons; today is marked. */
import { useTranslation } from 'react-i18next';
import type { TariffCalendar } from '../../api.ts';
import { day, month } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import type { Season } from './calendar.ts';

const DAYS = 366;
/** Shorter seasons bear their name alone. */
const DATES_MIN = 80;

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
  const holidays = calendar.holidays.filter((date) => date.startsWith(today.slice(0, 4)));
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('tariff.seasons')}</h2>
        <span className="rest second">{t('tariff.holidays', { count: holidays.length })}</span>
      </div>
      <div className="panel-body">
        <div className="year-months">
          {Array.from({ length: 12 }, (_, index) => {
            const first = `2024-${String(index + 1).padStart(2, '0')}-01`;
            return (
              <span key={first} style={{ left: `${(ordinal(first.slice(5)) / DAYS) * 100}%` }}>
                {language === 'zh' ? `${index + 1}月` : month('en', first).slice(0, 3)}
              </span>
            );
          })}
        </div>
        <div className="year">
          {calendar.seasons.flatMap((season) =>
            piecesOf(season).map(({ from, to }) => (
              <button
                type="button"
                key={`${season.name}${from}`}
                aria-pressed={season.name === shown.name}
                style={{ left: `${(from / DAYS) * 100}%`, width: `${((to - from) / DAYS) * 100}%` }}
                onClick={() => onChoose(season.name)}
                title={`${nameOf(language, season)} ${season.from} – ${season.to}`}
              >
                <b className="strong">{nameOf(language, season)}</b>{' '}
                {to - from >= DATES_MIN && (
                  <span className="dates">
                    {shortDay(language, season.from)} – {shortDay(language, season.to)}
                  </span>
                )}
              </button>
            )),
          )}
          <i
            className="year-today"
            style={{ left: `${(ordinal(today.slice(5)) / DAYS) * 100}%` }}
          />
        </div>
        <div className="year-dots">
          {holidays.map((date) => (
            <i
              key={date}
              title={day(language, date)}
              style={{ left: `${(ordinal(date.slice(5)) / DAYS) * 100}%` }}
            />
          ))}
        </div>
      </div>
    </section>
  );
}

/** Days since the first of January of a leap year. */
const ordinal = (monthDay: string): number =>
  Math.round(
    (Date.parse(`2024-${monthDay}T00:00:00Z`) - Date.parse('2024-01-01T00:00:00Z')) / 86_400_000,
  );

/** A season over the new year is two pieces. */
function piecesOf({ from, to }: Season): { from: number; to: number }[] {
  const start = ordinal(from);
  const end = ordinal(to) + 1;
  return start < end
    ? [{ from: start, to: end }]
    : [
        { from: 0, to: end },
        { from: start, to: DAYS },
      ];
}

const shortDay = (language: 'en' | 'zh', monthDay: string): string =>
  day(language, `2024-${monthDay}`, false);

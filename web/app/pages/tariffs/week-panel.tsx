/** A week of a season as bands, and its holidays. */
import { useTranslation } from 'react-i18next';
import { addDays, weekday } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { onRankVar, ranks, rankVar } from '../../parts/palette.ts';
import { type Band, clock, HourAxis } from '../../parts/ribbon.tsx';
import { useIsPhone } from '../../phone.ts';
import type { Rank, Season, TariffCalendar, TariffDefinition } from '../../tariff-shapes.ts';
import { bandsOf } from './calendar.ts';

/** A Monday, to name the days of the week by. */
const MONDAY = '2024-01-01';
/** Whether a name, or a name and its times, fit into a band, in minutes of the axis. */
const nameMinutes = (name: string) => widthOf(name) * 9 + 17;
const timesMinutes = (name: string) => widthOf(name) * 9 + 140;
const widthOf = (name: string) => (/\p{Script=Han}/u.test(name) ? name.length * 2 : name.length);

export function WeekPanel({
  calendar,
  season,
  today,
  labels,
}: {
  calendar: TariffCalendar;
  season: Season;
  today: string;
  labels: TariffDefinition['labels'];
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  const todayIndex = new Date(`${today}T12:00:00Z`).getUTCDay() || 7;
  const days = [1, 2, 3, 4, 5, 6, 7].map((index) => ({
    key: String(index),
    name: weekday(language, addDays(MONDAY, index - 1)),
    isToday: index === todayIndex,
    bands: bandsOf(season, calendar.weekend.includes(index) ? 'weekend' : 'weekday'),
  }));
  const label = (rank: Rank) => nameOf(language, labels?.[rank] ?? { name: t(`period.${rank}`) });
  const hasHoliday = season.days.some(({ type }) => type === 'holiday');
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('tariff.weekOf', { season: nameOf(language, season) })}</h2>
        <span className="rest">
          <span className="legend">
            {ranks.map((rank) => (
              <span key={rank}>
                <i className="swatch" style={{ background: rankVar(rank) }} />
                {label(rank)}
              </span>
            ))}
          </span>
        </span>
      </div>
      <div className="panel-body week">
        <div className="week-row">
          <span />
          <HourAxis step={phone ? 6 : 2} />
        </div>
        {days.map(({ key, name, isToday, bands }) => (
          <Row key={key} name={name} strong={isToday} bands={bands} small={phone} label={label} />
        ))}
        {hasHoliday && (
          <Row
            name={t('tariff.holiday')}
            bands={bandsOf(season, 'holiday')}
            small={phone}
            label={label}
            gap
          />
        )}
        {season.days.some(({ type }) => type === 'event') && (
          <Row
            name={t('tariff.eventDay')}
            bands={bandsOf(season, 'event')}
            small={phone}
            label={label}
          />
        )}
        {calendar.clock === 'standard' && <p className="second">{t('tariff.plans.standardIs')}</p>}
      </div>
    </section>
  );
}

function Row({
  name,
  bands,
  strong,
  small,
  gap,
  label,
}: {
  name: string;
  bands: readonly Band[];
  strong?: boolean;
  small: boolean;
  gap?: boolean;
  label: (rank: Rank) => string;
}) {
  return (
    <div className={`week-row${gap ? ' apart' : ''}`}>
      <span className={strong ? 'strong' : undefined}>{name}</span>
      <div className="week-bands">
        {bands.map(({ from, to, rank }) => {
          const period = label(rank);
          const times = `${clock(from)}–${clock(to)}`;
          return (
            <span
              key={from}
              title={`${period} ${times}`}
              style={{
                width: `${((to - from) / 1440) * 100}%`,
                background: rankVar(rank),
                color: onRankVar(rank),
              }}
            >
              {!small && to - from >= nameMinutes(period) && period}
              {!small && to - from >= timesMinutes(period) && <em>{times}</em>}
            </span>
          );
        })}
      </div>
    </div>
  );
}

/** The year as a strip of seasons: borders are dragged or moved by key, holidays and make-up days marked. */
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import type { Season, TariffCalendar } from '../../../tariff-shapes.ts';
import { DATES_MIN, leftOf, placeOfDays, shortDay, YearMonths } from '../season-panel.tsx';
import {
  moveStart,
  ordinal,
  splitSeason,
  stretchesOf,
  withoutSeason,
  YEAR_DAYS,
  yearFaults,
} from '../year.ts';
import { YearMarks } from '../year-marks.tsx';
import { FaultLines, TextField } from './field.tsx';

export function YearEditor({
  calendar,
  before,
  shown,
  year,
  onShow,
  onSeasons,
}: {
  calendar: TariffCalendar;
  before: TariffCalendar | undefined;
  shown: number;
  /** Whose holidays are marked. */
  year: string;
  onShow: (index: number) => void;
  onSeasons: (seasons: Season[], group?: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const box = useRef<HTMLDivElement>(null);
  const { seasons } = calendar;
  const faults = yearFaults(seasons);
  const season = seasons[shown];
  const isNew = (each: Season) =>
    before &&
    !before.seasons.some(
      ({ from, to, name }) => from === each.from && to === each.to && name === each.name,
    );
  const edit = (change: Partial<Season>, group: string) =>
    onSeasons(
      seasons.map((each, i) => (i === shown ? { ...each, ...change } : each)),
      `season-${shown}-${group}`,
    );
  const dayAt = (clientX: number) => {
    const rect = box.current?.getBoundingClientRect();
    return rect ? Math.round(((clientX - rect.left) / rect.width) * YEAR_DAYS) : 0;
  };
  const say = (key: 'hole' | 'overlap', { from, to }: { from: number; to: number }) =>
    t(`tariff.year.${key}`, { from: shortDay(language, from), to: shortDay(language, to - 1) });
  return (
    <section className="panel" id="part-year" aria-label={t('tariff.seasons')}>
      <div className="panel-head">
        <h2>{t('tariff.seasons')}</h2>
        <span className="rest second">{t('tariff.year.hint')}</span>
      </div>
      <div className="panel-body">
        <YearMonths />
        <div className="year" ref={box}>
          {seasons.flatMap((each, index) =>
            stretchesOf(each).map((stretch) => (
              <button
                type="button"
                // biome-ignore lint/suspicious/noArrayIndexKey: a season is known by its place.
                key={`${index}-${stretch.from === 0}`}
                aria-pressed={index === shown}
                className={isNew(each) ? 'differs' : undefined}
                style={placeOfDays(stretch)}
                onClick={() => onShow(index)}
                title={`${nameOf(language, each)} ${each.from} – ${each.to}`}
              >
                <b className="strong">{nameOf(language, each)}</b>{' '}
                {stretch.to - stretch.from >= DATES_MIN && (
                  <span className="dates">
                    {shortDay(language, ordinal(each.from))} –{' '}
                    {shortDay(language, ordinal(each.to))}
                  </span>
                )}
              </button>
            )),
          )}
          {faults.holes.map((hole) => (
            <i
              key={`h${hole.from}`}
              className="year-hole"
              style={placeOfDays(hole)}
              title={say('hole', hole)}
            />
          ))}
          {faults.overlaps.map((overlap) => (
            <i
              key={`o${overlap.from}`}
              className="week-overlap"
              style={placeOfDays(overlap)}
              title={say('overlap', overlap)}
            />
          ))}
          {seasons.length > 1 &&
            seasons.map((each, index) => (
              <SeasonBorder
                // biome-ignore lint/suspicious/noArrayIndexKey: as above.
                key={index}
                season={each}
                label={t('tariff.year.begins', { season: nameOf(language, each) })}
                text={shortDay(language, ordinal(each.from))}
                dayAt={dayAt}
                onMove={(to, group) => onSeasons(moveStart(seasons, index, to), group)}
              />
            ))}
        </div>
        <YearMarks calendar={calendar} year={year} />
        {season && (
          <div className="season-bar">
            <TextField
              label={t('tariff.year.name')}
              value={season.name}
              maxLength={60}
              at={`/calendar/seasons/${shown}/name`}
              onChange={(name) => edit({ name }, 'name')}
              width={150}
            />
            <TextField
              label={t('tariff.nameZh')}
              value={season.nameZh ?? ''}
              maxLength={60}
              onChange={(nameZh) => edit({ nameZh }, 'zh')}
              width={110}
            />
            <TextField
              label={t('tariff.year.from')}
              value={season.from}
              at={`/calendar/seasons/${shown}/from`}
              placeholder="MM-DD"
              onChange={(text) => edit({ from: text.trim() }, 'from')}
              width={84}
            />
            <TextField
              label={t('tariff.year.to')}
              value={season.to}
              at={`/calendar/seasons/${shown}/to`}
              placeholder="MM-DD"
              onChange={(text) => edit({ to: text.trim() }, 'to')}
              width={84}
            />
            <span className="band-acts">
              <button
                type="button"
                className="button small"
                onClick={() =>
                  onSeasons(
                    splitSeason(
                      seasons,
                      shown,
                      t('tariff.year.newName', { n: seasons.length + 1 }),
                    ),
                  )
                }
              >
                {t('tariff.year.split')}
              </button>
              <button
                type="button"
                className="button small"
                disabled={seasons.length < 2}
                onClick={() => {
                  onSeasons(withoutSeason(seasons, shown));
                  onShow(Math.max(0, shown - 1));
                }}
              >
                {t('tariff.year.remove')}
              </button>
            </span>
          </div>
        )}
        {(faults.holes.length > 0 || faults.overlaps.length > 0) && (
          <ul className="fault-lines">
            {[
              ...faults.holes.map((each) => say('hole', each)),
              ...faults.overlaps.map((each) => say('overlap', each)),
            ].map((text) => (
              <li key={text}>
                <Icon name="warning" size={13} />
                {text}
              </li>
            ))}
          </ul>
        )}
        <FaultLines at="/calendar/clock" />
      </div>
    </section>
  );
}

/** The first day of a season as a slider: a day by arrow, a month by page, or dragged. */
function SeasonBorder({
  season,
  label,
  text,
  dayAt,
  onMove,
}: {
  season: Season;
  label: string;
  text: string;
  dayAt: (clientX: number) => number;
  onMove: (day: number, group: string) => void;
}) {
  const { t } = useTranslation();
  const group = useRef<string | null>(null);
  const at = ordinal(season.from);
  if (Number.isNaN(at)) return null;
  return (
    <span
      className="year-border"
      style={{ left: leftOf(at) }}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={YEAR_DAYS}
      aria-valuenow={at}
      aria-valuetext={text}
      title={`${label}${t('mark.colon')}${text}`}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: 30, PageDown: -30 }[event.key];
        if (!by) return;
        event.preventDefault();
        onMove(at + by, `year-${label}`);
      }}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        group.current = `drag-${event.timeStamp}`;
      }}
      onPointerMove={(event) => {
        const to = dayAt(event.clientX);
        if (group.current && to !== at) onMove(to, group.current);
      }}
      onPointerUp={() => {
        group.current = null;
      }}
      onPointerCancel={() => {
        group.current = null;
      }}
    />
  );
}

/** The calendar of a draft: the year, the week of one season, its days, and the holidays. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TariffVersion } from '../../../api.ts';
import type { TariffCalendar, TariffDefinition } from '../../../tariff-shapes.ts';
import { seasonLike } from './changes.ts';
import { DayPlans } from './day-plans.tsx';
import { HolidaysPanel } from './holidays-panel.tsx';
import { WeekEditor } from './week-editor.tsx';
import { YearEditor } from './year-editor.tsx';

export function CalendarEditor({
  calendar,
  before,
  labels,
  shown,
  onShow,
  lists,
  today,
  effectiveFrom,
  onChange,
  onRemove,
}: {
  calendar: TariffCalendar;
  before: TariffVersion | undefined;
  labels: TariffDefinition['labels'];
  /** The season that is shown, by its place. */
  shown: number;
  onShow: (index: number) => void;
  lists: readonly string[];
  today: string;
  effectiveFrom: string;
  onChange: (to: (calendar: TariffCalendar) => TariffCalendar, group?: string) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const first = (effectiveFrom || today).slice(0, 4);
  const [year, setYear] = useState(first);
  const years = [
    ...new Set([
      ...[...calendar.holidays, ...calendar.workdays].map((date) => date.slice(0, 4)),
      first,
      year,
    ]),
  ]
    .sort()
    .slice(-8);
  const season = calendar.seasons[shown];
  const old = before?.definition.calendar;
  const like = season && old && seasonLike(old, season);
  return (
    <>
      <YearEditor
        calendar={calendar}
        before={old}
        shown={shown}
        year={year}
        onShow={onShow}
        onSeasons={(seasons, group) => onChange((now) => ({ ...now, seasons }), group)}
      />
      {season && (
        <WeekEditor
          key={shown}
          calendar={calendar}
          season={season}
          seasonIndex={shown}
          before={
            old && like && before ? { calendar: old, season: like, version: before.version } : null
          }
          labels={labels}
          today={today}
          onSeason={(next, group) =>
            onChange(
              (now) => ({
                ...now,
                seasons: now.seasons.map((each, i) => (i === shown ? next : each)),
              }),
              group && `${shown}-${group}`,
            )
          }
        >
          <DayPlans
            calendar={calendar}
            season={season}
            seasonIndex={shown}
            lists={lists}
            onCalendar={(next) => onChange(() => next)}
            onSeason={(next) =>
              onChange((now) => ({
                ...now,
                seasons: now.seasons.map((each, i) => (i === shown ? next : each)),
              }))
            }
          />
          <button type="button" className="button small plain calendar-away" onClick={onRemove}>
            {t('tariff.removeCalendar')}
          </button>
        </WeekEditor>
      )}
      <HolidaysPanel
        calendar={calendar}
        year={year}
        years={years}
        onYear={setYear}
        onCalendar={onChange}
      />
    </>
  );
}

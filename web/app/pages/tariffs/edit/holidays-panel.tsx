/** Holidays and make-up workdays, a year at a time: each can be taken away, one added, a calendar imported. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { day, weekday } from '../../../dates.ts';
import { useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import { Segmented } from '../../../parts/segmented.tsx';
import type { TariffCalendar } from '../../../tariff-shapes.ts';
import { DayField, FaultLines, SelectField } from './field.tsx';
import { HolidayImport } from './holiday-import.tsx';

type Kind = 'holiday' | 'workday';

/** A date in one of the two lists, never in both. */
export function withDay(calendar: TariffCalendar, date: string, kind: Kind | null): TariffCalendar {
  const without = (dates: readonly string[]) => dates.filter((each) => each !== date);
  const lists = { holiday: without(calendar.holidays), workday: without(calendar.workdays) };
  if (kind) lists[kind] = [...lists[kind], date].sort();
  return { ...calendar, holidays: lists.holiday, workdays: lists.workday };
}

export function HolidaysPanel({
  calendar,
  year,
  years,
  onYear,
  onCalendar,
}: {
  calendar: TariffCalendar;
  year: string;
  years: readonly string[];
  onYear: (year: string) => void;
  onCalendar: (to: (calendar: TariffCalendar) => TariffCalendar) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [imports, setImports] = useState(false);
  const [date, setDate] = useState('');
  const [kind, setKind] = useState<Kind>('holiday');
  const rows = [
    ...calendar.holidays.map((each) => ({ date: each, kind: 'holiday' as const })),
    ...calendar.workdays.map((each) => ({ date: each, kind: 'workday' as const })),
  ]
    .filter((row) => row.date.startsWith(year))
    .sort((a, b) => (a.date < b.date ? -1 : 1));
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(date);
  return (
    <section className="panel" id="part-holidays" aria-label={t('tariff.days.title')}>
      <div className="panel-head">
        <h2>{t('tariff.days.title')}</h2>
        {years.length > 1 && (
          <Segmented
            label={t('tariff.days.year')}
            value={year}
            onChange={onYear}
            choices={years.map((value) => ({ value, label: value }))}
          />
        )}
        <span className="rest">
          <button type="button" className="button small" onClick={() => setImports(true)}>
            <Icon name="download" size={14} />
            {t('tariff.days.import')}
          </button>
        </span>
      </div>
      <div className="panel-body">
        {rows.length === 0 ? (
          <p className="quiet">{t('tariff.days.none', { year })}</p>
        ) : (
          <ul className="day-chips">
            {rows.map((row) => (
              <li key={row.date + row.kind} className={row.kind}>
                <i className={`dot${row.kind === 'workday' ? ' ring' : ''}`} />
                {day(language, row.date, false)}
                <span className="quiet">{weekday(language, row.date)}</span>
                <button
                  type="button"
                  aria-label={t('tariff.days.remove', { day: day(language, row.date) })}
                  onClick={() => onCalendar((now) => withDay(now, row.date, null))}
                >
                  <Icon name="cross" size={12} />
                </button>
              </li>
            ))}
          </ul>
        )}
        <FaultLines at="/calendar/holidays" />
        <FaultLines at="/calendar/workdays" />
        <form
          className="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (!isDay) return;
            onCalendar((now) => withDay(now, date, kind));
            onYear(date.slice(0, 4));
          }}
        >
          <DayField label={t('tariff.days.day')} value={date} onChange={setDate} width={150} />
          <SelectField
            label={t('tariff.days.is')}
            value={kind}
            onChange={setKind}
            width={180}
            options={[
              { value: 'holiday', label: t('tariff.holiday') },
              { value: 'workday', label: t('tariff.workday') },
            ]}
          />
          <button type="submit" className="button" disabled={!isDay}>
            <Icon name="plus" size={14} />
            {t('tariff.days.add')}
          </button>
        </form>
      </div>
      {imports && (
        <HolidayImport
          calendar={calendar}
          onClose={() => setImports(false)}
          onTake={(next) => {
            onCalendar(() => next);
            setImports(false);
          }}
        />
      )}
    </section>
  );
}

/** A holiday calendar from elsewhere: pasted or from a file, read by the server, shown, then taken over. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../../api.ts';
import { day, weekday } from '../../../dates.ts';
import { useLanguage } from '../../../language.ts';
import { Drawer } from '../../../parts/drawer.tsx';
import { Icon } from '../../../parts/icons.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { useProject } from '../../../project.tsx';
import type { ParsedHolidays, TariffCalendar } from '../../../tariff-shapes.ts';
import { Check } from './field.tsx';

/** A calendar file of a country for ten years has a few kB. */
const TEXT_MAX = 200_000;
const EXAMPLE = '2027-01-01,holiday,元旦\n2027-02-06,workday,春节调休';

/** With the days that were read; those of the same years go first where they are replaced. */
export function taken(
  calendar: TariffCalendar,
  days: ParsedHolidays['days'],
  replace: boolean,
): TariffCalendar {
  const years = new Set(days.map(({ date }) => date.slice(0, 4)));
  const dates = new Set(days.map(({ date }) => date));
  const stays = (date: string) => !dates.has(date) && !(replace && years.has(date.slice(0, 4)));
  const of = (kind: 'holiday' | 'workday', old: readonly string[]) =>
    [
      ...new Set([
        ...old.filter(stays),
        ...days.filter((each) => each.kind === kind).map(({ date }) => date),
      ]),
    ].sort();
  return {
    ...calendar,
    holidays: of('holiday', calendar.holidays),
    workdays: of('workday', calendar.workdays),
  };
}

export function HolidayImport({
  calendar,
  onClose,
  onTake,
}: {
  calendar: TariffCalendar;
  onClose: () => void;
  onTake: (calendar: TariffCalendar) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id } = useProject();
  const [text, setText] = useState('');
  const [replace, setReplace] = useState(true);
  const parse = useMutation({
    mutationFn: (given: string) =>
      call<ParsedHolidays>(`/projects/${id}/holidays/parse`, {
        method: 'POST',
        body: { text: given },
      }),
  });
  const found = parse.data;
  const next = found && taken(calendar, found.days, replace);
  const known = new Set([...calendar.holidays, ...calendar.workdays]);
  const after = new Set(next ? [...next.holidays, ...next.workdays] : []);
  const gone = next ? [...known].filter((date) => !after.has(date)).sort() : [];
  const read = async (file: File | undefined) => {
    if (!file) return;
    const content = (await file.text()).slice(0, TEXT_MAX);
    setText(content);
    parse.mutate(content);
  };
  return (
    <Drawer
      title={t('tariff.import.title')}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          {found ? (
            <button
              type="button"
              className="button primary"
              disabled={!found.days.length}
              onClick={() => next && onTake(next)}
            >
              {t('tariff.import.take', { count: found.days.length })}
            </button>
          ) : (
            <button
              type="button"
              className="button primary"
              disabled={!text.trim() || parse.isPending}
              onClick={() => parse.mutate(text)}
            >
              {t(parse.isPending ? 'tariff.import.reading' : 'tariff.import.read')}
            </button>
          )}
        </>
      }
    >
      <div className="stack">
        <p className="second">{t('tariff.import.text')}</p>
        <label className="tfield">
          <span className="field-label">{t('tariff.import.paste')}</span>
          <textarea
            className="input area mono"
            rows={found ? 4 : 9}
            value={text}
            maxLength={TEXT_MAX}
            placeholder={EXAMPLE}
            onChange={(event) => {
              setText(event.target.value);
              parse.reset();
            }}
          />
        </label>
        <label className="button file-button">
          <Icon name="paper" size={14} />
          {t('tariff.import.file')}
          <input
            className="hidden-text"
            type="file"
            accept=".csv,.txt,text/csv,text/plain"
            onChange={(event) => void read(event.target.files?.[0])}
          />
        </label>
        {parse.error && <ProblemNotice error={parse.error} retry={() => parse.mutate(text)} />}
        {found && found.faults.length > 0 && (
          <div className="notice warning">
            <Icon name="warning" />
            <div>
              <div className="strong">
                {t('tariff.import.faults', { count: found.faults.length })}
              </div>
              {found.faults.slice(0, 5).map((fault) => (
                <div className="second" key={fault.at + fault.message}>
                  {t('tariff.import.line', { n: fault.at.split('/').at(-1) })}: {fault.message}
                </div>
              ))}
            </div>
          </div>
        )}
        {found && (
          <>
            <Check label={t('tariff.import.replace')} checked={replace} onChange={setReplace} />
            <p className="second">
              {t('tariff.import.counts', {
                added: found.days.filter(({ date }) => !known.has(date)).length,
                same: found.days.filter(({ date }) => known.has(date)).length,
                gone: gone.length,
              })}
            </p>
            <table className="small-table">
              <thead>
                <tr>
                  <th>{t('tariff.days.day')}</th>
                  <th className="left">{t('tariff.days.is')}</th>
                  <th className="left">{t('tariff.import.name')}</th>
                </tr>
              </thead>
              <tbody>
                {found.days.map((row) => (
                  <tr key={row.date}>
                    <td>
                      {day(language, row.date)}{' '}
                      <span className="quiet">{weekday(language, row.date)}</span>
                    </td>
                    <td className="left">{t(`tariff.${row.kind}`)}</td>
                    <td className="left wrap">{row.name}</td>
                  </tr>
                ))}
                {gone.map((date) => (
                  <tr key={date} className="quiet">
                    <td>
                      <s>{day(language, date)}</s>
                    </td>
                    <td className="left" colSpan={2}>
                      {t('tariff.import.gone')}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
      </div>
    </Drawer>
  );
}

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
import type { HolidayWords, ParsedHolidays, TariffCalendar } from '../../../tariff-shapes.ts';
import { Check } from './field.tsx';
import { saidFault } from './said.ts';

/** As the server takes it: some years of a country are 100 kB as iCalendar. */
const TEXT_MAX = 300_000;
/** As the server takes them. */
const WORDS_MAX = 20;
const WORD_MAX = 40;
const FAULTS_SHOWN = 5;
const LEFT_OUT_SHOWN = 12;
const KINDS = ['holiday', 'workday', 'none'] as const;
/** What a day is taken as; `none` leaves it out. */
type Kind = (typeof KINDS)[number];
const EXAMPLE = '2027-01-01,holiday,元旦\n2027-02-06,workday,春节调休';

/** With the days that were read; those of the same years go first where they are replaced. */
export function taken(
  calendar: TariffCalendar,
  days: readonly Pick<ParsedHolidays['days'][number], 'date' | 'kind'>[],
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
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { id } = useProject();
  const [text, setText] = useState('');
  const [replace, setReplace] = useState(true);
  const [words, setWords] = useState<Partial<HolidayWords>>({});
  const [kinds, setKinds] = useState<ReadonlyMap<string, Kind>>(new Map());
  const parse = useMutation({
    mutationFn: (given: { text: string; words: Partial<HolidayWords> }) =>
      call<ParsedHolidays>(`/projects/${id}/holidays/parse`, { method: 'POST', body: given }),
  });
  const found = parse.data;
  const kindOf = (row: ParsedHolidays['days'][number]): Kind => kinds.get(row.date) ?? row.kind;
  const days = (found?.days ?? []).flatMap((row) => {
    const kind = kindOf(row);
    return kind === 'none' ? [] : [{ date: row.date, kind }];
  });
  const next = found && taken(calendar, days, replace);
  const known = new Set([...calendar.holidays, ...calendar.workdays]);
  const after = new Set(next ? [...next.holidays, ...next.workdays] : []);
  const gone = next ? [...known].filter((date) => !after.has(date)).sort() : [];
  const read = async (file: File | undefined) => {
    if (!file) return;
    const content = await file.text();
    setText(content);
    setKinds(new Map());
    parse.mutate({ text: content, words });
  };
  const readBy = (changed: Partial<HolidayWords>) => {
    const all = { ...words, ...changed };
    setWords(all);
    setKinds(new Map());
    parse.mutate({ text, words: all });
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
              disabled={!days.length}
              onClick={() => next && onTake(next)}
            >
              {t('tariff.import.take', { count: days.length })}
            </button>
          ) : (
            <button
              type="button"
              className="button primary"
              disabled={!text.trim() || parse.isPending}
              onClick={() => parse.mutate({ text, words })}
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
              setKinds(new Map());
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
            accept=".csv,.ics,.txt,text/csv,text/calendar,text/plain"
            onChange={(event) => void read(event.target.files?.[0])}
          />
        </label>
        {parse.error && (
          <ProblemNotice error={parse.error} retry={() => parse.mutate({ text, words })} />
        )}
        {found && found.faults.length > 0 && (
          <div className="notice warning">
            <Icon name="warning" />
            <div>
              <div className="strong">
                {t('tariff.import.faults', { count: found.faults.length })}
              </div>
              {found.faults.slice(0, FAULTS_SHOWN).map((fault) => (
                <div className="second" key={fault.at + fault.message}>
                  {t('tariff.import.line', { n: fault.at.split('/').at(-1) })}
                  {t('mark.colon')}
                  {saidFault(fault, { t, i18n, language })}
                </div>
              ))}
              {found.faults.length > FAULTS_SHOWN && (
                <div className="second">
                  {t('tariff.checks.more', { count: found.faults.length - FAULTS_SHOWN })}
                </div>
              )}
            </div>
          </div>
        )}
        {found && (
          <>
            {found.format === 'icalendar' && <WordRules words={found.words} onWords={readBy} />}
            <Check label={t('tariff.import.replace')} checked={replace} onChange={setReplace} />
            <p className="second">
              {t('tariff.import.counts', {
                added: days.filter(({ date }) => !known.has(date)).length,
                same: days.filter(({ date }) => known.has(date)).length,
                gone: gone.length,
              })}
            </p>
            <table className="small-table import-days">
              <thead>
                <tr>
                  <th>{t('tariff.days.day')}</th>
                  <th className="left">{t('tariff.days.is')}</th>
                  <th className="left">{t('tariff.import.name')}</th>
                </tr>
              </thead>
              <tbody>
                {found.days.map((row) => (
                  <tr key={row.date} className={kindOf(row) === 'none' ? 'quiet' : undefined}>
                    <td>
                      {day(language, row.date)}{' '}
                      <span className="quiet">{weekday(language, row.date)}</span>
                    </td>
                    <td className="left">
                      <select
                        className="input"
                        aria-label={`${day(language, row.date)} ${t('tariff.days.is')}`}
                        value={kindOf(row)}
                        onChange={(event) => {
                          const kind = KINDS.find((each) => each === event.target.value);
                          if (kind) setKinds(new Map(kinds).set(row.date, kind));
                        }}
                      >
                        {KINDS.map((kind) => (
                          <option key={kind} value={kind}>
                            {t(kind === 'none' ? 'tariff.import.none' : `tariff.${kind}`)}
                          </option>
                        ))}
                      </select>
                    </td>
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
            {found.leftOut.length > 0 && (
              <p className="second">
                {t('tariff.import.leftOut', { count: found.leftOut.length })}{' '}
                {found.leftOut
                  .slice(0, LEFT_OUT_SHOWN)
                  .map(({ name, line }) => name || t('tariff.import.line', { n: line }))
                  .join(' · ')}
                {found.leftOut.length > LEFT_OUT_SHOWN && ' …'}
              </p>
            )}
          </>
        )}
      </div>
    </Drawer>
  );
}

/** By which words an event is a make-up workday, or no holiday: read anew when they are changed. */
function WordRules({
  words,
  onWords,
}: {
  words: HolidayWords;
  onWords: (changed: Partial<HolidayWords>) => void;
}) {
  const { t } = useTranslation();
  return (
    <fieldset className="import-words">
      {(['workday', 'none'] as const).map((rule) => (
        <WordsField
          // What the server read by is where typing begins anew.
          key={rule + words[rule].join()}
          label={t(`tariff.import.words.${rule}`)}
          hint={t(`tariff.import.words.${rule}Hint`)}
          words={words[rule]}
          onWords={(changed) => onWords({ [rule]: changed })}
        />
      ))}
    </fieldset>
  );
}

function WordsField({
  label,
  hint,
  words,
  onWords,
}: {
  label: string;
  hint: string;
  words: readonly string[];
  onWords: (words: string[]) => void;
}) {
  const [text, setText] = useState(words.join(', '));
  const typed = text
    .split(/[,，;；]/)
    .map((word) => word.trim().slice(0, WORD_MAX))
    .filter((word) => word !== '')
    .slice(0, WORDS_MAX);
  const take = () => typed.join() !== words.join() && onWords(typed);
  return (
    <label className="tfield">
      <span className="field-label">{label}</span>
      <input
        className="input"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === 'Enter' && take()}
      />
      <span className="field-hint">{hint}</span>
    </label>
  );
}

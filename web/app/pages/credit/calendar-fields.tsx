/** When nobody is cut: hours by the wall clock (over midnight, too), days of the week, holidays, single days. */
import { useTranslation } from 'react-i18next';
import { weekday } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { useProject } from '../../project.tsx';
import { Check, DayField } from '../tariffs/edit/field.tsx';
import { DATES_MAX, isOverMidnight, WINDOWS_MAX } from './draft.ts';
import type { FieldsProps } from './policy-form.tsx';
import { weekdayDates } from './policy-words.tsx';

export function WindowFields({ draft, set, saysAt }: FieldsProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const { noCutHours } = draft;
  const change = (index: number, next: Partial<(typeof noCutHours)[number]>) =>
    set({ noCutHours: noCutHours.map((each, i) => (i === index ? { ...each, ...next } : each)) });
  return (
    <section>
      <h3>{t('credit.field.noCutHours')}</h3>
      <p className="second">{t('credit.hint.noCutHours', { zone })}</p>
      <ul className="credit-rows">
        {noCutHours.map((window, index) => {
          const says = saysAt(`noCutHours/${index}`);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows are added and taken away at their place.
            <li key={index}>
              <div className="credit-window">
                <input
                  className="input"
                  type="text"
                  inputMode="numeric"
                  maxLength={5}
                  placeholder="22:00"
                  aria-label={t('credit.windowFrom', { n: index + 1 })}
                  aria-invalid={says !== ''}
                  value={window.from}
                  onChange={(event) => change(index, { from: event.target.value })}
                />
                <span className="quiet">–</span>
                <input
                  className="input"
                  type="text"
                  inputMode="numeric"
                  maxLength={5}
                  placeholder="07:00"
                  aria-label={t('credit.windowTo', { n: index + 1 })}
                  aria-invalid={says !== ''}
                  value={window.to}
                  onChange={(event) => change(index, { to: event.target.value })}
                />
                <button
                  type="button"
                  className="button plain icon"
                  aria-label={t('credit.removeWindow', { n: index + 1 })}
                  onClick={() => set({ noCutHours: noCutHours.filter((_, i) => i !== index) })}
                >
                  <Icon name="bin" size={14} />
                </button>
                {!says && isOverMidnight(window) && (
                  <span className="second">{t('credit.overMidnight')}</span>
                )}
              </div>
              {says && <span className="field-hint neg">{says}</span>}
            </li>
          );
        })}
      </ul>
      {saysAt('noCutHours') && <p className="field-hint neg">{saysAt('noCutHours')}</p>}
      {noCutHours.length < WINDOWS_MAX && (
        <button
          type="button"
          className="button small"
          onClick={() => set({ noCutHours: [...noCutHours, { from: '', to: '' }] })}
        >
          <Icon name="plus" size={14} />
          {t('credit.addWindow')}
        </button>
      )}
    </section>
  );
}

export function DayFields({ draft, set, saysAt }: FieldsProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { weekdays, holidays, dates } = draft;
  return (
    <section>
      <h3>{t('credit.field.noCutDays')}</h3>
      <div className="checks">
        {weekdayDates.map((date, index) => (
          <Check
            key={date}
            label={weekday(language, date)}
            checked={weekdays.includes(index + 1)}
            onChange={(isOn) =>
              set({
                weekdays: isOn
                  ? [...weekdays, index + 1]
                  : weekdays.filter((each) => each !== index + 1),
              })
            }
          />
        ))}
        <Check
          label={t('credit.field.holidays')}
          checked={holidays}
          onChange={(isOn) => set({ holidays: isOn })}
        />
      </div>
      {saysAt('weekdays') && <p className="field-hint neg">{saysAt('weekdays')}</p>}
      <ul className="credit-rows">
        {dates.map((date, index) => {
          const says = saysAt(`dates/${index}`);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows are added and taken away at their place.
            <li key={index}>
              <div className="credit-window credit-day">
                <DayField
                  label={t('credit.dateOf', { n: index + 1 })}
                  value={date}
                  width={170}
                  onChange={(next) =>
                    set({ dates: dates.map((each, i) => (i === index ? next : each)) })
                  }
                />
                <button
                  type="button"
                  className="button plain icon"
                  aria-label={t('credit.removeDate', { n: index + 1 })}
                  onClick={() => set({ dates: dates.filter((_, i) => i !== index) })}
                >
                  <Icon name="bin" size={14} />
                </button>
              </div>
              {says && <span className="field-hint neg">{says}</span>}
            </li>
          );
        })}
      </ul>
      {dates.length < DATES_MAX && (
        <button
          type="button"
          className="button small"
          onClick={() => set({ dates: [...dates, ''] })}
        >
          <Icon name="plus" size={14} />
          {t('credit.addDate')}
        </button>
      )}
    </section>
  );
}

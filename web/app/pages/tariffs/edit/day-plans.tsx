/** Which days have bands of their own, which days are without work, and by which clock the bands run. */
import { useTranslation } from 'react-i18next';
import { addDays, weekday } from '../../../dates.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Segmented } from '../../../parts/segmented.tsx';
import type { Season, TariffCalendar } from '../../../tariff-shapes.ts';
import { hasPlan, withOwnPlan, withWeekends } from './definition.ts';
import { Check, CodeField, FaultLines, SelectField } from './field.tsx';

const MONDAY = '2024-01-01';

export function DayPlans({
  calendar,
  season,
  seasonIndex,
  lists,
  onCalendar,
  onSeason,
}: {
  calendar: TariffCalendar;
  season: Season;
  seasonIndex: number;
  /** Codes of the lists of event days that there are. */
  lists: readonly string[];
  onCalendar: (calendar: TariffCalendar) => void;
  onSeason: (season: Season) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const apart = hasPlan(season, 'weekday') || hasPlan(season, 'weekend');
  const others = calendar.seasons.filter((_, i) => i !== seasonIndex);
  return (
    <div className="day-plans">
      <div className="tfield">
        <span className="field-label">{t('tariff.plans.label')}</span>
        <Segmented
          label={t('tariff.plans.label')}
          value={apart ? 'apart' : 'alike'}
          onChange={(choice) => onSeason(withWeekends(season, choice === 'apart'))}
          choices={[
            { value: 'alike', label: t('tariff.plans.alike') },
            { value: 'apart', label: t('tariff.plans.apart') },
          ]}
        />
        <Check
          label={t('tariff.plans.holidays')}
          checked={hasPlan(season, 'holiday')}
          onChange={(own) => onSeason(withOwnPlan(season, 'holiday', own))}
        />
        {(calendar.eventDays || hasPlan(season, 'event')) && (
          <Check
            label={t('tariff.plans.events')}
            checked={hasPlan(season, 'event')}
            onChange={(own) => onSeason(withOwnPlan(season, 'event', own))}
          />
        )}
      </div>
      <div className="tfield">
        <span className="field-label">{t('tariff.plans.weekend')}</span>
        <span className="day-toggles">
          {[1, 2, 3, 4, 5, 6, 7].map((index) => {
            const isOff = calendar.weekend.includes(index);
            return (
              <button
                key={index}
                type="button"
                aria-pressed={isOff}
                onClick={() =>
                  onCalendar({
                    ...calendar,
                    weekend: isOff
                      ? calendar.weekend.filter((each) => each !== index)
                      : [...calendar.weekend, index].sort(),
                  })
                }
              >
                {weekday(language, addDays(MONDAY, index - 1))}
              </button>
            );
          })}
        </span>
        <FaultLines at="/calendar/weekend" />
        {others.length > 0 && (
          <SelectField
            label={t('tariff.plans.copy')}
            value=""
            options={[
              { value: '', label: t('tariff.plans.choose') },
              ...others.map((each) => ({
                value: `${calendar.seasons.indexOf(each)}`,
                label: `${nameOf(language, each)} (${each.from} – ${each.to})`,
              })),
            ]}
            onChange={(choice) => {
              const from = calendar.seasons[Number(choice)];
              if (choice && from) onSeason({ ...season, days: structuredClone(from.days) });
            }}
          />
        )}
      </div>
      <div className="tfield">
        <span className="field-label">{t('tariff.plans.clock')}</span>
        <Segmented
          label={t('tariff.plans.clock')}
          value={calendar.clock ?? 'local'}
          onChange={(clock) => {
            const { clock: _, ...rest } = calendar;
            onCalendar(clock === 'standard' ? { ...rest, clock } : rest);
          }}
          choices={[
            { value: 'local', label: t('tariff.plans.local') },
            { value: 'standard', label: t('tariff.plans.standard') },
          ]}
        />
        <span className="field-hint">
          {t(calendar.clock === 'standard' ? 'tariff.plans.standardIs' : 'tariff.plans.localIs')}
        </span>
        <CodeField
          label={t('tariff.plans.eventList')}
          value={calendar.eventDays ?? ''}
          known={lists}
          placeholder={t('tariff.none')}
          at="/calendar/eventDays"
          onChange={(code) => {
            const { eventDays: _, ...rest } = calendar;
            onCalendar(code ? { ...rest, eventDays: code } : rest);
          }}
        />
      </div>
    </div>
  );
}

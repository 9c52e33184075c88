/** A policy in plain words: when an account is cut, when never, and how supply comes back. */
import { useTranslation } from 'react-i18next';
import type { CreditPolicy } from '../../credit-shapes.ts';
import { day, weekday } from '../../dates.ts';
import { amount, currencyName, negate, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { isOverMidnight } from './draft.ts';

export function PolicyWords({ policy }: { policy: CreditPolicy }) {
  const { t } = useTranslation();
  const words = usePolicyWords(policy);
  return (
    <div className="credit-words">
      <p className={policy.mode === 'automatic' ? 'strong' : ''}>
        {t(`credit.modeSays.${policy.mode}`)}
      </p>
      {(['cut', 'never', 'back', 'silent'] as const).map((part) => (
        <section key={part}>
          <h3>{t(`credit.words.${part}`)}</h3>
          <ul>
            {words[part].map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function usePolicyWords(policy: CreditPolicy) {
  const { t } = useTranslation();
  const language = useLanguage();
  const word = (key: string, parameters: Record<string, string | number> = {}) =>
    t(`credit.says.${key}`, parameters);
  const money = ({ amount: text, currency }: CreditPolicy['creditLimit']) =>
    `${amount(text)} ${currencyName(currency, language)}`;
  const { noCutDays, brake, ladder } = policy;
  const limit = { ...policy.creditLimit, amount: negate(policy.creditLimit.amount) };
  const days = [
    ...noCutDays.weekdays.map((n) => weekday(language, weekdayDates[n - 1] ?? '')),
    ...(noCutDays.holidays ? [word('holidays')] : []),
    ...noCutDays.dates.map((date) => day(language, date)),
  ];
  return {
    cut: [
      policy.otherDebtNoticeDays > 0
        ? word('belowWithout', { limit: money(limit), days: policy.otherDebtNoticeDays })
        : word('below', { limit: money(limit) }),
      ...ladder.map(({ level, hoursBeforeTrip, proof }) =>
        word(`told.${proof}`, { level: t(`credit.level.${level}`), hours: hoursBeforeTrip }),
      ),
      ...(policy.graceHours > 0 ? [word('grace', { hours: policy.graceHours })] : []),
      word(`who.${policy.mode}`),
    ],
    never: [
      ...policy.noCutHours.map((window) =>
        word(isOverMidnight(window) ? 'overMidnight' : 'between', window),
      ),
      ...(days.length > 0 ? [word('days', { days: days.join(t('credit.comma')) })] : []),
      word('dispute'),
      word('order', { minutes: policy.orderQueryMinutes }),
      word('doubt'),
      word('points'),
      ...(policy.cutWater ? [] : [word('water')]),
      word('brake', {
        trips: number(brake.tripsPerHour),
        share: number(brake.sharePercentPerHour),
      }),
    ],
    back: [word('restore', { at: money(policy.restoreAt) }), word('restoreMode')],
    silent: [
      word('silent', {
        minutes: number(policy.silent.minutes),
        exposure: money(policy.silent.exposure),
      }),
    ],
  };
}

/** A Monday to a Sunday, for their names. */
export const weekdayDates = Array.from({ length: 7 }, (_, n) => `2026-11-${String(23 + n)}`);

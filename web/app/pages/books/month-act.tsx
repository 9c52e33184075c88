/** Changing the state of a month: what follows, from → to, then with a reason exactly that. */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MonthGate, MonthState } from '../../books.ts';
import { useChangeMonth } from '../../books-queries.ts';
import { addDays, addMonths, day, month as monthName } from '../../dates.ts';
import { amount, currencyName, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';

const REASON_MAX = 200;

export function MonthAct({
  gate,
  to,
  next,
  onDone,
}: {
  gate: MonthGate;
  to: MonthState;
  /** The month in which an accrual is taken back. */
  next: string;
  onDone: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const id = useId();
  const [reason, setReason] = useState('');
  const change = useChangeMonth(gate.month);
  const name = monthName(language, gate.month);
  const last = addDays(addMonths(`${gate.month}-01`, 1), -1);
  const standing = gate.items.filter(({ count }) => count > 0);
  const act = t(`books.month.act.${to}`, { month: name });
  return (
    <form
      className="month-act"
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim()) {
          change.mutate({ state: to, reason: reason.trim() }, { onSuccess: onDone });
        }
      }}
    >
      <h3>{act}</h3>
      <p className="second">{t(`books.month.follows.${to}`)}</p>
      <dl className="pairs">
        <Pair term={t('books.month.is')}>
          {t(`books.month.state.${gate.state}`)} → <b>{t(`books.month.state.${to}`)}</b>
        </Pair>
        {to === 'closed' && (
          <>
            <Pair term={t('books.month.accruedOn', { day: day(language, last) })}>
              {amount(gate.accrual?.amount)}{' '}
              <span className="unit">{currencyName(currency, language)}</span>
            </Pair>
            <Pair term={t('books.month.takenBack')}>{day(language, `${next}-01`)}</Pair>
          </>
        )}
        {to !== 'open' && (
          <Pair term={t('books.month.stands')}>
            {standing.length
              ? standing
                  .map(
                    ({ kind, count }) => `${number(count)} ${t(`books.month.item.${kind}.short`)}`,
                  )
                  .join(t('mark.list'))
              : t('books.month.nothing')}
          </Pair>
        )}
      </dl>
      <label className="field-label" htmlFor={id}>
        {t('books.month.why')}
      </label>
      <input
        id={id}
        className="input"
        value={reason}
        maxLength={REASON_MAX}
        autoComplete="off"
        onChange={(event) => setReason(event.target.value)}
      />
      {change.error && <ProblemNotice error={change.error} />}
      <div className="month-acts">
        <button type="button" className="button" onClick={onDone}>
          {t('act.cancel')}
        </button>
        <button
          type="submit"
          className={to === 'closed' ? 'button danger' : 'button primary'}
          disabled={!reason.trim() || change.isPending}
        >
          {act}
        </button>
      </div>
    </form>
  );
}

function Pair({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

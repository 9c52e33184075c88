/** What holds for this account alone: a limit of its own, or that it is never cut; dated, with its reason. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { useNow } from '../../clock.tsx';
import type { CreditCaseDetail } from '../../credit-shapes.ts';
import { instantOf, wallText } from '../../dates.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { Field } from '../exceptions/field.tsx';
import { Check, TextField } from '../tariffs/edit/field.tsx';
import { cleanMoney } from './draft.ts';

export function OverrideForm({ found, onDone }: { found: CreditCaseDetail; onDone: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const { override } = found;
  const send = useAct<unknown>(onDone);
  const [limit, setLimit] = useState(override?.creditLimit?.amount ?? '');
  const [isProtected, protect] = useState(override?.protected ?? false);
  const [wall, setWall] = useState(override?.until ? wallText(zone, override.until) : '');
  const [reason, setReason] = useState('');
  const clean = limit.trim() === '' ? null : cleanMoney(limit, { signed: false });
  const isWrong = limit.trim() !== '' && clean === null;
  const until = wall ? instantOf(zone, wall) : null;
  const isPast = until !== null && Date.parse(until) <= now.getTime();
  const isReady = !isWrong && !isPast && reason.trim() !== '';
  return (
    <form
      className="credit-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        send.mutate({
          ...{ path: `/credit-cases/${found.accountId}/override`, method: 'PUT' },
          body: {
            creditLimit: clean === null ? null : { amount: clean, currency },
            ...{ protected: isProtected, until, reason: reason.trim() },
          },
        });
      }}
    >
      <p>{t('credit.overrideSays')}</p>
      <Check label={t('credit.protect')} checked={isProtected} onChange={protect} />
      <div className="form-grid">
        <div className="tfield">
          <TextField
            label={t('credit.ownLimitField')}
            unit={currencyName(currency, language)}
            value={limit}
            onChange={setLimit}
            figure
            hint={
              isWrong ? (
                <span className="neg">
                  {t(/[.。]\d{3,}/.test(limit) ? 'credit.fault.decimals' : 'credit.fault.money')}
                </span>
              ) : (
                t('credit.ownLimitHint')
              )
            }
          />
        </div>
        <Field
          label={t('credit.overrideUntil')}
          type="instant"
          value={wall}
          onChange={setWall}
          invalid={isPast}
          hint={t(isPast ? 'credit.fault.past' : 'credit.overrideUntilHint')}
        />
        <TextField label={t('exc.reason')} value={reason} maxLength={120} onChange={setReason} />
      </div>
      <div>
        <button type="submit" className="button primary" disabled={!isReady || send.isPending}>
          {t('credit.doOverride')}
        </button>
      </div>
      {send.error && <ProblemNotice error={send.error} />}
      {send.unknown && <p className="second">{t('vend.unknown')}</p>}
    </form>
  );
}

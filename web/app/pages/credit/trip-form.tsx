/** Cutting what was proposed: who loses supply, how many points, why; the number is typed. */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { CreditCaseDetail } from '../../credit-shapes.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { TextField } from '../tariffs/edit/field.tsx';

export function TripForm({ found, onDone }: { found: CreditCaseDetail; onDone: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const send = useAct<unknown>(onDone);
  const [typed, type] = useState('');
  const [reason, setReason] = useState('');
  const targets = found.supply.filter(({ cuts }) => cuts);
  const isReady =
    targets.length > 0 && typed.trim() === String(targets.length) && reason.trim() !== '';
  return (
    <form
      id={id}
      className="credit-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        send.mutate({
          path: `/credit-cases/${found.accountId}/trip`,
          body: { reason: reason.trim() },
        });
      }}
    >
      <p>
        {t('credit.tripSays', {
          count: targets.length,
          codes: targets.map(({ code }) => code).join(t('mark.list')) || '–',
        })}
      </p>
      <div className="form-grid">
        <TextField
          label={t('credit.tripCount')}
          value={typed}
          onChange={type}
          figure
          hint={t('credit.tripCountHint')}
        />
        <TextField label={t('exc.reason')} value={reason} maxLength={120} onChange={setReason} />
      </div>
      <div>
        <button type="submit" className="button primary" disabled={!isReady || send.isPending}>
          {t('credit.doTrip', { count: targets.length })}
        </button>
      </div>
      {send.error && <ProblemNotice error={send.error} />}
      {send.unknown && <p className="second">{t('vend.unknown')}</p>}
    </form>
  );
}

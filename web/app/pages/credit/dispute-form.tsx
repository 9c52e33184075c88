/** A dispute: while it lasts nobody is cut for this account, nor is a contested payment refunded; begun with reason and end, ended with a reason. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { useNow } from '../../clock.tsx';
import { type CreditCaseDetail, isHolding } from '../../credit-shapes.ts';
import { instantOf, moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Amount } from '../../parts/figure.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { Field } from '../exceptions/field.tsx';
import { Reasoned } from '../sale/reasoned.tsx';

export function DisputeForm({ accountId, onDone }: { accountId: string; onDone: () => void }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const now = useNow(60_000);
  const send = useAct<unknown>(onDone);
  const [wall, setWall] = useState('');
  const [reason, setReason] = useState('');
  const [receipt, setReceipt] = useState('');
  const until = wall ? instantOf(zone, wall) : null;
  const isPast = until !== null && Date.parse(until) <= now.getTime();
  const isReady = until !== null && !isPast && reason.trim() !== '';
  return (
    <form
      className="credit-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        send.mutate({
          path: `/accounts/${accountId}/disputes`,
          body: { reason: reason.trim(), until, receipt: receipt.trim() || null },
        });
      }}
    >
      <p>{t('credit.disputeSays')}</p>
      <div className="form-grid">
        <Field
          label={t('credit.holdUntil')}
          type="instant"
          value={wall}
          onChange={setWall}
          invalid={isPast}
          hint={isPast ? t('credit.fault.past') : t('credit.holdHint', { zone })}
        />
        <Field label={t('exc.reason')} value={reason} onChange={setReason} />
        <Field
          label={t('credit.disputedReceipt')}
          value={receipt}
          onChange={setReceipt}
          hint={t('credit.disputedReceiptHint')}
        />
      </div>
      <div>
        <button type="submit" className="button primary" disabled={!isReady || send.isPending}>
          {t('credit.doDispute')}
        </button>
      </div>
      {send.error && <ProblemNotice error={send.error} />}
      {send.unknown && <p className="second">{t('vend.unknown')}</p>}
    </form>
  );
}

/** Those that hold, each to be ended; those that are over, in a line. */
export function Disputes({ found }: { found: CreditCaseDetail }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const may = useMay();
  const now = useNow(60_000);
  const when = (at: string) => moment(language, zone, at, now);
  if (found.disputes.length === 0) return null;
  return (
    <div className="credit-form">
      <h3>{t('credit.disputes')}</h3>
      {found.disputes.map((dispute) => (
        <div key={dispute.id} className="stack">
          <div>
            <div className={isHolding(dispute, now) ? 'strong' : 'quiet'}>{dispute.reason}</div>
            {dispute.payment && (
              <div className="second">
                {t('credit.disputedPayment', { receipt: dispute.payment.receipt })}{' '}
                <Amount money={dispute.payment.amount} />
              </div>
            )}
            <div className="second">
              {dispute.endedAt
                ? t('credit.disputeEnded', {
                    at: when(dispute.endedAt),
                    by: dispute.endedBy ?? '–',
                    why: dispute.endReason ?? '–',
                  })
                : t('credit.disputeHolds', {
                    from: when(dispute.from),
                    until: when(dispute.until),
                    by: dispute.by,
                  })}
            </div>
          </div>
          {isHolding(dispute, now) && may('credit.act') && (
            <Reasoned
              path={`/accounts/${found.accountId}/disputes/${dispute.id}/end`}
              label={t('credit.endReason')}
              choices={[{ label: t('credit.endDispute') }]}
            />
          )}
        </div>
      ))}
    </div>
  );
}

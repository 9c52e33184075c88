/** Taking a correction back: a reason, in the place. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay } from '../../project.tsx';
import { useSend } from '../../quality-queries.ts';
import { Field } from './field.tsx';

export function Withdraw({ path }: { path: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, open] = useState(false);
  const [reason, setReason] = useState('');
  const send = useSend<unknown>(() => open(false));
  if (!may('reading.edit')) return null;
  if (!isOpen) {
    return (
      <button type="button" className="link-button" onClick={() => open(true)}>
        {t('exc.editAct.take-back')}
      </button>
    );
  }
  return (
    <div className="exc-decide">
      <Field label={t('exc.reason')} value={reason} onChange={setReason} />
      <span className="exc-acts">
        <button type="button" className="button small" onClick={() => open(false)}>
          {t('act.cancel')}
        </button>
        <button
          type="button"
          className="button small primary"
          disabled={!reason.trim() || send.isPending}
          onClick={() => send.mutate({ path, body: { reason: reason.trim() } })}
        >
          {t('exc.editAct.take-back')}
        </button>
      </span>
      {send.error && <ProblemNotice error={send.error} />}
    </div>
  );
}

/** A decision with its reason, in the place where it is made. */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import './counter.css';

export function Reasoned({
  path,
  choices,
  label,
}: {
  path: string;
  /** The reason is sent with the decision, or with what `body` holds. */
  choices: readonly { decision?: string; body?: object; label: string; isMain?: boolean }[];
  label?: string;
}) {
  const { t } = useTranslation();
  const id = useId();
  const [reason, setReason] = useState('');
  const send = useAct<unknown>(() => setReason(''));
  const why = reason.trim();
  return (
    <form className="stack" onSubmit={(event) => event.preventDefault()}>
      <div className="counter-reason">
        <label className="field" htmlFor={id}>
          <span className="field-label">{label ?? t('exc.reason')}</span>
          <input
            id={id}
            className="input"
            maxLength={120}
            autoComplete="off"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <span className="counter-acts">
          {choices.map(({ decision, body, label: act, isMain }) => (
            <button
              key={act}
              type="button"
              className={`button${isMain ? ' primary' : ''}`}
              disabled={!why || send.isPending}
              onClick={() =>
                send.mutate({ path, body: { ...body, ...(decision && { decision }), reason: why } })
              }
            >
              {act}
            </button>
          ))}
        </span>
      </div>
      {send.error && <ProblemNotice error={send.error} />}
      {send.unknown && <p className="second">{t('vend.unknown')}</p>}
    </form>
  );
}

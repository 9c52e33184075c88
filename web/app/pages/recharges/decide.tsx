/** A person's word with its reason, one button for each way it can go. */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import '../sale/counter.css';

export function Decide({
  path,
  label,
  choices,
}: {
  path: string;
  label: string;
  choices: readonly { body: Record<string, unknown>; label: string }[];
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
          <span className="field-label">{label}</span>
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
          {choices.map(({ body, label: act }) => (
            <button
              key={act}
              type="button"
              className="button"
              disabled={!why || send.isPending}
              onClick={() => send.mutate({ path, body: { ...body, reason: why } })}
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

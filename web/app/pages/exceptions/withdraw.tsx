/** Taking a correction back: a reason, in the place; where it can be tried, what it would change comes first. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay } from '../../project.tsx';
import { useSend, useTry } from '../../quality-queries.ts';
import { Field } from './field.tsx';
import { TriedView } from './mistake-drawer.tsx';

export function Withdraw({
  path,
  tried,
  unit,
}: {
  path: string;
  /** Body of a preview, without the reason: it is looked at before it is done. */
  tried?: object | undefined;
  unit: 'Wh' | 'l';
}) {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, open] = useState(false);
  const [reason, setReason] = useState('');
  const attempt = useTry();
  const send = useSend<unknown>(() => open(false));
  const body = { reason: reason.trim() };
  if (!may('reading.edit') || (tried && !may('device.write'))) return null;
  if (!isOpen) {
    return (
      <button type="button" className="link-button" onClick={() => open(true)}>
        {t('exc.editAct.take-back')}
      </button>
    );
  }
  const isTriedFirst = tried !== undefined && !attempt.data;
  return (
    <div className="exc-decide">
      <Field label={t('exc.reason')} value={reason} onChange={setReason} />
      {attempt.data && <TriedView tried={attempt.data} unit={unit} />}
      <span className="exc-acts">
        <button type="button" className="button small" onClick={() => open(false)}>
          {t('act.cancel')}
        </button>
        {isTriedFirst ? (
          <button
            type="button"
            className="button small primary"
            disabled={!body.reason || attempt.isPending}
            onClick={() => attempt.mutate({ ...tried, with: body })}
          >
            {t(attempt.isPending ? 'exc.previewing' : 'exc.preview')}
          </button>
        ) : (
          <button
            type="button"
            className="button small primary"
            disabled={!body.reason || send.isPending}
            onClick={() => send.mutate({ path, body })}
          >
            {t(send.isPending ? 'exc.sending' : 'exc.editAct.take-back')}
          </button>
        )}
      </span>
      {attempt.error && <ProblemNotice error={attempt.error} />}
      {send.error && <ProblemNotice error={send.error} />}
    </div>
  );
}

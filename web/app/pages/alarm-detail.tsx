/** An alarm opened in place: when it was raised, who has seen to it, when it was cleared; acknowledging it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Alarm, call } from '../api.ts';
import { fullMoment } from '../dates.ts';
import { useLanguage } from '../language.ts';
import { Icon } from '../parts/icons.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { useMay, useProject } from '../project.tsx';
import { happenings } from './alarm-text.ts';

export function AlarmDetail({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const at = (instant: string) => fullMoment(language, zone, instant);
  return (
    <div className="alarm-detail">
      <dl className="pairs">
        <div>
          <dt>{t('alarms.raised')}</dt>
          <dd>{at(alarm.raisedAt)}</dd>
        </div>
        {alarm.reopened > 0 && (
          <div>
            <dt>{t('alarms.reopened')}</dt>
            <dd>{t('alarms.times', { count: alarm.reopened })}</dd>
          </div>
        )}
        <div>
          <dt>{t('alarms.seen')}</dt>
          <dd>
            {alarm.acknowledgedAt
              ? `${alarm.acknowledgedBy} · ${at(alarm.acknowledgedAt)}`
              : t('alarms.unseen')}
          </dd>
        </div>
        {alarm.note && (
          <div>
            <dt>{t('alarms.note')}</dt>
            <dd>{alarm.note}</dd>
          </div>
        )}
        <div>
          <dt>{t('alarms.clearedAt')}</dt>
          <dd>{alarm.clearedAt ? at(alarm.clearedAt) : t('alarms.stillOpen')}</dd>
        </div>
      </dl>
      {!alarm.acknowledgedAt && <Acknowledge alarm={alarm} />}
    </div>
  );
}

function Acknowledge({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const may = useMay();
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const send = useMutation({
    mutationFn: () =>
      call<Alarm>(`/projects/${projectId}/alarms/${alarm.id}/acknowledge`, {
        method: 'POST',
        body: { note: note.trim() || null },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: [projectId, 'list', '/alarms'] }),
  });
  if (!may('alarm.write')) return null;
  return (
    <form
      className="alarm-seen"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate();
      }}
    >
      <label>
        <span className="field-label">{t('alarms.noteOptional')}</span>
        <input
          className="input"
          maxLength={120}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </label>
      <button type="submit" className="button small primary" disabled={send.isPending}>
        <Icon name="check" size={14} />
        {t('alarms.acknowledge')}
      </button>
      <span className="field-hint">
        {t(happenings.includes(alarm.kind) ? 'alarms.acknowledgeEnds' : 'alarms.acknowledgeHint')}
      </span>
      {send.error && <ProblemNotice error={send.error} />}
    </form>
  );
}

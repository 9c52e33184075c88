/** An edit opened: before and after as a picture and in figures, the bills, who proposed and who decides. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { number, signed, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { useMay, usePlace } from '../../project.tsx';
import { useEdit, useEditEffect, useSend } from '../../quality-queries.ts';
import type { EditDecision, ExceptionDecision, WholeEdit } from '../../quality-shapes.ts';
import { DaysChart } from './days-chart.tsx';
import { Effect } from './effect.tsx';
import { Field } from './field.tsx';

/** An edit by its id, fetched with its quarter-hours. */
export function EditOpened({ editId }: { editId: string }) {
  const query = useEdit(editId);
  const { t } = useTranslation();
  if (query.data) return <EditDetail edit={query.data} />;
  if (query.error) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <div className="stack" aria-busy>
      <Skeleton width="40%" />
      <Skeleton width="100%" height={180} />
      <Waiting what={t('exc.edits')} />
    </div>
  );
}

export function EditDetail({ edit: given }: { edit: WholeEdit }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { project } = usePlace();
  const now = useNow(60_000);
  const person = usePerson();
  // What was decided meanwhile is newer than what it was opened with.
  const edit = useEdit(given.id).data ?? given;
  const isWaiting = edit.state === 'waiting';
  const effect = useEditEffect(edit.id, isWaiting);
  const when = (at: string) => moment(language, project.zone, at, now);
  const unit = edit.unit === 'l' ? 'm³' : 'kWh';
  const known = edit.slots.filter(({ before }) => before !== null).length;
  return (
    <div className="stack">
      <div className="exc-two">
        <div className="stack">
          <DaysChart
            {...{ pointId: edit.pointId, unit: edit.unit, from: edit.from, to: edit.to }}
            slots={edit.slots}
          />
          <p className="second">{t('exc.edit.kept')}</p>
        </div>
        <dl className="pairs">
          <div>
            <dt>{t('exc.edit.method')}</dt>
            <dd>
              {t(`exc.method.${edit.method}.name`)}
              {edit.method !== 'set' &&
                ` · ${t('exc.edit.confidence', { percent: number(edit.confidence) })}`}
            </dd>
          </div>
          <div>
            <dt>{t('exc.effect.before')}</dt>
            <dd>
              {known ? thousands(edit.energyBefore, 2) : '–'} <span className="unit">{unit}</span>
              {known < edit.slots.length && (
                <div className="quiet">
                  {t('exc.edit.missing', { count: edit.slots.length - known })}
                </div>
              )}
            </dd>
          </div>
          <div>
            <dt>{t('exc.effect.after')}</dt>
            <dd className="strong">
              {thousands(edit.energyAfter, 2)} <span className="unit">{unit}</span>
            </dd>
          </div>
          <div>
            <dt>{t('exc.effect.change')}</dt>
            <dd>
              {signed((edit.energyAfter - edit.energyBefore) / 1000, 2)}{' '}
              <span className="unit">{unit}</span>
            </dd>
          </div>
          <div>
            <dt>{t('exc.edit.state')}</dt>
            <dd>{t(`exc.editState.${edit.state}`)}</dd>
          </div>
        </dl>
      </div>
      <ol className="exc-history" aria-label={t('exc.history')}>
        <li>
          <span className="quiet">{when(edit.proposedAt)}</span>
          <span>
            {t('exc.proposedBy', { who: person(edit.proposedBy) })}
            {t('mark.colon')}
            {edit.reason}
          </span>
        </li>
        {edit.decidedAt && (
          <li>
            <span className="quiet">{when(edit.decidedAt)}</span>
            <span>
              {t(`exc.editState.${edit.state}`)}
              {edit.needsApproval &&
                edit.decidedBy &&
                `${t('mark.comma')}${person(edit.decidedBy)}`}
              {t('mark.colon')}
              {edit.needsApproval || edit.state !== 'approved'
                ? edit.decisionReason
                : t('exc.edit.small')}
            </span>
          </li>
        )}
      </ol>
      {isWaiting && (
        <section className="stack" aria-label={t('exc.previewTitle')}>
          <h3>{t('exc.effect.title')}</h3>
          {effect.data ? (
            <Effect effect={effect.data} unit={edit.unit} />
          ) : effect.error ? (
            <ProblemNotice error={effect.error} retry={() => void effect.refetch()} />
          ) : (
            effect.isLoading && (
              <div className="stack" aria-busy>
                <Skeleton width="70%" />
                <Skeleton width="90%" />
                <Waiting what={t('exc.effect.title')} />
              </div>
            )
          )}
        </section>
      )}
      <Decide edit={edit} />
    </div>
  );
}

/** The acts that may follow, with a reason; one's own edit waits for somebody else. */
function Decide({ edit }: { edit: WholeEdit }) {
  const { t } = useTranslation();
  const { session } = usePlace();
  const may = useMay();
  const [reason, setReason] = useState('');
  const send = useSend<WholeEdit>(() => setReason(''));
  const isMine = edit.proposedBy === session.user.id;
  const decisions: EditDecision[] =
    edit.state === 'waiting'
      ? [
          ...(may('reading.approve') && !isMine ? (['approve', 'reject'] as const) : []),
          ...(may('reading.edit') && isMine ? (['withdraw'] as const) : []),
        ]
      : edit.state === 'approved' && may('reading.edit')
        ? ['take-back']
        : [];
  return (
    <div className="stack">
      {edit.state === 'waiting' && (
        <div className="notice warning">
          <Icon name="people" />
          <div>
            <div className="strong">
              {t(edit.approval === 'no-price' ? 'exc.second.noPrice' : 'exc.second.amount')}
            </div>
            <div className="second">
              {t(
                isMine
                  ? 'exc.second.own'
                  : may('reading.approve')
                    ? 'exc.second.yours'
                    : 'exc.second.other',
              )}
            </div>
          </div>
        </div>
      )}
      {decisions.length > 0 && (
        <div className="exc-decide">
          <Field label={t('exc.reason')} value={reason} onChange={setReason} />
          <span className="exc-acts">
            {decisions.map((decision) => (
              <button
                key={decision}
                type="button"
                className={`button${decision === 'approve' ? ' primary' : ''}`}
                disabled={!reason.trim() || send.isPending}
                onClick={() =>
                  send.mutate({
                    path: `/interval-edits/${edit.id}/decision`,
                    body: { decision, reason: reason.trim() },
                  })
                }
              >
                {t(`exc.editAct.${decision}`)}
              </button>
            ))}
          </span>
        </div>
      )}
      {send.error && <ProblemNotice error={send.error} />}
    </div>
  );
}

/** Why it was decided: a person's own words; what the system says for itself in the reader's language. */
export function useReason(): (decision: ExceptionDecision) => string {
  const { t, i18n } = useTranslation();
  return ({ decidedBy, decision, reason }) => {
    const key = `exc.bySystem.${decision}`;
    return decidedBy === 'system' && i18n.exists(key) ? t(key) : reason;
  };
}

/** Who it was: oneself by name, the system, another by the number in the system log. */
export function usePerson(): (id: string) => string {
  const { session } = usePlace();
  const { t } = useTranslation();
  return (id) =>
    id === session.user.id
      ? session.user.name
      : id === 'system'
        ? t('exc.system')
        : t('exc.person', { id });
}

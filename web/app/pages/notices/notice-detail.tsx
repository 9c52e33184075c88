/** A notice opened in place: its text, each try, what a person may do. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { useNow } from '../../clock.tsx';
import { fullMoment, moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { useNotice } from '../../notice-queries.ts';
import type { NoticeWithSteps } from '../../notices.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { NoticeStateMark, useReason } from './notice-state.tsx';

export function NoticeDetail({ id }: { id: string }) {
  const answer = useNotice(id);
  if (answer.isError && !answer.data) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  if (!answer.data) return <Skeleton width="60%" height={60} />;
  return <Opened notice={answer.data} />;
}

function Opened({ notice }: { notice: NoticeWithSteps }) {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(30_000);
  const reasonOf = useReason();
  const said = (outcome: string) =>
    i18n.exists(`notices.outcome.${outcome}`)
      ? t(`notices.outcome.${outcome}`)
      : (reasonOf(outcome) ?? outcome);
  return (
    <div className="notice-opened">
      <section>
        <h3>{t('notices.text')}</h3>
        {notice.subject !== null && <p className="strong">{notice.subject}</p>}
        <p className="notice-text" lang={notice.language}>
          {notice.body}
        </p>
        <Acts notice={notice} />
      </section>
      <section>
        <h3>{t('notices.history')}</h3>
        <dl className="pairs">
          <Pair term={t('notices.stateTitle')}>
            <NoticeStateMark state={notice.state} />
          </Pair>
          {notice.reason !== null && <Pair term={t('notices.why')}>{reasonOf(notice.reason)}</Pair>}
          <Pair term={t('notices.attempts')}>{notice.attempts}</Pair>
          {notice.nextTryAt && (
            <Pair term={t(notice.state === 'queued' ? 'notices.next' : 'notices.nextAsk')}>
              {moment(language, zone, notice.nextTryAt, now)}
            </Pair>
          )}
          {notice.providerId && (
            <Pair term={t('notices.providerId')}>
              <span className="mono clip">{notice.providerId}</span>
            </Pair>
          )}
          {notice.deliveredAt && (
            <Pair term={t('notices.delivered')}>
              {fullMoment(language, zone, notice.deliveredAt)}
            </Pair>
          )}
          {notice.proof && <Pair term={t('notices.proof')}>{notice.proof}</Pair>}
        </dl>
        <ol className="notice-steps">
          {notice.steps.map((step) => (
            <li key={`${step.at} ${step.act} ${step.outcome}`}>
              <span className="quiet nowrap">{moment(language, zone, step.at, now)}</span>
              <span>
                {t(`notices.act.${step.act}`)}
                {t('mark.colon')}
                {said(step.outcome)}
                {step.by && <span className="quiet"> · {step.by}</span>}
              </span>
            </li>
          ))}
          {notice.steps.length === 0 && notice.attempts === 0 && (
            <li className="quiet">{t('notices.notTried')}</li>
          )}
        </ol>
      </section>
    </div>
  );
}

function Acts({ notice }: { notice: NoticeWithSteps }) {
  const { t } = useTranslation();
  const may = useMay();
  const act = useAct<NoticeWithSteps>();
  const [asked, ask] = useState<'retry' | 'withhold'>();
  const [reason, setReason] = useState('');
  if (!may('notice.write')) return null;
  const canRetry = ['failed', 'withheld', 'unconfirmed'].includes(notice.state);
  const canWithhold = ['queued', 'unconfirmed'].includes(notice.state);
  const retry = () =>
    act.mutate(
      {
        path: `/notices/${notice.id}/retry`,
        body: { mayRepeat: notice.state === 'unconfirmed' },
      },
      { onSuccess: () => ask(undefined) },
    );
  const withhold = () =>
    act.mutate(
      { path: `/notices/${notice.id}/withhold`, body: { reason: reason.trim() } },
      { onSuccess: () => ask(undefined) },
    );
  return (
    <div className="notice-do">
      {asked === 'retry' && <p className="second">{t('notices.mayRepeat')}</p>}
      {asked === 'withhold' && (
        <label className="notice-field">
          <span className="field-label">{t('exc.reason')}</span>
          <input
            className="input"
            maxLength={120}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
      )}
      <div className="notice-buttons">
        {asked && (
          <button type="button" className="button small" onClick={() => ask(undefined)}>
            {t('act.cancel')}
          </button>
        )}
        {canRetry && asked !== 'withhold' && (
          <button
            type="button"
            className={asked ? 'button small primary' : 'button small'}
            disabled={act.isPending}
            // What may have arrived is asked about first.
            onClick={() => (notice.state === 'unconfirmed' && !asked ? ask('retry') : retry())}
          >
            {t(asked ? 'notices.again' : 'notices.retry')}
          </button>
        )}
        {canWithhold && asked !== 'retry' && (
          <button
            type="button"
            className={asked ? 'button small primary' : 'button small'}
            disabled={act.isPending || (asked === 'withhold' && !reason.trim())}
            onClick={() => (asked ? withhold() : ask('withhold'))}
          >
            {t('notices.withhold')}
          </button>
        )}
      </div>
      {act.error && <ProblemNotice error={act.error} />}
    </div>
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

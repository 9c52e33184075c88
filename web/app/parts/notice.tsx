/** When something is wrong, waited for or not there: said in the place, with what to do. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../api.ts';
import { Icon, type IconName } from './icons.tsx';

/** What happened, what to do, and the code small. `retry` is offered where a second try may help. */
export function ProblemNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t, i18n } = useTranslation();
  const problem = error instanceof ApiProblem ? error : null;
  const code = problem?.code ?? 'internal';
  const known = i18n.exists(`problem.${code}.what`) ? code : 'other';
  // The server's own sentence is exact and English; a Chinese reader gets ours first.
  const what = t(`problem.${known}.what`);
  const detail = problem && problem.detail.replace(/\.$/, '') !== what ? problem.detail : '';
  return (
    <div className="notice error" role="alert">
      <Icon name={code === 'no-answer' ? 'unreachable' : 'warning'} />
      <div>
        <div className="strong">{what}</div>
        {detail && <div className="second">{detail}</div>}
        <div className="second">{t(`problem.${known}.do`)}</div>
        <div className="notice-acts">
          {retry && (
            <button type="button" className="button small" onClick={retry}>
              <Icon name="retry" size={14} />
              {t('act.tryAgain')}
            </button>
          )}
          <span className="mono">
            {code}
            {problem?.traceId && ` · ${problem.traceId.slice(0, 12)}`}
          </span>
        </div>
      </div>
    </div>
  );
}

/** A whole page that could not be shown. */
export function PageProblem({ error }: { error: unknown }) {
  const { t } = useTranslation();
  return (
    <section className="main" style={{ maxWidth: 720, margin: '8vh auto' }}>
      <ProblemNotice error={error} retry={() => location.reload()} />
      <p style={{ marginTop: 14 }}>
        <a href="/">{t('act.toStart')}</a>
      </p>
    </section>
  );
}

/** After ten seconds it says what is being waited for. */
export function Waiting({ what }: { what: string }) {
  const { t } = useTranslation();
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 10_000);
    return () => clearTimeout(timer);
  }, []);
  return long ? <div className="waiting">{t('waiting', { what })}</div> : null;
}

export function PageWaiting() {
  const { t } = useTranslation();
  return (
    <div className="stack page-waiting" role="status" aria-busy="true" aria-label={t('loading')}>
      <Skeleton width={220} height={24} />
      <div className="panel" style={{ height: 92 }} />
      <div className="panel" style={{ height: 420 }} />
      <Waiting what={t('wait.page')} />
    </div>
  );
}

export function Skeleton({ width, height = 10 }: { width: number | string; height?: number }) {
  return <span className="skeleton" style={{ width, height }} />;
}

/** What would be here, and the one act that fills it. */
export function Empty({
  title,
  text,
  act,
  icon = 'tray',
}: {
  title: string;
  text?: string;
  act?: React.ReactNode;
  icon?: IconName;
}) {
  return (
    <div className="empty">
      <Icon name={icon} size={20} />
      <h3>{title}</h3>
      {text && <p>{text}</p>}
      {act}
    </div>
  );
}

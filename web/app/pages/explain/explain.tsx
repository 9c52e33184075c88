/** A settlement on a page of its own: what it is, what it replaced and why, and each line explained. */
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { day, fullMoment } from '../../dates.ts';
import { type Explanation, useExplanation } from '../../explanation.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Empty, ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { isRank } from '../../parts/palette.ts';
import { useProject } from '../../project.tsx';
import { ExplainBlock, Verdict } from './explain-block.tsx';

export default function ExplainPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const { settlementId } = useParams({ from: '/projects/$projectId/explain/$settlementId' });
  const query = useExplanation(settlementId);
  const found = query.data;
  if (query.isError && !found) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  const s = found?.settlement;
  return (
    <>
      <div className="head">
        <div className="head-text">
          <div className="head-title">
            <h1>{t('explain.title')}</h1>
          </div>
          <div className="head-line">
            {s ? (
              <>
                <Link
                  to="/projects/$projectId/accounts/$accountId"
                  params={{ projectId, accountId: s.accountId }}
                >
                  {s.accountNumber} {s.accountName}
                </Link>
                {s.pointCode && ` · ${s.pointCode}`} · {day(language, s.serviceDay)} ·{' '}
                {t('explain.revision', { revision: s.revision })}
              </>
            ) : (
              <Skeleton width={300} />
            )}
          </div>
        </div>
      </div>
      <div className="stack">
        <Panel title={t('explain.settlement')}>
          <Verdict found={found} settlementId={settlementId} linked={false} />
          {s ? <Header s={s} /> : <Skeleton width="60%" />}
          {!found && <Waiting what={t('explain.wait')} />}
        </Panel>
        {found?.lines.length === 0 && (
          <Empty title={t('explain.noLines')} text={t('explain.noLinesText')} />
        )}
        {found?.lines.map((line) => {
          const rank = String(line.period ?? '');
          const period = isRank(rank) ? t(`period.${rank}`) : null;
          const step = line.step > 0 ? t('account.step', { step: line.step }) : null;
          const title = [nameOf(language, line), period, step].filter(Boolean).join(' · ');
          const { component, step: nth } = line;
          return (
            <Panel key={`${component}/${line.period}/${nth}`} title={title}>
              <ExplainBlock settlementId={settlementId} line={line} linked={false} />
            </Panel>
          );
        })}
      </div>
    </>
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel explain-panel">
      <div className="panel-head">
        <h2>{title}</h2>
      </div>
      <div className="panel-body">{children}</div>
    </section>
  );
}

function Header({ s }: { s: Explanation['settlement'] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const other = (settlementId: string, text: string) => (
    <Link to="/projects/$projectId/explain/$settlementId" params={{ projectId, settlementId }}>
      {text}
    </Link>
  );
  const pairs: [string, ReactNode][] = [
    [
      t('explain.settlement'),
      <>
        <span className="mono">{s.id}</span>{' '}
        {s.supersedes && other(s.supersedes, t('explain.supersedes', { id: s.supersedes }))}{' '}
        {s.supersededBy && other(s.supersededBy, t('explain.supersededBy', { id: s.supersededBy }))}
      </>,
    ],
    [t('explain.settledAt'), fullMoment(language, zone, s.settledAt)],
    [t('explain.accounted'), day(language, s.accountingDate)],
    [t('explain.transaction'), mono(`T-${s.transactionId}`)],
    [t('explain.run'), mono(s.runId)],
    [t('explain.position'), mono(s.position)],
    [t('explain.estimatedSlots'), String(s.estimatedSlots)],
  ];
  if (s.cause.length > 0) {
    const by = s.by ? ` ${t('explain.by', { by: s.by })}` : '';
    pairs.push([t('explain.cause'), s.cause.join('; ') + by]);
  }
  return (
    <dl className="explain-head">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const mono = (text: string) => <span className="mono">{text}</span>;

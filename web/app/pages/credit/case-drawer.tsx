/** One case: how it stands, what a person may do about it, and every decision that led there. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { useCase, useDecisions } from '../../credit-queries.ts';
import type { CreditCaseDetail } from '../../credit-shapes.ts';
import { moment } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { CaseActs } from './case-acts.tsx';
import { CaseChip, decisionIcons, useReasonText, useWaitsFor } from './case-state.tsx';
import { DecisionData } from './decision-data.tsx';

export function CaseDrawer({ accountId, onClose }: { accountId: string; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const query = useCase(accountId);
  const found = query.data;
  return (
    <Drawer
      wide
      title={found ? `${nameOf(language, found)} · ${found.number}` : t('page.credit')}
      onClose={onClose}
    >
      {query.isError && !found ? (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      ) : found ? (
        <div className="stack">
          <Standing found={found} />
          <CaseActs found={found} />
          <Points found={found} />
          <Timeline accountId={accountId} />
        </div>
      ) : (
        <div className="stack" aria-busy>
          <Skeleton width="60%" />
          <Skeleton width="90%" height={90} />
          <Waiting what={t('credit.wait')} />
        </div>
      )}
    </Drawer>
  );
}

function Standing({ found }: { found: CreditCaseDetail }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(30_000);
  const waits = useWaitsFor();
  const when = (at: string) => moment(language, zone, at, now);
  const { override } = found;
  return (
    <>
      <div className="credit-head">
        <CaseChip state={found.state} />
        <span className="second">
          {found.since ? t('credit.sinceAt', { at: when(found.since) }) : t('credit.panel.never')}
        </span>
        <Link
          className="rest"
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId: found.accountId }}
        >
          {t('credit.toAccount')}
        </Link>
      </div>
      {found.waitsFor && (
        <div className="notice warning">
          <Icon name="clock" />
          <div>{t('credit.waitsLine', { what: waits(found.waitsFor) })}</div>
        </div>
      )}
      <dl className="pairs">
        <div>
          <dt>{t('credit.live')}</dt>
          <dd>
            <Amount money={found.live} />
          </dd>
        </div>
        <div>
          <dt>
            {t('credit.cuttable')}
            <span className="block second">{t('credit.cuttableHint')}</span>
          </dt>
          <dd>
            <Amount money={found.cuttable} />
          </dd>
        </div>
        <div>
          <dt>{t('credit.creditLimit')}</dt>
          <dd>
            <Amount money={found.creditLimit} />
            {override?.creditLimit && (
              <span className="block second">{t('credit.ownLimit', { by: override.by })}</span>
            )}
          </dd>
        </div>
        {override?.protected && (
          <div>
            <dt>{t('credit.protected')}</dt>
            <dd>
              {override.until
                ? t('credit.untilAt', { at: when(override.until) })
                : t('credit.forGood')}
              <span className="block second">
                {override.reason} · {override.by}
              </span>
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

function Points({ found }: { found: CreditCaseDetail }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <section aria-label={t('credit.points')}>
      <h3>{t('credit.points')}</h3>
      <ul className="credit-lines">
        {found.supply.map((point) => (
          <li key={point.id}>
            <span className="strong">{point.code}</span>
            <span className="clip quiet">{nameOf(language, point)}</span>
            <span className={point.supply === 'off' ? 'neg' : 'second'}>
              {t(`credit.supply.${point.supply ?? 'unknown'}`)}
            </span>
            <span className="second">
              {point.lockedOut
                ? t('credit.lockedOut')
                : t(`credit.restoreMode.${point.restoreMode}`)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The newest first; each opens what it stood on. */
function Timeline({ accountId }: { accountId: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const reasonOf = useReasonText();
  const answer = useDecisions({ accountId });
  const rows = answer.data?.data;
  return (
    <section aria-label={t('credit.timeline')}>
      <h3>{t('credit.timeline')}</h3>
      {answer.isError && !rows && <ProblemNotice error={answer.error} />}
      {!rows && !answer.isError && <Skeleton width="80%" height={60} />}
      <ol className="credit-timeline">
        {rows?.map((row) => (
          <li key={row.id} className={`credit-${row.decision}`}>
            <Icon name={decisionIcons[row.decision]} size={14} />
            <details>
              <summary>
                <span className="strong">{t(`credit.decision.${row.decision}`)}</span>
                <span className="quiet nowrap">{moment(language, zone, row.at, now)}</span>
                <Icon name="down" size={14} className="credit-mark" />
                <span className="credit-why">{reasonOf(row)}</span>
              </summary>
              <DecisionData decision={row} />
            </details>
          </li>
        ))}
        {rows?.length === 0 && <li className="quiet">{t('credit.noDecisions')}</li>}
      </ol>
    </section>
  );
}

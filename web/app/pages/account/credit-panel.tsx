/** Where an account stands in credit control: state, what it waits for, a dispute, what holds for it alone. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { useCase } from '../../credit-queries.ts';
import { isHolding } from '../../credit-shapes.ts';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Amount } from '../../parts/figure.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { CaseChip, useWaitsFor } from '../credit/case-state.tsx';

export function CreditPanel({ accountId }: { accountId: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(60_000);
  const waits = useWaitsFor();
  const query = useCase(accountId);
  const found = query.data;
  const held = found?.disputes.find((each) => isHolding(each, now));
  const when = (at: string) => moment(language, zone, at, now);
  return (
    <section className="panel" aria-label={t('credit.panel.title')}>
      <div className="panel-head">
        <h2>{t('credit.panel.title')}</h2>
        {found?.since && <CaseChip state={found.state} />}
        {found && (
          <Link
            className="rest second"
            to="/projects/$projectId/credit"
            params={{ projectId }}
            search={{ open: accountId }}
          >
            {t('credit.panel.open')}
          </Link>
        )}
      </div>
      <div className="panel-body">
        {found?.since === null && <p className="quiet">{t('credit.panel.never')}</p>}
        {query.error && !found && <ProblemNotice error={query.error} />}
        {!found && !query.error && <Skeleton width="70%" />}
        {found && (
          <dl className="pairs">
            {found.waitsFor && (
              <div>
                <dt>{t('credit.panel.waits')}</dt>
                <dd>{waits(found.waitsFor)}</dd>
              </div>
            )}
            {held && (
              <div>
                <dt>{t('credit.panel.dispute')}</dt>
                <dd>
                  {t('credit.untilAt', { at: when(held.until) })}
                  <span className="block second">{held.reason}</span>
                </dd>
              </div>
            )}
            {found.override?.protected && (
              <div>
                <dt>{t('credit.protected')}</dt>
                <dd>
                  {found.override.until
                    ? t('credit.untilAt', { at: when(found.override.until) })
                    : t('credit.forGood')}
                </dd>
              </div>
            )}
            <div>
              <dt>{t('credit.cuttable')}</dt>
              <dd>
                <Amount money={found.cuttable} />
              </dd>
            </div>
            <div>
              <dt>{t('credit.creditLimit')}</dt>
              <dd>
                <Amount money={found.creditLimit} />
              </dd>
            </div>
          </dl>
        )}
      </div>
    </section>
  );
}

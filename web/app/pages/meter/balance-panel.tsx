/** What is left on the account of this meter, and how that figure comes about. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { LivePoint } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, moment } from '../../dates.ts';
import { amount, currencyName, isNegative, negate, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useBalance } from '../../queries.ts';

export function BalancePanel({ point }: { point: LivePoint }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const now = useNow(30_000);
  const query = useBalance(point.accountId);
  const balance = query.data;
  if (!point.accountId) return null;
  const name = nameOf(language, { name: point.accountName ?? '–', nameZh: point.accountNameZh });
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('account.explained')}</h2>
        <span className="rest unit">{currencyName(project.currency, language)}</span>
      </div>
      <div className="panel-body">
        {query.isError && !balance && <ProblemNotice error={query.error} />}
        <dl className="pairs">
          <div>
            <dt>
              {balance?.settledTo
                ? t('account.settledTo', { day: day(language, balance.settledTo) })
                : t('account.settled')}
            </dt>
            <dd>{balance ? amount(balance.settled.amount) : <Skeleton width={64} />}</dd>
          </div>
          <div>
            <dt>
              {balance?.newestSampleAt
                ? t('account.provisionalTo', {
                    at: moment(language, project.zone, balance.newestSampleAt, now),
                  })
                : t('account.provisional')}
            </dt>
            <dd>
              <span className="provisional">
                {balance ? amount(negate(balance.provisional.amount)) : <Skeleton width={64} />}
              </span>
            </dd>
          </div>
          <div className="total">
            <dt>{t('account.live')}</dt>
            <dd className={isNegative(balance?.live.amount) ? 'neg' : undefined}>
              {balance ? amount(balance.live.amount) : <Skeleton width={64} />}
            </dd>
          </div>
        </dl>
      </div>
      <div className="panel-foot">
        <span>
          {balance?.hoursLeft === null || balance?.hoursLeft === undefined
            ? t('account.noHours')
            : t('account.hoursLeft', { hours: number(balance.hoursLeft) })}
        </span>
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId: project.id, accountId: point.accountId }}
          className="clip"
        >
          {name}
        </Link>
      </div>
    </section>
  );
}

/** Wallets in debit, each by itself: owed to us, never netted against those in credit. */

import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Query } from '../../api.ts';
import { useWalletsInDebit } from '../../books-queries.ts';
import { amount, currencyName, sum } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useAccountName } from '../../queries.ts';

export function DebitPanel({ query }: { query: Query }) {
  const { t } = useTranslation();
  const nameFor = useAccountName();
  const language = useLanguage();
  const { id: projectId, currency } = useProject();
  const mayOpen = useMay()('account.read');
  const answer = useWalletsInDebit(query, true);
  const page = answer.data;
  const isWhole = page?.nextCursor === null;
  if (answer.isError && !page) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('books.debit.title')}</h2>
        <span className="rest second">{currencyName(currency, language)}</span>
      </div>
      <div className="panel-body">
        {!page ? (
          <Skeleton width="70%" />
        ) : page.data.length === 0 ? (
          <p className="second">{t('books.debit.none')}</p>
        ) : (
          <dl className="pairs">
            {page.data.map((row) => (
              <div key={row.id}>
                <dt
                  className="clip"
                  title={[row.accountNumber, row.accountName].filter(Boolean).join(' ')}
                >
                  {row.accountId && mayOpen ? (
                    <Link
                      to="/projects/$projectId/accounts/$accountId"
                      params={{ projectId, accountId: row.accountId }}
                      preload={false}
                    >
                      {row.accountNumber}
                    </Link>
                  ) : (
                    row.accountNumber
                  )}{' '}
                  {nameFor(row)}
                </dt>
                <dd className="nowrap">{amount(row.balance.amount)}</dd>
              </div>
            ))}
            <div className={isWhole ? 'total' : 'total open'}>
              <dt>{t(isWhole ? 'books.debit.total' : 'books.debit.first')}</dt>
              <dd>{amount(sum(page.data.map(({ balance }) => balance.amount)))}</dd>
            </div>
          </dl>
        )}
      </div>
    </section>
  );
}

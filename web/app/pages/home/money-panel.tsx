/** Today's money by channel and what was given back, footed. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Channel } from '../../api.ts';
import { addDays } from '../../dates.ts';
import { amount, currencyName, sum } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useSales } from '../../queries.ts';
import { useFinanceOn } from './home.tsx';

const channels: readonly Channel[] = ['online', 'cash', 'transfer'];

export function MoneyPanel({ today }: { today: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const sales = useSales({ from: today, to: addDays(today, 1) });
  const rows = sales.data?.data;
  const sold = rows?.map((sale) => sale.amount.amount) ?? [];
  // What was given back is in the books, not among the sales. Who may not read them sees sales alone.
  const finance = useFinanceOn(today);
  const { refunds, reversals } = finance.data?.totals ?? {};
  const returns =
    refunds && reversals
      ? ([
          ['refunds', refunds.amount, finance.data?.returns.refunds],
          ['reversals', reversals.amount, finance.data?.returns.reversals],
        ] as const)
      : undefined;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>
          <Link
            to="/projects/$projectId/sales"
            params={{ projectId: project.id }}
            search={{ from: today, to: addDays(today, 1) }}
            className="panel-link"
          >
            {t('home.money')}
          </Link>
        </h2>
        <span className="rest unit">{currencyName(project.currency, language)}</span>
      </div>
      <div className="panel-body">
        {sales.isError && !rows ? (
          <ProblemNotice error={sales.error} retry={() => void sales.refetch()} />
        ) : (
          <dl className="pairs">
            {channels.map((channel) => {
              const own = rows?.filter((sale) => sale.channel === channel);
              return (
                <div key={channel}>
                  <dt>
                    {t(`channel.${channel}`)}{' '}
                    {!!own?.length && (
                      <span className="unit">{t('home.saleCount', { count: own.length })}</span>
                    )}
                  </dt>
                  <dd>
                    {own ? (
                      // Nothing sold is known to be nothing.
                      amount(sum(own.map((sale) => sale.amount.amount)) ?? '0')
                    ) : (
                      <Skeleton width={70} />
                    )}
                  </dd>
                </div>
              );
            })}
            {returns?.map(([name, text, count]) => (
              <div key={name}>
                <dt>
                  {t(`home.${name}`)} {!!count && <span className="unit">{count}</span>}
                </dt>
                <dd>{amount(text)}</dd>
              </div>
            ))}
            <div className="total">
              <dt>{t(returns ? 'home.net' : 'home.sales')}</dt>
              <dd>
                {rows && !finance.isLoading ? (
                  amount(sum([...sold, ...(returns ?? []).map(([, text]) => text)]) ?? '0')
                ) : (
                  <Skeleton width={70} />
                )}
              </dd>
            </div>
          </dl>
        )}
      </div>
    </section>
  );
}

/** Today's money by channel, footed. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Channel } from '../../api.ts';
import { addDays } from '../../dates.ts';
import { amount, currencyName, sum } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useSales } from '../../queries.ts';

const channels: readonly Channel[] = ['online', 'cash', 'transfer'];

export function MoneyPanel({ today }: { today: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const sales = useSales({ from: today, to: addDays(today, 1) });
  const rows = sales.data?.data;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>
          <Link
            to="/projects/$projectId/sales"
            params={{ projectId: project.id }}
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
                      amount(sum(own.map((sale) => sale.amount.amount)))
                    ) : (
                      <Skeleton width={70} />
                    )}
                  </dd>
                </div>
              );
            })}
            <div className="total">
              <dt>{t('home.net')}</dt>
              <dd>
                {rows ? (
                  amount(sum(rows.map((sale) => sale.amount.amount)) ?? '0')
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

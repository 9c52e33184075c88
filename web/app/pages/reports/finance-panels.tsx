/** Beside the sales report: through which channel, by whom, and what the credit was used for. */
import { useTranslation } from 'react-i18next';
import { amount, isNegative, negate, sum } from '../../format.ts';
import { Skeleton } from '../../parts/notice.tsx';
import type { FinanceFigures, FinancePart, FinanceReport } from '../../reports.ts';
import { PartBar, percent } from './figures.tsx';
import { creditChange, outgoing } from './finance-sums.ts';

export function ByChannel({ parts, money }: { parts: FinancePart[] | undefined; money: string }) {
  const { t } = useTranslation();
  const total = sum((parts ?? []).map(({ sales }) => sales.amount));
  const share = (part: FinancePart) =>
    total && Number(total) ? Number(part.sales.amount) / Number(total) : null;
  return (
    <Panel title={t('report.finance.channels')} money={money} parts={parts}>
      {[...(parts ?? [])].sort(bySales).map((part) => (
        <div key={part.key} className="bar-pair">
          <dt>{part.key ? t(`channel.${part.key}`) : t('report.finance.nobody')}</dt>
          <dd>
            <b className="strong">{amount(part.sales.amount)}</b>{' '}
            <span className="second">{percent(share(part))} %</span>
          </dd>
          <PartBar share={share(part)} />
        </div>
      ))}
      <div className="total">
        <dt>{t('report.finance.sales')}</dt>
        <dd>{amount(total ?? '0')}</dd>
      </div>
    </Panel>
  );
}

/** Only an order: sums never pass through it. */
const bySales = (a: FinancePart, b: FinancePart) => Number(b.sales.amount) - Number(a.sales.amount);

export function ByCashier({ parts, money }: { parts: FinancePart[] | undefined; money: string }) {
  const { t } = useTranslation();
  return (
    <Panel title={t('report.finance.cashiers')} money={money} parts={parts}>
      {[...(parts ?? [])].sort(bySales).map((part) => (
        <div key={part.key ?? part.label}>
          <dt className="clip" title={part.label}>
            {part.label || t('report.finance.nobody')}{' '}
            <span className="quiet">{part.receipts}</span>
          </dt>
          <dd>{amount(part.net.amount)}</dd>
        </div>
      ))}
      <div className="total">
        <dt>{t('report.finance.net')}</dt>
        <dd>{amount(sum((parts ?? []).map(({ net }) => net.amount)) ?? '0')}</dd>
      </div>
    </Panel>
  );
}

/** What was sold against what was charged: how the customers' credit changed. */
export function Credit({
  figures,
  provisional,
  money,
  since,
}: {
  figures: FinanceFigures | undefined;
  provisional: FinanceReport['provisional'];
  money: string;
  since: string;
}) {
  const { t } = useTranslation();
  const credit = figures && creditChange(figures);
  const lines = [
    ['net', figures?.net],
    ['charges', figures && outgoing(figures.charges)],
    ['corrections', figures?.corrections],
    ['other', figures?.otherPostings],
  ] as const;
  return (
    <Panel
      title={t('report.finance.creditSince', { day: since })}
      money={money}
      parts={figures && lines}
    >
      {lines.map(([key, value]) => (
        <div key={key}>
          <dt>
            {t(`report.finance.${key}`)}
            {key === 'charges' && figures && (
              <span className="block quiet">
                {t('report.finance.ofWhichTax', {
                  amount: amount(figures.taxOfCharges?.amount.replace(/^-/, '')),
                })}
              </span>
            )}
          </dt>
          <dd>{amount(value?.amount)}</dd>
        </div>
      ))}
      <div className="total">
        <dt>{t('report.finance.credit')}</dt>
        <dd className={isNegative(credit?.amount) ? 'minus' : undefined}>
          {figures && amount(credit?.amount)}
        </dd>
      </div>
      {provisional && (
        <div>
          <dt>{t('report.finance.provisional')}</dt>
          <dd>
            <span className="provisional">{amount(negate(provisional.amount.amount))}</span>
          </dd>
        </div>
      )}
    </Panel>
  );
}

function Panel({
  title,
  money,
  parts,
  children,
}: {
  title: string;
  money: string;
  parts: readonly unknown[] | undefined;
  children: React.ReactNode;
}) {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{title}</h2>
        <span className="rest unit">{money}</span>
      </div>
      <dl className="panel-body pairs">
        {parts
          ? children
          : [1, 2, 3].map((row) => (
              <div key={row}>
                <dt>
                  <Skeleton width={90} />
                </dt>
                <dd>
                  <Skeleton width={80} />
                </dd>
              </div>
            ))}
      </dl>
    </section>
  );
}

/** The month by the statement's formula: opening + top-ups − charges ± corrections = closing. */
import { useTranslation } from 'react-i18next';
import { month as monthText } from '../../dates.ts';
import { amount, currencyName, sum } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useEntries } from '../../queries.ts';
import { type MonthSums, monthSums } from './entries.ts';

export function MonthPanel({
  accountId,
  today,
  month = today,
}: {
  accountId: string;
  today: string;
  month?: string | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const entries = useEntries(accountId).data;
  const sums = entries && monthSums(entries.data, month);
  const isNow = month.slice(0, 7) === today.slice(0, 7);
  const name = monthText(language, month);
  const lines: [string, string | null | undefined][] = [
    [t('account.opening'), sums?.opening],
    [t('account.topUps'), sums?.sales],
    [t('account.charges'), sums?.charges],
    [t('account.corrections'), sums?.corrections],
  ];
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{isNow ? t('account.monthSoFar', { month: name }) : name}</h2>
        <span className="rest unit">{currencyName(currency, language)}</span>
      </div>
      <div className="panel-body">
        <dl className="pairs">
          {lines.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{sums ? amount(value) : <Skeleton width={64} />}</dd>
            </div>
          ))}
          <div className={sums && !foots(sums) ? 'total open' : 'total'}>
            <dt>{t('account.settledBalance')}</dt>
            <dd>{sums ? amount(sums.closing) : <Skeleton width={64} />}</dd>
          </div>
        </dl>
      </div>
    </section>
  );
}

/** Whether the movements lead from one balance to the other; else the sum is not ruled double. */
const foots = ({ opening, sales, charges, corrections, closing }: MonthSums): boolean =>
  amount(sum([opening, sales, charges, corrections])) === amount(closing);

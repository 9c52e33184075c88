/** Figures as they are shown everywhere: the unit quieter than the number, missing as an en dash. */
import { useTranslation } from 'react-i18next';
import type { Money } from '../api.ts';
import { span } from '../dates.ts';
import { amount, currencyName, isNegative } from '../format.ts';
import { useLanguage } from '../language.ts';
import { Skeleton } from './notice.tsx';

/** Money with two decimals and its currency; owed is red. */
export function Amount({
  money,
  unit = true,
  mark,
}: {
  money: Money | null | undefined;
  unit?: boolean;
  mark?: 'provisional';
}) {
  const language = useLanguage();
  return (
    <span className={`nowrap ${isNegative(money?.amount) ? 'neg' : ''}`}>
      <span className={mark}>{amount(money?.amount)}</span>
      {unit && money && <span className="unit"> {currencyName(money.currency, language)}</span>}
    </span>
  );
}

/** How old something is: "4 s ago"; in the colour of alarm 2 beyond what is usual. */
export function Age({
  seconds,
  oldAfterS = 130,
}: {
  seconds: number | null | undefined;
  oldAfterS?: number;
}) {
  const { t } = useTranslation();
  if (seconds === null || seconds === undefined) return <span title={t('missing.never')}>–</span>;
  return (
    <span className={`nowrap ${seconds > oldAfterS ? 'old' : ''}`}>
      {t('ago', { span: span(t, seconds) })}
    </span>
  );
}

/** One cell of the figure strip. Without a value it has its final shape already. */
export function Cell({
  label,
  value,
  unit,
  line,
  loading,
  big,
  spark,
  mark,
}: {
  label: React.ReactNode;
  value: string;
  unit?: string;
  line?: React.ReactNode;
  loading?: boolean;
  big?: boolean;
  spark?: React.ReactNode;
  mark?: 'provisional';
}) {
  return (
    <div className={`figure${big ? ' big' : ''}${spark ? ' with-spark' : ''}`}>
      <div className="figure-label">{label}</div>
      <div className="figure-value">
        {loading ? (
          <Skeleton width={110} height={20} />
        ) : (
          <>
            <span className={mark}>{value}</span>
            {unit && value !== '–' && <span className="unit">{unit}</span>}
          </>
        )}
      </div>
      {spark}
      <div className="figure-line">{loading ? <Skeleton width={130} /> : (line ?? ' ')}</div>
    </div>
  );
}

/** The columns of the sales report: what was sold through what, or what became of the credit. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { day, month, time, weekday } from '../../dates.ts';
import { amount, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import type { FinanceFigures, FinanceReport, FinanceRow } from '../../reports.ts';
import { moneyColumn } from './figures.tsx';
import { creditChange, outgoing } from './finance-sums.ts';

export function useFinanceColumns({
  report,
  unit,
  by,
  show,
  from,
  today,
}: {
  report: FinanceReport | undefined;
  unit: 'day' | 'month' | 'year';
  by: 'none' | 'channel' | 'cashier';
  show: 'sales' | 'postings';
  from: string;
  today: string;
}): Column<FinanceRow>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const totals = report?.totals;
  const word = (key: string) => t(`report.finance.${key}`);
  type Money = Exclude<keyof FinanceFigures, 'receipts'>;
  const money = (
    key: Money,
    title: string,
    more: Parameters<typeof moneyColumn<FinanceRow>>[3] = {},
  ) =>
    moneyColumn<FinanceRow>(key, title, (row) => row[key], {
      ...(totals && { total: totals[key] }),
      ...more,
    });
  const first: Column<FinanceRow>[] = [
    {
      key: 'period',
      title: t(`energy.by.${unit}`),
      width: 'minmax(104px, 1.2fr)',
      phone: 'title',
      value: ({ period }) => period,
      cell: ({ period }) => <Period period={period} today={today} isBare={by !== 'none'} />,
      total: { cell: t('total'), value: t('total') },
    },
    ...(by === 'none'
      ? []
      : [
          {
            key: 'key',
            title: word(`by.${by}`),
            width: 'minmax(80px, 1fr)',
            phone: 'title',
            value: (row) => nameOfPart(row, by, t),
            cell: (row) => <div className="clip">{nameOfPart(row, by, t)}</div>,
          } satisfies Column<FinanceRow>,
        ]),
  ];
  if (show === 'postings') {
    const change = totals && creditChange(totals);
    return [
      ...first,
      money('net', word('net'), { strong: true }),
      moneyColumn<FinanceRow>('charges', word('charges'), ({ charges }) => outgoing(charges), {
        ...(totals && { total: outgoing(totals.charges) }),
      }),
      money('taxOfCharges', word('tax'), { phone: 'none' }),
      money('corrections', word('corrections')),
      money('otherPostings', word('other'), { phone: 'none' }),
      moneyColumn<FinanceRow>('credit', word('credit'), creditChange, {
        strong: true,
        phone: 'figure',
        ...(change && { total: change }),
      }),
    ];
  }
  return [
    ...first,
    {
      key: 'receipts',
      title: word('receiptCount'),
      align: 'right',
      width: '56px',
      phone: 'none',
      value: ({ receipts }) => receipts,
      cell: ({ receipts }) => <span className="quiet">{number(receipts)}</span>,
      ...(totals && { total: { cell: number(totals.receipts), value: totals.receipts } }),
    },
    money('cash', word('cash'), { phone: 'none' }),
    money('transfer', word('transfer'), { phone: 'none' }),
    money('online', word('online'), { phone: 'none' }),
    money('sales', word('sales'), { strong: true }),
    money('refunds', word('refunds')),
    money('reversals', word('reversals')),
    money('net', word('net'), { strong: true, phone: 'figure' }),
    ...(by === 'none'
      ? [
          moneyColumn<FinanceRow>(
            'since',
            t('report.finance.since', { day: day(language, from, false) }),
            (row) => row.netSince,
            {
              phone: 'none',
              optional: unit !== 'day',
              cell: (row) => <span className="quiet">{moneyText(row)}</span>,
              ...(totals && { total: totals.net }),
            },
          ),
        ]
      : []),
  ];
}

const moneyText = (row: FinanceRow): string => amount(row.netSince?.amount);

/** Channels are named by us, cashiers by themselves. */
const nameOfPart = (
  { key, label }: { key: string | null; label: string },
  by: 'channel' | 'cashier',
  t: (key: string) => string,
): string => (by === 'channel' && key ? t(`channel.${key}`) : label || t('report.finance.nobody'));

/** Bare where another column names the row: there is no room for how far a day has come. */
function Period({ period, today, isBare }: { period: string; today: string; isBare: boolean }) {
  const language = useLanguage();
  const { t } = useTranslation();
  const { zone } = useProject();
  const now = useNow(60_000);
  if (period.length < 10) {
    return (
      <b className="strong nowrap">{period.length === 7 ? month(language, period) : period}</b>
    );
  }
  return (
    <span className="nowrap">
      <b className="strong">{day(language, period, false)}</b>{' '}
      <span className="quiet">
        {weekday(language, period)}
        {period === today && !isBare && t('report.toNow', { at: time(zone, now) })}
      </span>
    </span>
  );
}

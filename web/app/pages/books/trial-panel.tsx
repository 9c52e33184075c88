/** The trial balance: debits, credits and balances by code and detail; they sum to zero, or it says so. */
import { useTranslation } from 'react-i18next';
import type { Query } from '../../api.ts';
import type { TrialRow } from '../../books.ts';
import { useTrialBalance } from '../../books-queries.ts';
import { day } from '../../dates.ts';
import { currencyName, number, sum } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { FootsLine, moneyColumn } from '../reports/figures.tsx';
import { isNothing } from './exact.ts';

export function TrialPanel({
  query,
  sort,
  onSort,
}: {
  query: Query;
  sort: string | undefined;
  onSort: (sort: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const answer = useTrialBalance(query);
  const rows = answer.data?.data;
  const totals = answer.data?.totals;
  const columns = useColumns(rows ?? []);
  const foots = footsOf(rows ?? [], totals?.currencies ?? []);
  if (answer.isError && (!rows || answer.isPlaceholderData)) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  const money = currencyName(currency, language);
  return (
    <div className={answer.isPlaceholderData ? 'report-body other' : 'report-body'}>
      <Table
        name="trial-balance"
        label={t('books.ledger.tab.trial')}
        title={t('books.ledger.tab.trial')}
        beside={
          <span className="second">
            {t('books.ledger.amounts', { money })}
            {totals &&
              ` · ${
                totals.position !== null
                  ? t('books.ledger.atPosition', { position: number(Number(totals.position)) })
                  : totals.accountingDate
                    ? t('books.ledger.upTo', { day: day(language, totals.accountingDate) })
                    : t('books.ledger.withUnsealed')
              }`}
          </span>
        }
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        rowClass={({ inDebit }) => (inDebit ? 'in-debit' : '')}
        foots={foots}
        {...(sort && { sort })}
        onSort={onSort}
        waitingFor={t('books.ledger.waitTrial')}
        empty={<Empty title={t('books.ledger.none')} text={t('books.ledger.noneText')} />}
        foot={
          rows && (
            <FootsLine foots={foots}>
              {t(foots ? 'books.ledger.zero' : 'books.ledger.notZero')}
            </FootsLine>
          )
        }
      />
    </div>
  );
}

/** Added up again here: debits are credits, and both are what the answer says, in each currency. */
function footsOf(
  rows: readonly TrialRow[],
  currencies: readonly {
    currency: string;
    debit: { amount: string };
    credit: { amount: string };
  }[],
): boolean {
  return currencies.every((each) => {
    const own = rows.filter(({ balance }) => balance.currency === each.currency);
    const balance = sum(own.map((row) => row.balance.amount));
    const debit = sum(own.map((row) => row.debit.amount));
    const credit = sum(own.map((row) => row.credit.amount));
    return isNothing(balance) && debit === each.debit.amount && credit === each.credit.amount;
  });
}

function useColumns(rows: readonly TrialRow[]): Column<TrialRow>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  // Sums of several currencies are none.
  const isOne = new Set(rows.map(({ balance }) => balance.currency)).size === 1;
  const total = (key: 'debit' | 'credit' | 'balance') => {
    const text = isOne ? sum(rows.map((row) => row[key].amount)) : null;
    return text === null
      ? {}
      : { total: { amount: text, currency: rows[0]?.[key].currency ?? '' } };
  };
  return [
    {
      key: 'account',
      title: t('books.ledger.account'),
      width: 'minmax(180px, 2fr)',
      phone: 'title',
      value: (row) => `${nameOf(language, row)}${row.detail && ` ${row.detail}`}`,
      cell: (row) => (
        <div className="clip">
          <span className="strong">{nameOf(language, row)}</span>
          {row.detail && <span className="quiet"> {row.detail}</span>}
        </div>
      ),
      ...(isOne && { total: { cell: t('total'), value: t('total') } }),
    },
    {
      key: 'code',
      title: t('books.ledger.code'),
      width: '112px',
      optional: true,
      phone: 'none',
      value: ({ code }) => code,
      cell: ({ code }) => <span className="mono quiet">{code}</span>,
    },
    {
      key: 'kind',
      title: t('books.ledger.kind'),
      width: '72px',
      phone: 'plain',
      value: ({ kind }) => t(`books.ledger.kinds.${kind}`),
      cell: ({ kind }) => t(`books.ledger.kinds.${kind}`),
    },
    {
      key: 'accounts',
      title: t('books.ledger.accounts'),
      align: 'right',
      width: '64px',
      phone: 'none',
      value: ({ accounts }) => accounts,
      cell: ({ accounts }) => <span className="quiet">{number(accounts)}</span>,
    },
    moneyColumn<TrialRow>('debit', t('books.ledger.debit'), ({ debit }) => debit, {
      ...total('debit'),
      width: 'minmax(96px, 1fr)',
    }),
    moneyColumn<TrialRow>('credit', t('books.ledger.credit'), ({ credit }) => credit, {
      ...total('credit'),
      width: 'minmax(96px, 1fr)',
    }),
    moneyColumn<TrialRow>('balance', t('books.ledger.balance'), ({ balance }) => balance, {
      ...total('balance'),
      strong: true,
      phone: 'figure',
      width: 'minmax(100px, 1fr)',
    }),
  ];
}

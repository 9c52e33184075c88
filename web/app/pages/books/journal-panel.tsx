/** The sealed journal: positions with their transactions and hashes, newest first, page by page. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { JournalRow } from '../../books.ts';
import { useJournal } from '../../books-queries.ts';
import { useNow } from '../../clock.tsx';
import { day, moment } from '../../dates.ts';
import { currencyName, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useMay, useProject } from '../../project.tsx';
import { moneyColumn } from '../reports/figures.tsx';

export function JournalPanel({ broken }: { broken: string | null }) {
  const { t } = useTranslation();
  const journal = useJournal(true);
  const columns = useColumns();
  const rows = journal.data?.pages.flatMap(({ data }) => data);
  if (journal.isError && !rows) {
    return <ProblemNotice error={journal.error} retry={() => void journal.refetch()} />;
  }
  return (
    <Table
      name="journal"
      label={t('books.ledger.tab.journal')}
      title={t('books.ledger.tab.journal')}
      columns={columns}
      rows={rows}
      rowKey={({ position }) => position}
      rowClass={({ position }) => (position === broken ? 'off' : '')}
      complete={!journal.hasNextPage}
      waitingFor={t('books.journal.wait')}
      empty={<Empty title={t('books.journal.none')} text={t('books.journal.noneText')} />}
      foot={
        journal.hasNextPage && (
          <button
            type="button"
            className="button small"
            disabled={journal.isFetchingNextPage}
            onClick={() => void journal.fetchNextPage()}
          >
            {t('books.journal.older')}
          </button>
        )
      }
    />
  );
}

function useColumns(): Column<JournalRow>[] {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone, currency } = useProject();
  const mayOpen = useMay()('account.read');
  const now = useNow(60_000);
  const kindOf = ({ kind }: JournalRow) => {
    const key = `books.journal.kinds.${kind}`;
    return i18n.exists(key) ? t(key) : kind;
  };
  return [
    {
      key: 'position',
      title: t('books.seal.position'),
      align: 'right',
      width: '76px',
      phone: 'title',
      value: ({ position }) => position,
      cell: ({ position }) => <b className="strong">{number(Number(position))}</b>,
    },
    {
      key: 'sealed',
      title: t('books.seal.sealed'),
      width: '112px',
      phone: 'plain',
      value: ({ sealedAt }) => sealedAt,
      cell: ({ sealedAt }) => (
        <span className="nowrap">{moment(language, zone, sealedAt, now)}</span>
      ),
    },
    {
      key: 'kind',
      title: t('books.ledger.kind'),
      width: 'minmax(90px, 1fr)',
      phone: 'title',
      value: kindOf,
      cell: (row) => (
        <>
          {kindOf(row)}
          {row.reverses && (
            <span className="quiet"> {t('books.journal.reverses', { id: row.reverses })}</span>
          )}
        </>
      ),
    },
    {
      key: 'account',
      title: t('meters.account'),
      width: '76px',
      phone: 'plain',
      value: ({ accountNumber }) => accountNumber,
      cell: ({ accountId, accountNumber }) =>
        accountId && mayOpen ? (
          <Link
            to="/projects/$projectId/accounts/$accountId"
            params={{ projectId, accountId }}
            preload={false}
          >
            {accountNumber}
          </Link>
        ) : (
          accountNumber
        ),
    },
    {
      key: 'dated',
      title: t('books.journal.dated'),
      width: '92px',
      value: ({ accountingDate }) => accountingDate,
      cell: ({ accountingDate }) => <span className="nowrap">{day(language, accountingDate)}</span>,
    },
    moneyColumn<JournalRow>('amount', t('books.journal.moves'), ({ amount }) => amount, {
      unit: currencyName(currency, language),
      phone: 'figure',
      width: '110px',
    }),
    {
      key: 'transaction',
      title: t('books.journal.transaction'),
      width: '82px',
      value: ({ transactionId }) => transactionId,
      cell: ({ transactionId }) => <span className="mono quiet">T-{transactionId}</span>,
    },
    {
      key: 'hash',
      title: t('books.seal.hash'),
      width: '66px',
      phone: 'none',
      value: ({ hash }) => hash,
      cell: ({ hash }) => (
        <span className="mono quiet" title={hash}>
          {hash.slice(0, 8)}
        </span>
      ),
    },
  ];
}

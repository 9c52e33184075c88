/** The chart of accounts as it is published. */
import { useTranslation } from 'react-i18next';
import type { ChartLine } from '../../books.ts';
import { useChart } from '../../books-queries.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';

export function ChartPanel() {
  const { t } = useTranslation();
  const chart = useChart(true);
  const columns = useColumns();
  const rows = chart.data?.data;
  if (chart.isError && !rows) {
    return <ProblemNotice error={chart.error} retry={() => void chart.refetch()} />;
  }
  return (
    <Table
      name="chart"
      label={t('books.ledger.tab.chart')}
      title={t('books.ledger.tab.chart')}
      columns={columns}
      rows={rows}
      rowKey={({ code }) => code}
      empty={null}
      foot={t('books.chart.foot')}
    />
  );
}

function useColumns(): Column<ChartLine>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const isZh = language === 'zh';
  const said = ({ says, saysZh }: ChartLine) => (isZh ? saysZh : says);
  const parted = ({ detail, detailZh, isCustomers }: ChartLine) =>
    isCustomers ? t('books.chart.customers') : isZh ? detailZh : detail;
  return [
    {
      key: 'code',
      title: t('books.ledger.code'),
      width: '124px',
      phone: 'plain',
      value: ({ code }) => code,
      cell: ({ code }) => <span className="mono">{code}</span>,
    },
    {
      key: 'name',
      title: t('books.ledger.account'),
      width: 'minmax(130px, 1fr)',
      phone: 'title',
      value: (row) => nameOf(language, row),
      cell: (row) => <b className="strong">{nameOf(language, row)}</b>,
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
      key: 'normal',
      title: t('books.chart.normal'),
      width: '64px',
      phone: 'plain',
      value: ({ normal }) => t(`books.ledger.${normal}`),
      cell: ({ normal }) => t(`books.ledger.${normal}`),
    },
    {
      key: 'parted',
      title: t('books.chart.parted'),
      width: 'minmax(110px, 1fr)',
      phone: 'plain',
      value: parted,
      cell: (row) => <span className={row.isCustomers ? '' : 'quiet'}>{parted(row) ?? ''}</span>,
    },
    {
      key: 'says',
      title: t('books.chart.says'),
      width: 'minmax(200px, 2.4fr)',
      phone: 'plain',
      value: said,
      cell: (row) => <span className="second what">{said(row)}</span>,
    },
  ];
}

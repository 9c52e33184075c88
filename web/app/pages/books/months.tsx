/** Month close: every month with its state; opened in place it tells what stands before the close. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { BillingMonth } from '../../books.ts';
import { useMonths } from '../../books-queries.ts';
import { useNow } from '../../clock.tsx';
import { moment, month as monthName } from '../../dates.ts';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ExportMenu } from '../../parts/export-menu.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { MonthPanel } from './month-panel.tsx';
import './books.css';

export default function Months() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/months' });
  const months = useMonths();
  const rows = months.data?.data;
  const columns = useColumns();
  // What is to be done next is open by itself; `none` is in the address when it was closed again.
  const next = rows?.findLast(({ isOver, state }) => isOver && state !== 'closed')?.month;
  const open = search.open ?? next;
  const set = (month: string | undefined) =>
    void navigate({ to: '.', search: (old) => ({ ...old, open: month }), replace: true });
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.months')}</h1>
          <div className="head-line">{t('books.month.line', { zone })}</div>
        </div>
        <div className="head-acts">
          <ExportMenu path="/months" rows={rows?.length ?? null} />
        </div>
      </div>
      {months.isError && !rows ? (
        <ProblemNotice error={months.error} retry={() => void months.refetch()} />
      ) : (
        <Table
          name="months"
          label={t('page.months')}
          title={rows && t('books.month.count', { count: rows.length })}
          columns={columns}
          rows={rows}
          rowKey={({ month }) => month}
          openKey={open}
          onOpen={({ month }) => set(month === open ? 'none' : month)}
          detail={(row) => <MonthPanel row={row} months={rows ?? []} />}
          waitingFor={t('books.month.wait')}
          empty={<Empty title={t('books.month.none')} text={t('books.month.noneText')} />}
          foot={t('books.month.foot')}
        />
      )}
    </>
  );
}

/** Open, soft-closed, closed; a month that still runs is said to. */
export function MonthMark({ month }: { month: BillingMonth }) {
  const { t } = useTranslation();
  const icon = { open: 'book', 'soft-closed': 'clock', closed: 'lock' } as const;
  return (
    <span className={`state month-state ${month.state}`}>
      <Icon name={icon[month.state]} size={14} />
      {t(`books.month.state.${month.isOver ? month.state : 'running'}`)}
    </span>
  );
}

function useColumns(): Column<BillingMonth>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  return [
    {
      key: 'month',
      title: t('books.month.month'),
      width: 'minmax(120px, 1fr)',
      phone: 'title',
      value: ({ month }) => month,
      cell: ({ month }) => <b className="strong">{monthName(language, month)}</b>,
    },
    {
      key: 'state',
      title: t('books.month.is'),
      width: 'minmax(130px, 1fr)',
      phone: 'figure',
      value: ({ state }) => t(`books.month.state.${state}`),
      cell: (row) => <MonthMark month={row} />,
    },
    {
      key: 'changed',
      title: t('books.month.since'),
      width: '140px',
      phone: 'plain',
      value: ({ changedAt }) => changedAt,
      cell: ({ changedAt }) =>
        changedAt && <span className="nowrap">{moment(language, zone, changedAt, now)}</span>,
    },
    {
      key: 'by',
      title: t('books.correction.by'),
      width: '120px',
      phone: 'plain',
      value: ({ changedBy }) => changedBy,
      cell: ({ changedBy }) => changedBy && <div className="clip">{changedBy}</div>,
    },
    {
      key: 'reason',
      title: t('books.month.reason'),
      width: 'minmax(140px, 2fr)',
      phone: 'plain',
      value: ({ reason }) => reason,
      cell: ({ reason }) =>
        reason && (
          <div className="clip" title={reason}>
            {reason}
          </div>
        ),
    },
    {
      key: 'accrued',
      title: t('books.month.accrued'),
      unit: currencyName(currency, language),
      align: 'right',
      width: '120px',
      value: ({ accrued }) => accrued?.amount ?? null,
      order: ({ accrued }) => (accrued ? Number(accrued.amount) : null),
      // Not missing where it is not closed: there is none yet.
      cell: ({ accrued }) => accrued && amount(accrued.amount),
    },
  ];
}

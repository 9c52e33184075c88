/** Closings: which account, what was left and what became of it. */
import { useTranslation } from 'react-i18next';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { useClosingRecords } from '../../record-queries.ts';
import { useClosingColumns } from '../closing/history.tsx';
import type { RecordPanelProps } from './record-panel.ts';

export function ClosingRecords({ days, q, only, sort, onSort }: RecordPanelProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const query = { ...days, q, state: only };
  const answer = useClosingRecords(query);
  const rows = answer.data?.data;
  const totals = answer.data?.totals;
  const columns = useClosingColumns(rows ?? []);
  if (answer.isError && !rows) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  return (
    <Table
      name="closings-by-day"
      label={t('records.title.closings')}
      title={
        totals
          ? t('records.count.closings', { count: totals.count, waiting: totals.waiting })
          : t('records.title.closings')
      }
      beside={
        totals && (
          <span className="second">
            {t('records.sums.closings', {
              refunded: amount(totals.refunded.amount),
              writtenOff: amount(totals.writtenOff.amount),
              carried: amount(totals.carried.amount),
              money: currencyName(currency, language),
            })}
          </span>
        )
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={sort}
      onSort={onSort}
      complete={answer.data?.complete ?? true}
      empty={<Empty title={t('residual.noClosings')} />}
      file={{ path: '/accounts/closings', query, rows: totals?.count ?? null }}
      foot={t('residual.foot', { zone })}
    />
  );
}

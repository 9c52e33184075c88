/** The batches there were, newest first: the way back to one that runs. */
import { useTranslation } from 'react-i18next';
import { BATCHES_SHOWN, useBatches } from '../../batch-queries.ts';
import type { Batch } from '../../batch-shapes.ts';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';

export function BatchPanel({ onOpen }: { onOpen: (batchId: string) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const query = useBatches();
  const columns: Column<Batch>[] = [
    {
      key: 'at',
      title: t('account.when'),
      width: '132px',
      cell: ({ requestedAt }) => moment(language, zone, requestedAt, now),
      value: ({ requestedAt }) => requestedAt,
      phone: 'plain',
    },
    {
      key: 'function',
      title: t('control.command'),
      width: '150px',
      cell: (batch) => <b className="strong">{t(`command.function.${batch.function}.name`)}</b>,
      value: (batch) => t(`command.function.${batch.function}.name`),
      phone: 'title',
    },
    {
      key: 'state',
      title: t('meters.state'),
      width: 'minmax(150px, 1fr)',
      cell: ({ state }) => t(`control.state.${state}`),
      value: ({ state }) => t(`control.state.${state}`),
      phone: 'figure',
    },
    {
      key: 'confirmed',
      title: t('command.state.confirmed'),
      align: 'right',
      width: '110px',
      cell: ({ counts }) =>
        `${number(counts.confirmed)} / ${number(counts.total - counts.leftOut)}`,
      value: ({ counts }) => counts.confirmed,
    },
    {
      key: 'failed',
      title: t('control.failed'),
      align: 'right',
      width: '90px',
      cell: ({ counts }) => number(counts.refused + counts.expired),
      value: ({ counts }) => counts.refused + counts.expired,
    },
    {
      key: 'reason',
      title: t('command.reason'),
      width: 'minmax(160px, 2fr)',
      cell: ({ reason, requestedBy }) => (
        <span className="clip" title={reason}>
          {requestedBy}
          {t('mark.colon')}
          {reason}
        </span>
      ),
      value: ({ reason }) => reason,
    },
  ];
  if (query.isError && !query.data) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <div className="control-batches">
      <Table
        name="batches"
        label={t('control.batches')}
        title={t('control.batches')}
        columns={columns}
        rows={query.data?.data}
        rowKey={({ id }) => id}
        onOpen={({ id }) => onOpen(id)}
        waitingFor={t('control.batches')}
        empty={<Empty title={t('control.none')} text={t('control.noneText')} icon="command" />}
        file={{ path: '/command-batches', rows: null }}
        foot={query.data?.nextCursor ? t('command.newest', { count: BATCHES_SHOWN }) : undefined}
      />
    </div>
  );
}

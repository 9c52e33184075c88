/** Lost contact: which meter or gateway, from when to when, how long. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment, span } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { type LostContact, useLostContact } from '../../record-queries.ts';
import type { RecordPanelProps } from './record-panel.ts';

export function LostRecords({ days, q, only, sort, onSort }: RecordPanelProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const query = {
    ...{ ...days, q },
    kind: only === 'meter' || only === 'gateway' ? only : undefined,
    state: only === 'open' || only === 'over' ? only : undefined,
  };
  const answer = useLostContact(query);
  const rows = answer.data?.data;
  const totals = answer.data?.totals;
  const columns = useColumns(totals?.durationS ?? null);
  if (answer.isError && !rows) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  return (
    <Table
      name="lost-contact"
      label={t('records.title.lost')}
      title={
        totals
          ? t('records.count.lost', { count: totals.count, open: totals.open })
          : t('records.title.lost')
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={sort}
      onSort={onSort}
      complete={answer.data?.complete ?? true}
      empty={<Empty icon="check" title={t('records.none.lost')} />}
      file={{ path: '/lost-contact', query, rows: totals?.count ?? null }}
      foot={t('records.foot.lost', { zone })}
    />
  );
}

function useColumns(durationS: number | null): Column<LostContact>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(60_000);
  return [
    {
      key: 'kind',
      title: t('records.field.kind'),
      width: '110px',
      phone: 'plain',
      value: ({ kind }) => t(`records.only.${kind}`),
      cell: ({ kind }) => t(`records.only.${kind}`),
      total: { cell: t('total'), value: t('total') },
    },
    {
      key: 'name',
      title: t('records.field.name'),
      width: 'minmax(150px, 1fr)',
      phone: 'title',
      value: ({ name }) => name,
      cell: ({ kind, subjectId, name }) =>
        kind === 'meter' ? (
          <Link
            to="/projects/$projectId/meters/$meterId"
            params={{ projectId, meterId: subjectId }}
            className="strong mono"
            style={{ color: 'inherit' }}
            preload={false}
          >
            {name}
          </Link>
        ) : (
          <b className="strong">{name}</b>
        ),
    },
    {
      key: 'point',
      title: t('records.field.point'),
      width: '110px',
      phone: 'plain',
      value: ({ pointCode }) => pointCode,
      cell: ({ pointCode }) => pointCode ?? '–',
    },
    {
      key: 'building',
      title: t('records.field.building'),
      width: '90px',
      phone: 'none',
      value: ({ buildingCode }) => buildingCode,
      cell: ({ buildingCode }) => buildingCode ?? '–',
    },
    {
      key: 'from',
      title: t('records.field.from'),
      width: '140px',
      value: ({ from }) => from,
      cell: ({ from }) => <span className="nowrap">{moment(language, zone, from, now)}</span>,
    },
    {
      key: 'noticed',
      title: t('records.field.noticed'),
      width: '140px',
      optional: true,
      phone: 'none',
      value: ({ noticedAt }) => noticedAt,
      cell: ({ noticedAt }) => moment(language, zone, noticedAt, now),
    },
    {
      key: 'to',
      title: t('records.field.to'),
      width: '140px',
      value: ({ to }) => to,
      cell: ({ to }) =>
        to ? (
          <span className="nowrap">{moment(language, zone, to, now)}</span>
        ) : (
          <span className="old">{t('records.only.open')}</span>
        ),
    },
    {
      key: 'duration',
      title: t('records.field.duration'),
      align: 'right',
      width: '140px',
      phone: 'figure',
      value: ({ durationS }) => span(t, durationS),
      order: ({ durationS }) => durationS,
      cell: ({ durationS }) => <span className="nowrap">{span(t, durationS)}</span>,
      total: {
        cell: durationS === null ? '–' : span(t, durationS),
        value: durationS === null ? null : span(t, durationS),
      },
    },
    {
      key: 'meters',
      title: t('page.meters'),
      align: 'right',
      width: '80px',
      phone: 'none',
      value: ({ meters }) => meters,
      cell: ({ meters }) => meters ?? '–',
    },
  ];
}

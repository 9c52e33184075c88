/** Commands to meters: what was asked of which by whom, what came of it and how long that took. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import type { Command, CommandState } from '../../command-shapes.ts';
import { dayStart, moment } from '../../dates.ts';
import { number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { useCommandRecords } from '../../record-queries.ts';
import { Outcome, outcomeText } from '../commands/outcome.tsx';
import type { RecordPanelProps } from './record-panel.ts';

const states: readonly CommandState[] = [
  ...(['confirmed', 'refused', 'expired', 'unknown', 'sent', 'requested'] as const),
];

export function CommandRecords({ days, q, only, sort, onSort }: RecordPanelProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const instant = (localDate: string) => new Date(dayStart(zone, localDate)).toISOString();
  const query = { from: instant(days.from), to: instant(days.to), q, state: only };
  const answer = useCommandRecords(query);
  const rows = answer.data?.data;
  const totals = answer.data?.totals;
  const inStates =
    totals &&
    states
      .filter((state) => totals.states[state] > 0)
      .map((state) => `${t(`command.state.${state}`)} ${number(totals.states[state])}`)
      .join(' · ');
  const columns = useColumns(totals?.count ?? null, inStates);
  if (answer.isError && !rows) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  return (
    <Table
      name="commands-by-day"
      label={t('records.title.commands')}
      title={
        totals ? t('records.count.commands', { count: totals.count }) : t('records.title.commands')
      }
      beside={inStates && <span className="second">{inStates}</span>}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={sort}
      onSort={onSort}
      complete={answer.data?.complete ?? true}
      empty={<Empty title={t('records.none.commands')} />}
      file={{ path: '/commands', query, rows: totals?.count ?? null }}
      foot={t('records.foot.commands', { zone })}
    />
  );
}

function useColumns(count: number | null, inStates: string | undefined): Column<Command>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(60_000);
  const secondsOf = ({ requestedAt, resolvedAt }: Command): number | null =>
    resolvedAt ? (Date.parse(resolvedAt) - Date.parse(requestedAt)) / 1000 : null;
  return [
    {
      key: 'at',
      title: t('records.field.requested'),
      width: '140px',
      phone: 'plain',
      value: ({ requestedAt }) => requestedAt,
      cell: ({ requestedAt }) => (
        <span className="nowrap">{moment(language, zone, requestedAt, now)}</span>
      ),
      total: { cell: t('total'), value: t('total') },
    },
    {
      key: 'function',
      title: t('records.field.function'),
      width: 'minmax(130px, 1fr)',
      phone: 'title',
      value: (row) => t(`command.function.${row.function}.name`),
      cell: (row) => <b className="strong">{t(`command.function.${row.function}.name`)}</b>,
      total: { cell: number(count), value: count },
    },
    {
      key: 'point',
      title: t('records.field.point'),
      width: '100px',
      phone: 'figure',
      value: ({ pointCode }) => pointCode,
      cell: ({ meterId, pointCode, serial }) => (
        <Link
          to="/projects/$projectId/meters/$meterId"
          params={{ projectId, meterId }}
          style={{ color: 'inherit' }}
          preload={false}
        >
          {pointCode ?? serial}
        </Link>
      ),
    },
    {
      key: 'serial',
      title: t('records.field.serial'),
      width: '140px',
      phone: 'plain',
      value: ({ serial }) => serial,
      cell: ({ serial }) => <span className="mono quiet">{serial}</span>,
    },
    {
      key: 'state',
      title: t('records.field.outcome'),
      width: 'minmax(140px, 1fr)',
      phone: 'plain',
      value: ({ state }) => t(`command.state.${state}`),
      cell: (command) => <Outcome command={command} />,
      total: { cell: <span title={inStates}>{inStates}</span>, value: inStates ?? null },
    },
    {
      key: 'why',
      title: t('records.field.why'),
      width: 'minmax(120px, 2fr)',
      phone: 'plain',
      value: (command) => outcomeText(t, command) || null,
      cell: (command) => (
        <div className="clip second" title={outcomeText(t, command)}>
          {outcomeText(t, command)}
        </div>
      ),
    },
    {
      key: 'seconds',
      title: t('records.field.took'),
      unit: 's',
      align: 'right',
      width: '90px',
      phone: 'none',
      value: secondsOf,
      cell: (row) => number(secondsOf(row), 1),
    },
    {
      key: 'reason',
      title: t('closing.reason'),
      width: 'minmax(110px, 1fr)',
      phone: 'none',
      value: ({ reason }) => reason,
      cell: ({ reason }) => (
        <div className="clip quiet" title={reason}>
          {reason}
        </div>
      ),
    },
    {
      key: 'by',
      title: t('records.field.by'),
      width: 'minmax(90px, 140px)',
      phone: 'none',
      value: ({ requestedBy }) => requestedBy,
      cell: ({ requestedBy }) => <div className="clip">{requestedBy}</div>,
    },
  ];
}

/** What became of exceptions: decided, dismissed, withdrawn, by whom, when and why. */
import { Link, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { fullMoment, moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Filter } from '../../parts/controls.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { useExceptionHistory } from '../../quality-queries.ts';
import { type ExceptionDecision, exceptionDecisions } from '../../quality-shapes.ts';
import type { ExceptionSearch } from '../../search.ts';
import { usePerson, useReason } from './edit-detail.tsx';

export type SetSearch = (change: Partial<ExceptionSearch>) => void;

export function HistoryFilters({ search, set }: { search: ExceptionSearch; set: SetSearch }) {
  const { t } = useTranslation();
  return (
    <>
      <Filter
        label={t('exc.historyOf.decision')}
        value={search.decision ?? ''}
        onChange={(decision) => set({ decision: decision || undefined })}
        options={[
          { value: '', label: t('exc.allRules') },
          ...exceptionDecisions.map((value) => ({ value, label: t(`exc.decided.${value}`) })),
        ]}
      />
      <Filter
        label={t('exc.historyOf.by')}
        value={search.by ?? ''}
        onChange={(by) => set({ by: by === 'person' || by === 'system' ? by : undefined })}
        options={[
          { value: '', label: t('exc.allRules') },
          { value: 'person', label: t('exc.historyOf.person') },
          { value: 'system', label: t('exc.historyOf.system') },
        ]}
      />
    </>
  );
}

export function History({ set }: { set: SetSearch }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const search = useSearch({ from: '/projects/$projectId/exceptions' });
  const { rule, by } = search;
  const decision = exceptionDecisions.find((each) => each === search.decision);
  const asked = { ...(rule && { rule }), ...(decision && { decision }), ...(by && { by }) };
  const query = useExceptionHistory(asked);
  const rows = query.data?.data;
  const columns = useColumns();
  if (query.error && !rows) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <Table
      name="exception-history"
      label={t('exc.shows.history')}
      title={rows ? t('exc.historyOf.count', { count: rows.length }) : t('exc.shows.history')}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      complete={query.data?.complete ?? true}
      waitingFor={t('exc.shows.history')}
      empty={<Empty title={t('exc.none_decided')} text={t('exc.none_decidedText')} />}
      file={{
        path: '/exception-history',
        query: asked,
        rows: query.data?.complete ? query.data.data.length : null,
      }}
      foot={t('meters.foot', { zone })}
    />
  );
}

function useColumns(): Column<ExceptionDecision>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(60_000);
  const person = usePerson();
  const reason = useReason();
  const when = (at: string) => moment(language, zone, at, now);
  return [
    {
      key: 'at',
      title: t('exc.historyOf.at'),
      width: '130px',
      value: ({ decidedAt }) => decidedAt,
      cell: ({ decidedAt }) => (
        <span className="nowrap" title={fullMoment(language, zone, new Date(decidedAt))}>
          {when(decidedAt)}
        </span>
      ),
    },
    {
      key: 'subject',
      title: t('alarms.subject'),
      width: '110px',
      phone: 'title',
      value: ({ pointCode }) => pointCode,
      cell: ({ pointCode, meterId }) =>
        meterId ? (
          <Link
            to="/projects/$projectId/meters/$meterId"
            params={{ projectId, meterId }}
            className="strong"
            preload={false}
          >
            {pointCode}
          </Link>
        ) : (
          <span className="strong">{pointCode}</span>
        ),
    },
    {
      key: 'rule',
      title: t('exc.found'),
      width: '220px',
      phone: 'plain',
      value: ({ rule }) => t(`exc.rule.${rule}.name`),
      cell: ({ rule, from }) => (
        <span className="clip" title={when(from)}>
          {t(`exc.rule.${rule}.name`)}
        </span>
      ),
    },
    {
      key: 'decision',
      title: t('exc.historyOf.decision'),
      width: '170px',
      phone: 'figure',
      value: ({ decision }) => t(`exc.decided.${decision}`),
      cell: ({ decision }) => t(`exc.decided.${decision}`),
    },
    {
      key: 'by',
      title: t('exc.historyOf.by'),
      width: '150px',
      value: ({ decidedBy }) => person(decidedBy),
      cell: ({ decidedBy }) => (
        <span className={decidedBy === 'system' ? 'quiet clip' : 'clip'}>{person(decidedBy)}</span>
      ),
    },
    {
      key: 'reason',
      title: t('exc.why'),
      width: 'minmax(160px, 1fr)',
      value: reason,
      cell: (row) => (
        <div className="clip" title={reason(row)}>
          {reason(row)}
        </div>
      ),
    },
  ];
}

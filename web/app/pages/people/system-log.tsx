/** The system log: who did what and when, with what was before and after. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, dayStart, fullMoment, localDay, range } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Controls, DayRange } from '../../parts/controls.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { type AuditLine, useSystemLog } from '../../people-queries.ts';
import { useProject } from '../../project.tsx';
import type { ListSearch } from '../../search.ts';
import { LogDetail, lineOf } from './log-detail.tsx';
import './people.css';

export default function SystemLog() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/system-log' });
  const [text, setText] = useState(search.q ?? '');
  const [open, setOpen] = useState<string>();
  const today = localDay(zone, useNow(60_000));
  const from = search.from ?? addDays(today, -6);
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const query = {
    from: new Date(dayStart(zone, from)).toISOString(),
    to: new Date(dayStart(zone, to)).toISOString(),
    q: search.q,
  };
  const log = useSystemLog(query);
  const rows = log.data?.pages.flatMap(({ data }) => data);
  const columns = useColumns();
  const set = (change: Partial<ListSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.systemLog')}</h1>
          <div className="head-line">
            {range(language, from, to)} · {t('log.line', { zone })}
          </div>
        </div>
      </div>
      <Controls>
        <div className="filters">
          <DayRange
            label={t('energy.period')}
            from={from}
            to={to}
            presets={[
              { label: t('energy.preset.today'), from: today, to: addDays(today, 1) },
              { label: t('energy.preset.week'), from: addDays(today, -6), to: addDays(today, 1) },
              { label: t('log.quarter'), from: addDays(today, -91), to: addDays(today, 1) },
            ]}
            onChange={(first, last) => set({ from: first, to: last })}
          />
          <form
            onSubmit={(event) => {
              event.preventDefault();
              set({ q: text.trim() || undefined });
            }}
          >
            <input
              className="input"
              type="search"
              aria-label={t('log.search')}
              placeholder={t('log.search')}
              maxLength={100}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onBlur={() => set({ q: text.trim() || undefined })}
            />
          </form>
        </div>
      </Controls>
      {log.isError && !rows ? (
        <ProblemNotice error={log.error} retry={() => void log.refetch()} />
      ) : (
        <Table
          name="system-log"
          label={t('page.systemLog')}
          title={rows && t('log.count', { count: rows.length })}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          openKey={open}
          onOpen={({ id }) => setOpen(id === open ? undefined : id)}
          detail={(line) => <LogDetail line={line} />}
          empty={<Empty title={t('log.none')} text={t('log.noneText')} />}
          file={{ path: '/audit', query, rows: log.hasNextPage ? null : (rows?.length ?? null) }}
          foot={
            log.hasNextPage ? (
              <button
                type="button"
                className="button"
                disabled={log.isFetchingNextPage}
                onClick={() => void log.fetchNextPage()}
              >
                {t('log.more')}
              </button>
            ) : (
              t('log.foot')
            )
          }
        />
      )}
    </>
  );
}

function useColumns(): Column<AuditLine>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  return [
    {
      key: 'at',
      title: t('account.when'),
      width: '170px',
      phone: 'plain',
      value: ({ at }) => at,
      cell: ({ at }) => <span className="nowrap">{fullMoment(language, zone, at)}</span>,
    },
    {
      key: 'who',
      title: t('log.who'),
      width: 'minmax(120px, 1fr)',
      phone: 'title',
      value: ({ actor }) => actor.name,
      cell: ({ actor }) => (
        <div className="log-who">
          <span className="clip strong">{actor.name}</span>
          {actor.kind !== 'user' && (
            <span className="people-mark">{t(`log.kind.${actor.kind}`)}</span>
          )}
        </div>
      ),
    },
    {
      key: 'action',
      title: t('log.what'),
      width: 'minmax(160px, 1fr)',
      phone: 'plain',
      value: ({ action }) => action,
      cell: ({ action }) => <span className="mono">{action}</span>,
    },
    {
      key: 'subject',
      title: t('log.subject'),
      width: 'minmax(140px, 1fr)',
      phone: 'plain',
      value: ({ subjectKind, subjectId }) => `${subjectKind} ${subjectId}`,
      cell: ({ subjectKind, subjectId }) => (
        <span className="clip mono">
          {subjectKind} {subjectId}
        </span>
      ),
    },
    {
      key: 'detail',
      title: t('log.detail'),
      width: 'minmax(200px, 3fr)',
      phone: 'none',
      value: ({ detail }) => JSON.stringify(detail),
      cell: ({ detail }) => <div className="clip quiet">{lineOf(detail)}</div>,
    },
  ];
}

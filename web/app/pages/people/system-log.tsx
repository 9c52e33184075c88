/** The system log: who did what and when, with what was before and after. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, dayStart, fullMoment, localDay, range } from '../../dates.ts';
import { number } from '../../format.ts';
import { enLog } from '../../language/en-log.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, DayRange, Filter } from '../../parts/controls.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { type AuditLine, useSystemLog } from '../../people-queries.ts';
import { usePlace, useProject } from '../../project.tsx';
import type { LogSearch } from '../../search.ts';
import { totalsOf } from '../../totals.ts';
import { LogDetail, lineOf } from './log-detail.tsx';
import './people.css';

/** Every act there is: 'account.opened'. */
const acts = Object.entries(enLog.acts).flatMap(([noun, verbs]) =>
  Object.keys(verbs).map((verb) => `${noun}.${verb}`),
);
const scopes = ['project', 'all'] as const;

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
    action: acts.find((act) => act === search.act),
  };
  const maySeeAll = usePlace().session.everywhere.includes('audit.read');
  const isOfAll = maySeeAll && search.show === 'all';
  const log = useSystemLog(query, isOfAll);
  const rows = log.data?.pages.flatMap(({ data }) => data);
  const { count } = totalsOf(log.data?.pages[0]);
  const columns = useColumns(isOfAll, count);
  const set = (change: Partial<LogSearch>) =>
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
          {maySeeAll && (
            <Segmented
              label={t('log.scope')}
              value={isOfAll ? 'all' : 'project'}
              onChange={(next) => set({ show: next === 'all' ? 'all' : undefined })}
              choices={scopes.map((value) => ({
                ...{ value, label: t(`log.of.${value}`), title: t(`log.ofText.${value}`) },
              }))}
            />
          )}
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
          <Filter
            label={t('log.what')}
            value={query.action ?? ''}
            options={[
              { value: '', label: t('books.all') },
              ...acts.map((value) => ({ value, label: t(`acts.${value}`) })),
            ]}
            search
            onChange={(act) => set({ act: act || undefined })}
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
          title={count === null ? undefined : t('log.count', { count })}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          openKey={open}
          onOpen={({ id }) => setOpen(id === open ? undefined : id)}
          detail={(line) => <LogDetail line={line} />}
          empty={<Empty title={t('log.none')} text={t('log.noneText')} />}
          file={{
            ...{ path: '/audit', query, ...(isOfAll && { isOutside: true }) },
            rows: count,
          }}
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

function useColumns(isOfAll: boolean, count: number | null): Column<AuditLine>[] {
  const { t, i18n } = useTranslation();
  const { projects } = usePlace().session;
  const language = useLanguage();
  const { zone } = useProject();
  /** Written down by a version that had other words: as it stands. */
  const said = (key: string, otherwise: string) => (i18n.exists(key) ? t(key) : otherwise);
  const actOf = ({ action }: AuditLine) => said(`acts.${action}`, action);
  const thingOf = ({ subjectKind, subject, subjectId }: AuditLine) =>
    `${said(`things.${subjectKind}`, subjectKind)} ${subject ?? subjectId}`;
  const projectOf = ({ projectId }: AuditLine) => {
    const known = projects.find(({ id }) => id === projectId);
    return projectId === null ? t('log.noProject') : known ? nameOf(language, known) : projectId;
  };
  const place: Column<AuditLine> = {
    ...{ key: 'project', title: t('log.project'), width: 'minmax(110px, 1fr)', phone: 'plain' },
    value: projectOf,
    cell: (line) => <div className="clip second">{projectOf(line)}</div>,
  };
  return [
    {
      key: 'at',
      title: t('account.when'),
      width: '170px',
      phone: 'plain',
      value: ({ at }) => at,
      cell: ({ at }) => <span className="nowrap">{fullMoment(language, zone, at)}</span>,
      total: { cell: t('total'), value: t('total') },
    },
    {
      key: 'who',
      title: t('log.who'),
      width: 'minmax(120px, 1.5fr)',
      phone: 'title',
      value: ({ actor }) => actor.name,
      cell: ({ actor }) => (
        <div className="log-who">
          <span className="clip strong" title={actor.name}>
            {actor.name}
          </span>
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
      value: actOf,
      cell: (line) => (
        <div className="clip" title={line.action}>
          {actOf(line)}
        </div>
      ),
      total: { cell: number(count), value: count },
    },
    {
      key: 'subject',
      title: t('log.subject'),
      width: 'minmax(140px, 1fr)',
      phone: 'plain',
      value: thingOf,
      cell: (line) => (
        <div className="clip" title={`${line.subjectKind} ${line.subjectId}`}>
          {thingOf(line)}
        </div>
      ),
    },
    ...(isOfAll ? [place] : []),
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

/** The outbox: every message to a customer, how far it is and why, to be sent again or withheld. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, localDay, range } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { useNoticeChannels, useNotices } from '../../notice-queries.ts';
import {
  type Notice,
  type NoticeState,
  noticeChannels,
  noticeKinds,
  noticeStates,
} from '../../notices.ts';
import { Controls, DayRange, Filter } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import type { NoticeSearch } from '../../search.ts';
import { useNoticeColumns } from './notice-columns.tsx';
import { NoticeDetail } from './notice-detail.tsx';
import { NoticeStateMark } from './notice-state.tsx';
import './notices.css';

const DAYS = 7;

export default function Notices() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/notices' });
  const today = localDay(project.zone, useNow(60_000));
  const from = search.from ?? addDays(today, 1 - DAYS);
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const { state, channel, kind, q } = search;
  const query = { from, to, state, channel, kind, q };
  const answer = useNotices(query);
  const rows = answer.data?.data;
  const states = answer.data?.totals.states as Partial<Record<NoticeState, number>> | undefined; // As the API says.
  const columns = useNoticeColumns();
  const set = (change: Partial<NoticeSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.notices')}</h1>
          <div className="head-line">
            {range(language, from, to)} · {t('notices.line', { zone: project.zone })}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          <Link
            to="/projects/$projectId/notice-templates"
            params={{ projectId: project.id }}
            className="button"
          >
            <Icon name="edit" size={14} />
            {t('page.noticeTemplates')}
          </Link>
        </div>
      </div>
      <Ways />
      <Controls>
        <div className="filters">
          <input
            className="input filter-text"
            type="search"
            maxLength={100}
            value={q ?? ''}
            placeholder={t('notices.search')}
            aria-label={t('notices.search')}
            onChange={(event) => set({ q: event.target.value || undefined })}
          />
          <DayRange
            label={t('energy.period')}
            from={from}
            to={to}
            presets={[
              { label: t('energy.preset.today'), from: today, to: addDays(today, 1) },
              { label: t('energy.preset.week'), from: addDays(today, -6), to: addDays(today, 1) },
              {
                label: t('energy.preset.month'),
                from: `${today.slice(0, 7)}-01`,
                to: addDays(today, 1),
              },
            ]}
            onChange={(first, last) => set({ from: first, to: last })}
          />
          <Filter
            label={t('notices.channel')}
            value={channel ?? ''}
            options={[
              { value: '', label: t('books.all') },
              ...noticeChannels.map((value) => ({ value, label: t(`notices.channels.${value}`) })),
            ]}
            onChange={(value) => set({ channel: value || undefined })}
          />
          <Filter
            label={t('notices.kind')}
            value={kind ?? ''}
            options={[
              { value: '', label: t('books.all') },
              ...noticeKinds.map((value) => ({ value, label: t(`notices.kinds.${value}`) })),
            ]}
            onChange={(value) => set({ kind: value || undefined })}
          />
        </div>
        <div className="filters">
          {noticeStates.map((each) => (
            <button
              type="button"
              key={each}
              className="state-filter"
              aria-pressed={state === each}
              onClick={() => set({ state: state === each ? undefined : each })}
            >
              <NoticeStateMark state={each} />
              <b>{states?.[each] ?? '–'}</b>
            </button>
          ))}
        </div>
      </Controls>
      {answer.isError && !rows ? (
        <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
      ) : (
        <Table<Notice>
          name="notices"
          label={t('page.notices')}
          title={rows ? t('notices.count', { count: rows.length }) : t('page.notices')}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          openKey={search.open}
          onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
          detail={({ id }) => <NoticeDetail id={id} />}
          complete={answer.data?.complete ?? true}
          empty={<Empty title={t('notices.none')} text={t('notices.noneText')} />}
          file={{
            path: '/notices',
            query,
            rows: answer.data?.complete ? (rows?.length ?? null) : null,
          }}
          foot={t('notices.foot', { zone: project.zone })}
        />
      )}
    </>
  );
}

/** Which channels are set up: by the others nothing leaves, however long one waits. */
function Ways() {
  const { t } = useTranslation();
  const channels = useNoticeChannels().data?.channels;
  if (!channels) return <div className="notice-ways" aria-hidden />;
  const isWhole = channels.every(({ isSetUp }) => isSetUp);
  const isNone = channels.every(({ isSetUp }) => !isSetUp);
  return (
    <div className="notice-ways" role="status" aria-label={t('notices.ways')}>
      {channels.map(({ channel, isSetUp }) => (
        <span key={channel} className={isSetUp ? 'notice-way on' : 'notice-way'}>
          <Icon name={isSetUp ? 'check' : 'cross'} size={13} />
          {t(`notices.channels.${channel}`)}
          <span className="quiet">{t(isSetUp ? 'notices.setUp' : 'notices.notSetUp')}</span>
        </span>
      ))}
      {!isWhole && (
        <span className={isNone ? 'old' : 'second'}>
          {t(isNone ? 'notices.noWays' : 'notices.someWays')}
        </span>
      )}
    </div>
  );
}

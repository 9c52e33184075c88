/** What someone should look at, and what was: kind, subject, since when, how long. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Alarm } from '../api.ts';
import { useNow } from '../clock.tsx';
import { addDays, localDay, moment, span } from '../dates.ts';
import { number } from '../format.ts';
import { useLanguage } from '../language.ts';
import { Controls, DayRange, Filter } from '../parts/controls.tsx';
import { Empty, ProblemNotice } from '../parts/notice.tsx';
import { SaveView } from '../parts/save-view.tsx';
import { Segmented } from '../parts/segmented.tsx';
import { StateIcon, states } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table-model.ts';
import { useProject } from '../project.tsx';
import { useAlarms } from '../queries.ts';
import type { AlarmSearch } from '../search.ts';
import { totalsOf } from '../totals.ts';
import { AlarmDetail } from './alarm-detail.tsx';
import { byGravity } from './alarm-list.tsx';
import { type AlarmText, alarmKinds, useAlarmText } from './alarm-text.ts';

interface Row extends AlarmText {
  alarm: Alarm;
}

/** Days of alarms that are over, unless others are asked for. */
const DAYS = 30;
const shows = ['open', 'new', 'cleared', 'all'] as const;

export default function Alarms() {
  const { t, i18n } = useTranslation();
  const project = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/alarms' });
  const today = localDay(project.zone, useNow(60_000));
  const show = search.show ?? 'open';
  const isPast = show === 'cleared' || show === 'all';
  const from = search.from ?? addDays(today, 1 - DAYS);
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const asked = { state: show, kind: search.kind, ...(isPast && { from, to }) };
  const query = useAlarms(asked);
  const describe = useAlarmText();
  // As at home: what is open before what is over, the gravest first.
  const rows = query.data && [
    ...byGravity(query.data.data, describe),
    ...query.data.data
      .filter(({ clearedAt }) => clearedAt)
      .map((alarm): Row => ({ alarm, ...describe(alarm) })),
  ];
  const { count } = totalsOf(query.data);
  const columns = useColumns(isPast, count);
  const set = (change: Partial<AlarmSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const kindName = (kind: string) =>
    i18n.exists(`alarms.kinds.${kind}`) ? t(`alarms.kinds.${kind}`) : kind;
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.alarms')}</h1>
          <div className="head-line">{t('alarms.line')}</div>
        </div>
        <div className="head-acts">
          <SaveView />
        </div>
      </div>
      <Controls>
        <div className="filters">
          <Segmented
            label={t('alarms.show')}
            value={show}
            onChange={(next) => set({ show: next === 'open' ? undefined : next, open: undefined })}
            choices={shows.map((value) => ({ value, label: t(`alarms.${value}`) }))}
          />
          <Filter
            label={t('notices.kind')}
            value={search.kind ?? ''}
            options={[
              { value: '', label: t('books.all') },
              ...alarmKinds.map((value) => ({ value, label: kindName(value) })),
            ]}
            onChange={(kind) => set({ kind: kind || undefined })}
          />
          {isPast && (
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
          )}
        </div>
      </Controls>
      {query.isError && !rows ? (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Table
          name="alarms"
          label={t('page.alarms')}
          title={count === null ? t('page.alarms') : t('alarms.count', { count })}
          columns={columns}
          rows={rows}
          rowKey={({ alarm }) => alarm.id}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          openKey={search.open}
          onOpen={({ alarm }) => set({ open: search.open === alarm.id ? undefined : alarm.id })}
          detail={({ alarm }) => <AlarmDetail alarm={alarm} />}
          complete={query.data?.complete ?? true}
          empty={<Empty icon="check" title={t('home.noAlarms')} text={t('home.noAlarmsText')} />}
          file={{
            path: '/alarms',
            query: asked,
            rows: count,
          }}
          foot={t('meters.foot', { zone: project.zone })}
        />
      )}
    </>
  );
}

function useColumns(withCleared: boolean, count: number | null): Column<Row>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(10_000);
  const cleared: Column<Row> = {
    key: 'cleared',
    title: t('alarms.clearedAt'),
    width: '130px',
    value: ({ alarm }) => alarm.clearedAt,
    cell: ({ alarm }) =>
      alarm.clearedAt ? moment(language, zone, alarm.clearedAt, now) : t('alarms.stillOpen'),
  };
  return [
    {
      key: 'subject',
      title: t('alarms.subject'),
      width: 'minmax(90px, 170px)',
      phone: 'title',
      value: ({ code }) => code,
      cell: ({ code, state, meterId, accountId }) => (
        <span className="state strong">
          <StateIcon state={state} size={13} />
          {meterId ? (
            <Link
              to="/projects/$projectId/meters/$meterId"
              params={{ projectId, meterId }}
              style={{ color: 'inherit' }}
              preload={false}
            >
              {code}
            </Link>
          ) : accountId ? (
            <Link
              to="/projects/$projectId/accounts/$accountId"
              params={{ projectId, accountId }}
              style={{ color: 'inherit' }}
              preload={false}
            >
              {code}
            </Link>
          ) : (
            code
          )}
        </span>
      ),
      order: ({ code }) => code,
      total: { cell: t('total'), value: t('total') },
    },
    {
      key: 'what',
      title: t('account.what'),
      phone: 'plain',
      width: 'minmax(220px, 3fr)',
      value: ({ text }) => text,
      cell: ({ text }) => (
        <div className="clip" title={text}>
          {text}
        </div>
      ),
      total: { cell: number(count), value: count },
    },
    {
      key: 'severity',
      title: t('alarms.severity'),
      width: '80px',
      phone: 'none',
      value: ({ alarm }) => t(`alarms.severe.${alarm.severity}`),
      order: ({ state }) => states.indexOf(state),
      cell: ({ alarm }) => t(`alarms.severe.${alarm.severity}`),
    },
    {
      key: 'raised',
      title: t('alarms.raised'),
      width: '110px',
      value: ({ alarm }) => alarm.raisedAt,
      cell: ({ alarm }) => moment(language, zone, alarm.raisedAt, now),
    },
    ...(withCleared ? [cleared] : []),
    {
      key: 'seen',
      title: t('alarms.seen'),
      width: 'minmax(90px, 130px)',
      phone: 'plain',
      value: ({ alarm }) => alarm.acknowledgedBy,
      cell: ({ alarm }) => (
        <div className="clip quiet" title={alarm.note ?? undefined}>
          {alarm.acknowledgedBy ?? t('alarms.unseen')}
        </div>
      ),
    },
    {
      key: 'lasts',
      title: t('alarms.lasts'),
      align: 'right',
      width: '100px',
      phone: 'figure',
      value: ({ alarm }) => Math.round(lastsS(alarm, now)),
      cell: ({ alarm }) => <span className="quiet">{span(t, lastsS(alarm, now))}</span>,
    },
  ];
}

const lastsS = ({ raisedAt, clearedAt }: Alarm, now: Date): number =>
  ((clearedAt ? Date.parse(clearedAt) : now.getTime()) - Date.parse(raisedAt)) / 1000;

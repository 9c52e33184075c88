/** What someone should look at, and what was: kind, subject, since when, how long. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Alarm } from '../api.ts';
import { useNow } from '../clock.tsx';
import { moment, span } from '../dates.ts';
import { useLanguage } from '../language.ts';
import { Empty, ProblemNotice } from '../parts/notice.tsx';
import { SaveView } from '../parts/save-view.tsx';
import { Segmented } from '../parts/segmented.tsx';
import { StateIcon, states } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table-model.ts';
import { useProject } from '../project.tsx';
import { useAlarms } from '../queries.ts';
import { byGravity } from './alarm-list.tsx';
import { type AlarmText, useAlarmText } from './alarm-text.ts';

interface Row extends AlarmText {
  alarm: Alarm;
}

export default function Alarms() {
  const { t } = useTranslation();
  const project = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/alarms' });
  const query = useAlarms(search.show === 'all' ? 'all' : 'open');
  const describe = useAlarmText();
  // As at home: what is open before what is over, the gravest first.
  const rows = query.data && [
    ...byGravity(query.data.data, describe),
    ...query.data.data
      .filter(({ clearedAt }) => clearedAt)
      .map((alarm): Row => ({ alarm, ...describe(alarm) })),
  ];
  const columns = useColumns(search.show === 'all');
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
      <div className="filters">
        <Segmented
          label={t('alarms.show')}
          value={search.show ?? 'open'}
          onChange={(show) =>
            void navigate({
              to: '.',
              search: (old) => ({ ...old, show: show === 'all' ? 'all' : undefined }),
              replace: true,
            })
          }
          choices={[
            { value: 'open', label: t('alarms.open') },
            { value: 'all', label: t('alarms.all') },
          ]}
        />
      </div>
      {query.isError && !rows ? (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Table
          name="alarms"
          label={t('page.alarms')}
          title={rows ? t('alarms.count', { count: rows.length }) : t('page.alarms')}
          columns={columns}
          rows={rows}
          rowKey={({ alarm }) => alarm.id}
          sort={search.sort}
          onSort={(sort) =>
            void navigate({ to: '.', search: (old) => ({ ...old, sort }), replace: true })
          }
          complete={query.data?.complete ?? true}
          empty={<Empty icon="check" title={t('home.noAlarms')} text={t('home.noAlarmsText')} />}
          file={{
            path: '/alarms',
            query: { state: search.show ?? 'open' },
            rows: query.data?.complete ? query.data.data.length : null,
          }}
          foot={t('meters.foot', { zone: project.zone })}
        />
      )}
    </>
  );
}

function useColumns(withCleared: boolean): Column<Row>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(10_000);
  const cleared: Column<Row> = {
    key: 'cleared',
    title: t('alarms.cleared'),
    width: '130px',
    value: ({ alarm }) => alarm.clearedAt,
    cell: ({ alarm }) =>
      alarm.clearedAt ? moment(language, zone, alarm.clearedAt, now) : t('alarms.stillOpen'),
  };
  return [
    {
      key: 'subject',
      title: t('alarms.subject'),
      width: 'minmax(110px, 220px)',
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
    },
    {
      key: 'what',
      title: t('account.what'),
      phone: 'plain',
      width: 'minmax(220px, 1fr)',
      value: ({ text }) => text,
      cell: ({ text }) => (
        <div className="clip" title={text}>
          {text}
        </div>
      ),
    },
    {
      key: 'severity',
      title: t('alarms.severity'),
      width: '110px',
      phone: 'none',
      value: ({ alarm }) => t(`alarms.severe.${alarm.severity}`),
      order: ({ state }) => states.indexOf(state),
      cell: ({ alarm }) => t(`alarms.severe.${alarm.severity}`),
    },
    {
      key: 'raised',
      title: t('alarms.raised'),
      width: '140px',
      value: ({ alarm }) => alarm.raisedAt,
      cell: ({ alarm }) => moment(language, zone, alarm.raisedAt, now),
    },
    ...(withCleared ? [cleared] : []),
    {
      key: 'lasts',
      title: t('alarms.lasts'),
      align: 'right',
      width: '120px',
      phone: 'figure',
      value: ({ alarm }) => Math.round(lastsS(alarm, now)),
      cell: ({ alarm }) => <span className="quiet">{span(t, lastsS(alarm, now))}</span>,
    },
  ];
}

const lastsS = ({ raisedAt, clearedAt }: Alarm, now: Date): number =>
  ((clearedAt ? Date.parse(clearedAt) : now.getTime()) - Date.parse(raisedAt)) / 1000;

/** All projects of whoever looks after several: how each stands now. Money of each is its own and is never added up. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Amount } from '../../parts/figure.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { StateIcon } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { type ProjectOverview, useOverview } from '../../queries.ts';

export default function Projects() {
  const { t } = useTranslation();
  const query = useOverview();
  const rows = query.data?.data;
  const columns = useColumns(query.data?.totals ?? {});
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('projects.title')}</h1>
          <div className="head-line">{t('projects.line')}</div>
        </div>
      </div>
      {query.isError && !rows ? (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Table
          name="projects"
          label={t('projects.title')}
          title={rows && t('projects.count', { count: rows.length })}
          columns={columns}
          rows={rows}
          rowKey={({ projectId }) => projectId}
          empty={<Empty title={t('noProject.title')} text={t('noProject.text')} />}
          file={{ path: '/projects-overview', isOutside: true, rows: rows?.length ?? null }}
          foot={t('projects.foot')}
        />
      )}
    </>
  );
}

type Counted = 'meters' | 'silent' | 'alarms' | 'newAlarms' | 'accounts' | 'arrears' | 'sales';
type Paid = 'owed' | 'held' | 'sold';

function useColumns(totals: Record<string, unknown>): Column<ProjectOverview>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const totalOf = (key: Counted) => {
    const value = totals[key];
    return typeof value === 'number' ? { cell: number(value), value } : undefined;
  };
  const count = (key: Counted): Column<ProjectOverview> => {
    const total = totalOf(key);
    return {
      ...{ key, title: t(`projects.${key}`), align: 'right', width: '82px' },
      value: (row) => row[key],
      cell: (row) => number(row[key]),
      ...(total && { total }),
    };
  };
  const paid = (key: Paid): Column<ProjectOverview> => ({
    ...{ key, title: t(`projects.${key}`), align: 'right', width: '116px' },
    value: (row) => row[key] && `${row[key]} ${row.currency}`,
    // Of one currency that is an order, of several there is none.
    order: (row) => (row[key] === null ? null : Number(row[key])),
    cell: ({ [key]: amount, currency }) => (
      <Amount money={amount === null ? null : { amount, currency }} />
    ),
  });
  return [
    {
      key: 'name',
      title: t('projects.name'),
      width: 'minmax(150px, 1fr)',
      phone: 'title',
      value: (row) => nameOf(language, row),
      total: { cell: t('projects.title'), value: t('projects.title') },
      cell: (row) => (
        <Link
          to="/projects/$projectId"
          params={{ projectId: row.projectId }}
          className="state strong"
          style={{ color: 'inherit' }}
          preload={false}
        >
          <StateIcon state={stateOf(row)} size={13} />
          <span className="clip">{nameOf(language, row)}</span>
        </Link>
      ),
    },
    {
      key: 'group',
      title: t('projects.group'),
      width: 'minmax(90px, 1fr)',
      phone: 'plain',
      value: (row) => groupOf(language, row),
      cell: (row) => <div className="clip second">{groupOf(language, row)}</div>,
    },
    ...(['meters', 'silent', 'alarms'] as const).map(count),
    { ...count('newAlarms'), optional: true },
    ...(['accounts', 'arrears'] as const).map(count),
    ...(['owed', 'held'] as const).map(paid),
    { ...count('sales'), optional: true },
    { ...paid('sold'), phone: 'figure' },
    {
      key: 'balancesAt',
      title: t('projects.balancesAt'),
      width: '130px',
      optional: true,
      value: ({ balancesAt }) => balancesAt,
      cell: ({ balancesAt }) =>
        balancesAt ? moment(language, zone, balancesAt, now) : <span className="quiet">–</span>,
    },
  ];
}

const groupOf = (language: 'en' | 'zh', { groupName, groupNameZh }: ProjectOverview): string =>
  nameOf(language, { name: groupName, nameZh: groupNameZh });

/** In the order of a point's state: contact is lost, alarms that nobody has seen to, all is well. */
function stateOf({ meters, silent, newAlarms }: ProjectOverview) {
  if (meters && silent && silent > meters / 10) return 'lostContact';
  return newAlarms ? 'alarm2' : 'opened';
}
